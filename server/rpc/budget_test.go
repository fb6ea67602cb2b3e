package rpc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"supervisor/server/auth"
	"supervisor/supervise"
)

func TestOnlySoManyRequestsReadLogsAtOnce(t *testing.T) {
	h := New(newWorld())
	read := func() ([]byte, error) { return []byte("x"), nil }
	var settles []func()
	for range readersAtOnce {
		ctx, settle := h.withBudget(t.Context())
		settles = append(settles, settle)
		for range 2 { // a multicall takes one place, however many logs it reads
			if _, err := readLog(ctx, read); err != nil {
				t.Fatal(err)
			}
		}
	}
	waiting, cancel := context.WithCancel(t.Context())
	cancel()
	ctx, settle := h.withBudget(waiting)
	if _, err := readLog(ctx, read); !errors.Is(err, context.Canceled) {
		t.Errorf("one more must wait its turn, and go when its client has gone: %v", err)
	}
	settle()
	settles[0]()
	ctx, settle = h.withBudget(t.Context())
	defer settle()
	if _, err := readLog(ctx, read); err != nil {
		t.Error(err)
	}
}

func TestOneRequestReadsOnlySoMuch(t *testing.T) {
	h := New(newWorld())
	ctx, settle := h.withBudget(t.Context())
	defer settle()
	half := make([]byte, maxLogText/2)
	for n, want := range []bool{true, true, false} {
		if _, err := readLog(ctx, func() ([]byte, error) { return half, nil }); (err == nil) != want {
			t.Errorf("piece %d: %v", n, err)
		}
	}
}

// A thousand calls may each ask for everything; what they get is bounded.
func TestTheAnswersOfAMulticallAreOnlySoLong(t *testing.T) {
	engine := newWorld()
	for n := range 1000 {
		engine.processes = append(engine.processes, supervise.ProcessInfo{ID: 100 + n, Group: "many", Name: fmt.Sprintf("many_%04d", n)})
	}
	h := New(engine)
	calls := make([]any, 100)
	for i := range calls {
		calls[i] = map[string]any{"methodName": "supervisor.getAllProcessInfo"}
	}
	calls[99] = map[string]any{"methodName": "supervisor.signalProcess", "params": []any{"cat", "HUP"}}
	answer := postTo(t, h, auth.Principal{Grant: auth.Full}, callOf(t, "system.multicall", calls)).Body.String()
	if len(answer) > maxAnswers+100<<10 || len(answer) < maxAnswers/2 {
		t.Errorf("the answer has %d bytes", len(answer))
	}
	fault := "FAILED: the answers are more than one multicall may hold"
	if given := strings.Count(answer, "<name>many_0000") + strings.Count(answer, "<string>many_0000<"); given+strings.Count(answer, fault) != 99 || given == 0 || given == 99 {
		t.Errorf("%d lists and %d faults for 99 questions", given, strings.Count(answer, fault))
	}
	if want := "<value><boolean>1</boolean></value>\n" + arrayClose + answerClose; !strings.HasSuffix(answer, want) {
		t.Errorf("a command after it is answered with %s", answer[len(answer)-500:])
	}
	if !slices.Contains(engine.done, "signal cat SIGHUP") {
		t.Errorf("the command was not carried out: %v", engine.done)
	}
}
