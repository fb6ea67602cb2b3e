//go:build compat && linux

package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What a shell completes is run as well: only a line that was completed rightly
// gives the answer that is waited for.
func TestShellsCompleteTheCommandLine(t *testing.T) {
	t.Parallel()
	l, ctl := newTerminalLife(t)
	l.write("supervisord.conf", l.read("s.conf"))
	pid := func(name string) string { return l.pidText(name) + "\r\n" }
	for _, shell := range []struct {
		name  string
		words []string
		load  string
	}{
		{"bash", []string{"--norc", "--noprofile", "-i"}, `eval "$(supervisorctl completion bash)"`},
		{"zsh", []string{"-f", "-i"}, `autoload -U compinit; compinit -u -D; eval "$(supervisorctl completion zsh)"`},
		{"fish", []string{"--no-config", "-i"}, `supervisorctl completion fish | source`},
	} {
		t.Run(shell.name, func(t *testing.T) {
			if _, err := exec.LookPath(shell.name); err != nil {
				t.Fatalf("%s is missing: install the Debian package with: apt-get install %[1]s", shell.name)
			}
			inner := *l
			inner.t = t
			program := exec.Command(shell.name, shell.words...)
			program.Env = []string{"PATH=" + filepath.Dir(ctl) + ":/usr/bin:/bin", "XDG_DATA_HOME=" + l.dir, "XDG_CONFIG_HOME=" + l.dir}
			s := inner.sitAt(200, program)
			s.Types(shell.load + "; echo rea''dy" + keyEnter)
			s.Sees("ready\r\n")
			for _, line := range []struct{ typed, answer string }{
				{"vers\t", "4.2.5\r\n"},
				{"--conf\tsuperv\tvers\t", "4.2.5\r\n"},
				{"-c superv\tpid cha\t", pid("chatty")},
				{"status catal\t", "Not started"},
				{"pid web:web_\t1\t", pid("web:web_1")},
				{"pid chatty we\tweb_0\t", pid("chatty") + l.pidText("web:web_0") + "\r\n"},
				{"signal SIGCON\tchat\t", "chatty: signalled\r\n"},
				{"help maint\t", "Continuous tail of supervisor main log file"},
			} {
				s.Types("supervisorctl " + line.typed + keyEnter)
				s.Sees(line.answer)
			}
			// Nothing to complete, and nobody to ask: silence.
			s.Types("supervisorctl -s unix:///nonexistent pid cha\t; echo sil''ent" + keyEnter)
			s.Sees("silent\r\n")
			if strings.Contains(s.Screen(), "refused") {
				t.Errorf("it is not silent: %q", s.Screen())
			}
			s.Types("exit" + keyEnter)
			s.Leaves(exitGood)
		})
	}
}

// COMP_WORDBREAKS without the colon, as some set it, asks for other answers.
func TestBashCompletesWithAndWithoutColonsBetweenWords(t *testing.T) {
	t.Parallel()
	l, ctl := newTerminalLife(t)
	for breaks, want := range map[string]string{
		"$' \\t\\n=:'": `web_0|\*|web_1|`,
		"$' \\t\\n='":  `web:web_0|web:\*|web:web_1|`,
	} {
		words := `supervisorctl -c ` + l.path("s.conf") + ` start `
		cut := words + `web : `
		if !strings.Contains(breaks, ":") {
			cut = words + `web: `
		}
		script := fmt.Sprintf(`eval "$(supervisorctl completion bash)"
			COMP_WORDBREAKS=%s COMP_LINE='%sweb:' COMP_WORDS=(%s)
			COMP_POINT=${#COMP_LINE} COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
			_supervisorctl; printf '%%s|' "${COMPREPLY[@]}"`, breaks, words, cut)
		bash := exec.Command("bash", "-c", script)
		bash.Env = []string{"PATH=" + filepath.Dir(ctl) + ":/usr/bin:/bin"}
		out, err := bash.CombinedOutput()
		if err != nil || string(out) != want {
			t.Errorf("with COMP_WORDBREAKS=%s: %q, %v, want %q", breaks, out, err, want)
		}
	}
}
