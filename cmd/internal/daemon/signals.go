//go:build unix

package daemon

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"supervisor/supervise"
	"supervisor/supervise/engine"
	"supervisor/supervise/logs"
)

// meanings is what each signal means to supervisord (supervisord.py
// handle_signal). SIGCHLD belongs to the host.
var meanings = map[os.Signal]func(*daemon, *engine.Engine, supervise.Signal){
	syscall.SIGTERM: (*daemon).exitOnSignal,
	syscall.SIGINT:  (*daemon).exitOnSignal,
	syscall.SIGQUIT: (*daemon).exitOnSignal,
	syscall.SIGHUP:  (*daemon).restartOnSignal,
	syscall.SIGUSR2: (*daemon).reopenOnSignal,
}

// deaf are signals that would end a Go program and must not end this one: a log
// larger than the limit on file sizes, a closed standard output. They are caught
// and not ignored, because programs would inherit what is ignored.
var deaf = []os.Signal{syscall.SIGXFSZ, syscall.SIGPIPE}

// listenToSignals obeys signals, one after another, until stop is called. One
// that comes again while it waits to be obeyed counts once.
func (d *daemon) listenToSignals(eng *engine.Engine) (stop func()) {
	signal.Notify(make(chan os.Signal, 1), deaf...)
	signals := make(chan os.Signal, 8)
	for sig := range meanings {
		signal.Notify(signals, sig)
	}
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() { // ended by stop
		defer close(ended)
		for {
			select {
			case sig := <-signals:
				meanings[sig](d, eng, supervise.Signal(sig.(syscall.Signal)))
			case <-quit:
				return
			}
		}
	}()
	return func() {
		close(quit)
		<-ended
		// Between two lives a signal must not kill: it stays caught, and the
		// next life's listener takes over what it registers for.
	}
}

func (d *daemon) exitOnSignal(eng *engine.Engine, sig supervise.Signal) {
	d.say(logs.LevelWarn, "received "+sig.String()+" indicating exit request")
	d.tell(eng.Shutdown(context.Background()))
}

func (d *daemon) restartOnSignal(eng *engine.Engine, sig supervise.Signal) {
	if eng.Mood() == supervise.MoodShutdown {
		d.say(logs.LevelWarn, "ignored "+sig.String()+" indicating restart request (shutdown in progress)")
		return
	}
	d.say(logs.LevelWarn, "received "+sig.String()+" indicating restart request")
	_ = eng.RestartSelf(context.Background()) // the engine logs why it stays
}

func (d *daemon) reopenOnSignal(eng *engine.Engine, sig supervise.Signal) {
	d.say(logs.LevelInfo, "received "+sig.String()+" indicating log reopen request")
	d.tell(d.mainLog.Reopen())
	d.say(logs.LevelInfo, "supervisord logreopen")
	d.tell(eng.ReopenLogs(context.Background()))
}

// tell logs what went wrong with a signal; there is nobody else to hear it.
func (d *daemon) tell(err error) {
	if err != nil {
		d.say(slog.LevelError, err.Error())
	}
}
