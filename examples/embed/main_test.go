//go:build unix

package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kolo/xmlrpc"

	"supervisor/supervise/child"
)

func TestMain(m *testing.M) {
	child.MaybeShim()
	os.Exit(m.Run())
}

func TestClientsFindTheMethodsOfTheProgramBesideThoseOfSupervisord(t *testing.T) {
	dir, err := os.MkdirTemp("", "embed") // of a path that fits a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	conf, err := os.ReadFile("supervisord.conf")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "supervisord.conf")
	if err := os.WriteFile(file, conf, 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, file, slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "embed.sock")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the socket is still there: %v", err)
		}
	})

	client := clientOf(t, filepath.Join(dir, "embed.sock"))
	var state struct {
		Name string `xmlrpc:"statename"`
	}
	until(t, "it answers and cat runs", func() bool {
		return client.Call("supervisor.getProcessInfo", "cat", &state) == nil && state.Name == "RUNNING"
	})
	var methods []string
	if err := client.Call("system.listMethods", nil, &methods); err != nil || !slices.Contains(methods, "visitors.greet") || !slices.Contains(methods, "supervisor.getPID") {
		t.Errorf("%v, %v", methods, err)
	}
	var greeted struct {
		Greeting string `xmlrpc:"greeting"`
		Running  int    `xmlrpc:"running"`
	}
	if err := client.Call("visitors.greet", "hello", &greeted); err != nil || !strings.HasPrefix(greeted.Greeting, "hello, ") || greeted.Running != 1 {
		t.Errorf("%+v, %v", greeted, err)
	}
	if err := client.Call("visitors.greet", 5, &greeted); err == nil || err.Error() != "Fault(42): a greeting is a string" {
		t.Errorf("%v", err)
	}
	var count int
	if err := client.Call("visitors.count", nil, &count); err != nil || count != 1 {
		t.Errorf("%d, %v", count, err)
	}
}

// clientOf is a client of XML-RPC that somebody else has written.
func clientOf(t *testing.T, socket string) *xmlrpc.Client {
	t.Helper()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}
	client, err := xmlrpc.NewClient("http://localhost/RPC2", transport)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(10 * time.Millisecond) { // another program's progress can only be polled
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
