//go:build unix

package child

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

// shimMark, as the only argument, makes this binary the shim. It begins with a
// byte no person types.
const shimMark = "\x01supervisor-shim"

// planFD is where the shim reads what to do.
const planFD = 3

// plan is what the shim is to do, in the order of the original (process.py
// _spawn_as_child): become a user, enter a directory, set the umask, execute.
// Texts are bytes because the system's are, not necessarily UTF-8.
type plan struct {
	User          *Credential `json:",omitempty"`
	Dir           []byte      `json:",omitempty"`
	Umask         int         // -1 leaves it
	IgnoreSigpipe bool
	Path          []byte
	Argv          [][]byte
	Env           [][]byte
	// TellLimit makes the shim print the soft limit of descriptors it was
	// started with, and nothing else.
	TellLimit bool
}

func planOf(spec Spec) plan {
	return plan{
		User:          spec.User,
		Dir:           []byte(spec.Dir),
		Umask:         spec.Umask,
		IgnoreSigpipe: spec.SigpipeIgnored,
		Path:          []byte(spec.Path),
		Argv:          toBytes(spec.Argv),
		Env:           toBytes(spec.Env),
	}
}

func (p plan) encode() []byte {
	text, err := json.Marshal(p)
	if err != nil {
		panic("child: a plan is always JSON: " + err.Error())
	}
	return text
}

// MaybeShim is the first call of every main whose process makes children, and of
// the TestMain of tests that do. In the shim it never returns; elsewhere it does
// nothing.
func MaybeShim() {
	if len(os.Args) != 2 || os.Args[1] != shimMark {
		return
	}
	plan, err := readPlan()
	if err != nil {
		fmt.Fprintf(os.Stderr, "supervisor: %v\n", err)
		giveUp()
	}
	if plan.TellLimit {
		tellLimit()
	}
	plan.follow()
}

// readPlan reads the plan and closes its descriptor, which the program must not
// inherit.
func readPlan() (plan, error) {
	file := os.NewFile(planFD, "plan")
	defer file.Close()
	text, err := io.ReadAll(file)
	if err != nil {
		return plan{}, fmt.Errorf("read the shim's plan: %w", err)
	}
	p := plan{Umask: -1}
	if err := json.Unmarshal(text, &p); err != nil {
		return plan{}, fmt.Errorf("read the shim's plan: %w", err)
	}
	return p, nil
}

// follow becomes the program, or says on stderr what failed, in the original's
// words, and exits.
func (p plan) follow() {
	if p.User != nil {
		if err := p.User.become(); err != nil {
			var refused *privilegeError
			if errors.As(err, &refused) { // setuid itself failing has no line of its own
				complain("couldn't setuid to %d: %s", p.User.UID, refused.text)
			}
			giveUp()
		}
	}
	if len(p.Dir) > 0 {
		if err := syscall.Chdir(string(p.Dir)); err != nil {
			complain("couldn't chdir to %s: %s", p.Dir, ErrnoName(err))
			giveUp()
		}
	}
	if p.Umask >= 0 {
		syscall.Umask(p.Umask)
	}
	if p.IgnoreSigpipe {
		signal.Ignore(syscall.SIGPIPE)
	}
	err := execve(string(p.Path), toStrings(p.Argv), toStrings(p.Env))
	word := string(p.Path)
	if len(p.Argv) > 0 {
		word = string(p.Argv[0])
	}
	complain("couldn't exec %s: %s", word, ErrnoName(err))
	giveUp()
}

// execve replaces the process. syscall.Exec also puts the soft limit of
// descriptors back to what it was before the Go runtime raised it.
func execve(path string, argv, env []string) error {
	if len(argv) == 0 {
		return syscall.EINVAL
	}
	return syscall.Exec(path, argv, env)
}

// complain writes a line to stderr, which is the program's log.
func complain(format string, args ...any) {
	_, _ = os.Stderr.WriteString("supervisor: " + fmt.Sprintf(format, args...) + "\n")
}

// giveUp ends a child whose program could not be executed (process.py
// _spawn_as_child).
func giveUp() {
	complain("child process was not spawned")
	os.Exit(127)
}

// tellLimit prints the soft limit of descriptors. The runtime has raised it
// before any code of ours could look, but puts it back before an exec, and an
// exec of nothing returns.
func tellLimit() {
	_ = syscall.Exec("", []string{""}, nil)
	limit, err := getLimit(syscall.RLIMIT_NOFILE)
	if err != nil {
		os.Exit(1)
	}
	fmt.Print(limit.soft)
	os.Exit(0)
}

// shimPath is a path that executes this very binary. On Linux that is so even
// when its file has been replaced, deleted, or lies where the user supervisord
// runs as cannot go.
func shimPath() (string, error) {
	if runtime.GOOS == "linux" {
		const self = "/proc/self/exe"
		if _, err := os.Stat(self); err == nil {
			return self, nil
		}
	}
	return os.Executable()
}

func toBytes(texts []string) [][]byte {
	list := make([][]byte, len(texts))
	for i, text := range texts {
		list[i] = []byte(text)
	}
	return list
}

func toStrings(list [][]byte) []string {
	texts := make([]string, len(list))
	for i, text := range list {
		texts[i] = string(text)
	}
	return texts
}
