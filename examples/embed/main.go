//go:build unix

// Command embed is a program that has supervisord in it: the engine, which keeps the
// programs of a configuration running, and the server, with the page and XML-RPC, to
// which it adds methods of its own, in Go.
//
//	go run ./examples/embed examples/embed/supervisord.conf
//	supervisorctl -s unix://examples/embed/embed.sock status
//
// What it leaves out is what makes supervisord a daemon: the pidfile, the user to
// become, the log in a file, accounts that are remembered. It ends when it is told
// to by TERM, by Ctrl-C, or by supervisorctl shutdown.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	page "supervisor"
	"supervisor/server"
	"supervisor/server/auth"
	"supervisor/server/rpc"
	"supervisor/supervise"
	"supervisor/supervise/child"
	"supervisor/supervise/config"
	"supervisor/supervise/engine"
)

// stopWithin bounds how long the last answers may take.
const stopWithin = 5 * time.Second

func main() {
	child.MaybeShim() // a program with umask= is started by this binary, in another role
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: embed CONFIGURATION")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1], slog.Default())
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "embed:", err)
		os.Exit(1)
	}
}

// run supervises what a configuration names until ctx is done and all of it has been
// stopped, and begins anew whenever somebody asks for that.
func run(ctx context.Context, file string, log *slog.Logger) error {
	load := func() (*config.Config, error) {
		return config.Load(file, config.Options{Environ: os.Environ(), Users: users{child.NewUsers(nil)}})
	}
	conf, err := load()
	for err == nil {
		var outcome engine.Outcome
		outcome, err = life(ctx, conf, load, log)
		if !outcome.Restart || ctx.Err() != nil {
			return err
		}
		conf = outcome.Config
	}
	return err
}

// life is one run of the engine, with the server in front of it.
func life(ctx context.Context, conf *config.Config, load func() (*config.Config, error), log *slog.Logger) (outcome engine.Outcome, err error) {
	doors, err := server.New(server.Options{Endpoints: endpoints(conf), Accounts: conf.Accounts})
	if err != nil {
		return outcome, err
	}
	if err := doors.Listen(); err != nil {
		return outcome, err
	}
	defer func() { err = errors.Join(err, within(doors.Stop)) }()

	reports, deaf := make(chan child.Report, 1024), make(chan struct{})
	host, err := child.New(child.Options{Reports: reports, Done: deaf})
	if err != nil {
		return outcome, err
	}
	defer func() { close(deaf); err = errors.Join(err, within(host.Close)) }()

	eng, err := engine.New(engine.Options{
		Config: conf, Load: load, Host: host, Reports: reports, Log: log,
		Environ: os.Environ(), ServerURL: conf.ServerURL(), Credential: users{child.NewUsers(host.Output)}.credential,
		Identity: supervise.Identity{
			Identifier: conf.Supervisord.Identifier, Version: "embedded", PID: os.Getpid(), ConfigFile: conf.File, Started: time.Now(),
		},
	})
	if err != nil {
		return outcome, err
	}
	defer eng.Close()
	if err := doors.Start(server.House{
		Engine: eng, Static: page.WebUI(), Logger: log,
		Namespaces: []string{"supervisor"},
		Plugins:    []rpc.Plugin{{Name: "visitors", Role: supervise.Viewer, Namespace: visitors(eng)}},
	}); err != nil {
		return outcome, err
	}
	// Done with ctx: all programs are stopped, and Run returns.
	unhook := context.AfterFunc(ctx, func() {
		if err := eng.Shutdown(context.WithoutCancel(ctx)); err != nil {
			log.Error("shut down", "err", err)
		}
	})
	defer unhook()
	return eng.Run(context.WithoutCancel(ctx))
}

// visitors are methods of this program's own. They see the engine, and who asks.
func visitors(eng *engine.Engine) rpc.Namespace {
	var count atomic.Int64
	return rpc.Functions{
		"count": {
			Description: rpc.Description{Help: "Counts the calls of visitors.greet.", Signature: []string{"int"}},
			Run:         func(context.Context, []any) (any, error) { return int(count.Load()), nil },
		},
		"greet": {
			Description: rpc.Description{Help: "Greets whoever asks, and says how many programs run.", Signature: []string{"struct", "string"}},
			Run: func(ctx context.Context, args []any) (any, error) {
				word, is := args[0].(string)
				if !is {
					return nil, rpc.Fault{Code: 42, Text: "a greeting is a string"}
				}
				snapshot, err := eng.Snapshot(ctx)
				if err != nil {
					return nil, err
				}
				running := 0
				for _, p := range snapshot.Processes {
					if p.State == supervise.StateRunning {
						running++
					}
				}
				count.Add(1)
				return map[string]any{"greeting": word + ", " + nameOf(auth.From(ctx)), "running": running}, nil
			},
		},
	}
}

func nameOf(who auth.Principal) string {
	if who.Name == "" {
		return "stranger"
	}
	return who.Name
}

// endpoints are the listeners of the configuration, as far as this program has them.
func endpoints(conf *config.Config) []server.Endpoint {
	var all []server.Endpoint
	for _, s := range conf.HTTPServers {
		all = append(all, server.Endpoint{
			Section: s.Section, Unix: s.Unix, Path: s.Path, Mode: s.Chmod, UID: -1, GID: -1, Host: s.Host, Port: s.Port,
			HasAuth: s.HasAuth, Username: s.Username, Password: s.Password, File: s.File, Line: s.Line,
		})
	}
	return all
}

func within(end func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	return end(ctx)
}

// users tells the configuration who is who on this system.
type users struct{ *child.Users }

func (u users) User(nameOrID string) (config.User, error) {
	user, err := u.Users.User(nameOrID)
	return config.User(user), err
}

// credential is what it takes to become the user of a program.
func (u users) credential(user config.User) (*child.Credential, error) {
	credential, err := u.Users.Credential(strconv.Itoa(user.UID))
	if err != nil {
		return nil, err
	}
	return &credential, nil
}
