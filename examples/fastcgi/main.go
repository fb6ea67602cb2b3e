//go:build unix

// Command fastcgi is a program for an [fcgi-program:x]: a web server hands it
// requests over the socket that it gets from supervisord as descriptor 0 and
// shares with its siblings. docs/fastcgi.md tells how to set it up.
//
// It shows what makes restarts unnoticeable: told to stop, it takes no more
// connections, which are then taken by its siblings or wait for its successor,
// and ends when it has answered those it has.
package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/fcgi"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "fastcgi:", err)
		os.Exit(1)
	}
}

func serve() error {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	listener, err := net.FileListener(os.Stdin)
	if err != nil {
		return fmt.Errorf("listen on descriptor 0, the socket of an [fcgi-program:x]: %w", err)
	}
	d := &door{Listener: listener}
	go func() { // until it is told to stop
		<-stop
		d.Close()
	}()
	fmt.Println("ready")
	if err := fcgi.Serve(d, http.HandlerFunc(answer)); !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("take connections: %w", err)
	}
	d.inside.Wait()
	return nil
}

// answer tells which process it is. "?wait=20ms" has it take that long.
func answer(w http.ResponseWriter, r *http.Request) {
	if text := r.FormValue("wait"); text != "" {
		wait, err := time.ParseDuration(text)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		time.Sleep(wait)
	}
	fmt.Fprintln(w, os.Getenv("SUPERVISOR_PROCESS_NAME"), os.Getpid())
}

// door is a listener that knows which connections it has let in.
type door struct {
	net.Listener
	inside sync.WaitGroup
}

func (d *door) Accept() (net.Conn, error) {
	conn, err := d.Listener.Accept()
	if err != nil {
		return nil, err
	}
	d.inside.Add(1)
	return &guest{conn, sync.OnceFunc(d.inside.Done)}, nil
}

// guest is a connection that says when it leaves.
type guest struct {
	net.Conn
	leave func()
}

func (g *guest) Close() error {
	defer g.leave()
	return g.Conn.Close()
}
