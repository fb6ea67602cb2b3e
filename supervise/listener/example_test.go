package listener_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"

	"supervisor/supervise"
	"supervisor/supervise/listener"
)

// A whole listener: it tells somebody when a program has been given up.
//
//	[eventlistener:night-watch]
//	command=/usr/local/bin/night-watch
//	events=PROCESS_STATE_FATAL
func ExampleRun() {
	err := listener.Run(context.Background(), func(_ context.Context, event listener.Event) error {
		if move, ok := event.Details().(supervise.StateEvent); ok {
			return wakeSomebody(move.Name.String() + " has been given up")
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
}

// A listener without supervisord: what supervisord would write is in a string.
// This is also a way to test a whole listener.
func ExampleRunWith() {
	payload := "processname:web groupname:shop from_state:RUNNING expected:0 pid:4711"
	stdin := "ver:3.0 server:supervisor serial:21 pool:night-watch poolserial:3 eventname:PROCESS_STATE_EXITED " +
		fmt.Sprintf("len:%d\n%s", len(payload), payload)

	o := listener.Options{In: strings.NewReader(stdin), Out: os.Stdout}
	err := listener.RunWith(context.Background(), o, func(_ context.Context, event listener.Event) error {
		move := event.Details().(supervise.StateEvent)
		fmt.Printf("(%s, pid %d, came from %s; expected: %v)\n", move.Name, move.PID, move.From, move.Expected)
		return nil
	})
	fmt.Println("\nthe end:", err)
	// Output:
	// READY
	// (shop:web, pid 4711, came from RUNNING; expected: false)
	// RESULT 2
	// OKREADY
	//
	// the end: <nil>
}

// A handler is tested with an Event that the test writes down.
func ExampleEvent_Details() {
	for _, event := range []listener.Event{
		{Type: "TICK_60", Payload: "when:1795357620"},
		{Type: "PROCESS_LOG_STDERR", Payload: "processname:web groupname:web pid:4711 channel:stderr\ndisk full\n"},
		{Type: "REMOTE_COMMUNICATION", Payload: "type:deploy\nversion 7"},
	} {
		switch what := event.Details().(type) {
		case supervise.TickEvent:
			fmt.Println("it is", what.When.UTC().Format("15:04"))
		case supervise.LogEvent:
			fmt.Printf("%s wrote to %s: %s", what.Name, what.Channel, what.Data)
		case supervise.RemoteEvent:
			fmt.Printf("somebody sent %q: %q\n", what.Kind, what.Data)
		}
	}
	// Output:
	// it is 14:27
	// web wrote to stderr: disk full
	// somebody sent "deploy": "version 7"
}

func wakeSomebody(why string) error {
	fmt.Fprintln(os.Stderr, why)
	return nil
}
