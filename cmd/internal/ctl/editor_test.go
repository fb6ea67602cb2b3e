package ctl

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// paper is a terminal without a kernel.
type paper struct{ columns, raws, restores, suspends int }

func (p *paper) raw() (func(), error)                { p.raws++; return func() { p.restores++ }, nil }
func (p *paper) width() int                          { return p.columns }
func (p *paper) changes() (<-chan os.Signal, func()) { return nil, func() {} }
func (p *paper) suspend()                            { p.suspends++ }

func newEditor(keys string, past ...string) (*editor, *paper, *strings.Builder) {
	term, screen := &paper{columns: 40}, &strings.Builder{}
	e := &editor{
		in: newInput(strings.NewReader(keys)), out: newPrinter(screen), term: term,
		history: &history{lines: past},
		complete: func(_ context.Context, _, word string) []string {
			words := []string{"start ", "status ", "stop ", "g:a ", "g:* ", "multi:one-1 "}
			return slices.DeleteFunc(words, func(w string) bool { return !strings.HasPrefix(w, word) })
		},
	}
	return e, term, screen
}

const (
	up, down, right, left = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"
	home, end, del        = "\x1b[H", "\x1b[F", "\x1b[3~"
	backspace, enter      = "\x7f", "\r"
)

func TestKeysEditTheLine(t *testing.T) {
	for _, test := range []struct{ name, keys, want string }{
		{"typing", "status", "status"},
		{"newline ends as return does", "status\nmore", "status"},
		{"umlauts", "zwölf 日本", "zwölf 日本"},
		{"backspace", "statut" + backspace + "s", "status"},
		{"backspace over an umlaut", "ö" + backspace + "o", "o"},
		{"backspace at the start", backspace + "x", "x"},
		{"left and insert", "sttus" + left + left + left + "a", "status"},
		{"left beyond the start", "x" + left + left + left + "y", "yx"},
		{"right beyond the end", "x" + right + right + "y", "xy"},
		{"home and end", "tatu" + home + "s" + end + "s", "status"},
		{"old home and end", "tatu\x1b[1~s\x1b[4~s", "status"},
		{"application home and end", "tatu\x1bOHs\x1bOFs", "status"},
		{"delete", "sstatus" + home + del, "status"},
		{"delete at the end", "status" + del, "status"},
		{"ctrl-a ctrl-e", "tatu\x01s\x05s", "status"},
		{"ctrl-b ctrl-f", "sttus\x02\x02\x02a\x06\x06\x06!", "status!"},
		{"ctrl-k", "status all" + home + "\x06\x06\x0b", "st"},
		{"ctrl-u", "junk \x15status", "status"},
		{"ctrl-w", "status all\x17cat", "status cat"},
		{"ctrl-w over blanks", "status all   \x17cat", "status cat"},
		{"ctrl-y brings back", "one two\x17\x19\x19", "one twotwo"},
		{"ctrl-d deletes", "xstatus" + home + "\x04", "status"},
		{"alt-b alt-f", "start cat\x1bb\x1bbre\x1bf!", "restart! cat"},
		{"ctrl-arrows", "start cat\x1b[1;5D\x1b[1;5Dre\x1b[1;5C!", "restart! cat"},
		{"unknown keys do nothing", "sta\x1b[15~tus\x1bx\x06\x1c", "status"},
		{"history", up, "third"},
		{"older history", up + up + up + up, "first"},
		{"history and back", "draft" + up + up + down + down, "draft"},
		{"history with ctrl-p ctrl-n", "\x10\x10\x0e", "third"},
		{"history is edited in a copy", up + "!" + up + down, "third"},
		{"search", "\x12con", "second"},
		{"search narrows", "\x12fir", "first"},
		{"search goes on to older lines", "\x12ir\x12", "first"},
		{"search and edit", "\x12sec\x05!", "second!"},
		{"search given up", "draft\x12sec\x07", "draft"},
		{"search that finds nothing", "draft\x12zzz", "draft"},
		{"search less", "\x12firx" + backspace, "first"},
		{"tab completes", "stat\t", "status "},
		{"tab completes the common part", "s\tart\t", "start "},
		{"tab keeps colons stars and dashes in the word", "start m\t", "start multi:one-1 "},
		{"tab in the middle", "start x" + left + "g:a\t", "start g:a x"},
		{"tab with nothing to add", "zzz\t", "zzz"},
	} {
		t.Run(test.name, func(t *testing.T) {
			e, term, _ := newEditor(test.keys+enter, "first", "second", "third")
			got, err := e.readLine(t.Context(), "> ")
			if err != nil || got != test.want {
				t.Errorf("readLine = %q, %v, want %q", got, err, test.want)
			}
			if term.raws != 1 || term.restores != 1 {
				t.Errorf("made raw %d times, restored %d times", term.raws, term.restores)
			}
		})
	}
}

func TestEndsOfTheEditor(t *testing.T) {
	for _, test := range []struct {
		name, keys string
		want       error
	}{
		{"ctrl-d on an empty line", "\x04", io.EOF},
		{"ctrl-c", "status\x03", context.Canceled},
		{"hang-up", "stat", io.EOF},
		{"hang-up in a character", "\xc3", io.EOF},
		{"hang-up in a key", "\x1b[", io.EOF},
	} {
		e, term, _ := newEditor(test.keys)
		if got, err := e.readLine(t.Context(), "> "); err != test.want {
			t.Errorf("%s: readLine = %q, %v, want %v", test.name, got, err, test.want)
		}
		if term.restores != 1 {
			t.Errorf("%s: the terminal stays raw", test.name)
		}
	}
}

func TestSuspendedEditorGoesOnWhereItWas(t *testing.T) {
	e, term, _ := newEditor("sta\x1atus" + enter)
	got, err := e.readLine(t.Context(), "> ")
	if err != nil || got != "status" || term.suspends != 1 || term.raws != 2 {
		t.Errorf("readLine = %q, %v with %+v", got, err, *term)
	}
}

func TestSecondTabListsWhatThereIs(t *testing.T) {
	e, _, screen := newEditor("g:\t\t" + enter)
	if got, err := e.readLine(t.Context(), "> "); err != nil || got != "g:" {
		t.Fatalf("readLine = %q, %v", got, err)
	}
	e.out.Flush()
	if printed := screen.String(); !strings.Contains(printed, "\ng:*  g:a\n") || strings.Count(printed, "\a") != 1 {
		t.Errorf("printed %q", printed)
	}
}

func TestLongLineIsShownAroundTheCursor(t *testing.T) {
	e, _, screen := newEditor(strings.Repeat("x", 60) + "END" + home + "BEGIN" + enter)
	if _, err := e.readLine(t.Context(), "prompt> "); err != nil {
		t.Fatal(err)
	}
	e.out.Flush()
	column := 0
	for _, r := range strings.TrimRight(screen.String(), "\n") {
		switch r {
		case '\b':
			column--
		default:
			column++
		}
		if column < 0 || column > 40 {
			t.Fatalf("column %d on a screen of 40: %q", column, screen)
		}
	}
}

func TestHistorySkipsRepeatsAndOutlivesTheShell(t *testing.T) {
	file := filepath.Join(t.TempDir(), "history")
	if err := os.WriteFile(file, []byte("old\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	past := loadHistory(file)
	for _, line := range []string{"old", "status", "status", "", "start cat"} {
		past.add(line)
	}
	past.save(file)
	want := []string{"old", "status", "start cat"}
	if got := loadHistory(file).lines; !slices.Equal(got, want) {
		t.Errorf("history is %q, want %q", got, want)
	}
	if got := loadHistory(filepath.Join(t.TempDir(), "none")).lines; got != nil {
		t.Errorf("a file that is missing gives %q", got)
	}
}

func FuzzEditorTakesAnyKeys(f *testing.F) {
	f.Add("status\r")
	f.Add("\x1b[A\t\t\x17\x19\x04\r")
	f.Fuzz(func(t *testing.T, keys string) {
		e, term, _ := newEditor(keys, "first", "zwölf")
		defer e.in.close()
		for {
			if _, err := e.readLine(t.Context(), "> "); err != nil {
				break
			}
		}
		if term.raws < term.restores || term.restores == 0 {
			t.Errorf("made raw %d times, restored %d times", term.raws, term.restores)
		}
	})
}

func TestWhatIsTypedComesBackOnce(t *testing.T) {
	for _, test := range []struct{ name, keys, want string }{
		{"typing", "pid" + enter, "> pid\n"},
		{"backspace", "pix" + backspace + "d" + enter, "> pix\b \bd\n"},
		{"insert", "pd" + left + "i" + enter, "> pd\bid\bd\n"},
		{"wide characters", "日本" + left + "x" + enter, "> 日本\b\bx本\b\b本\n"},
		{"history", up + up + enter, "> third\b\b\b\b\bsecond\n"},
		{"a line that becomes shorter", "third" + down + up + up + up + enter, "> third\b\b\b\b\bsecond\b\b\b\b\b\bfirst \b\n"},
	} {
		e, _, screen := newEditor(test.keys, "first", "second", "third")
		if _, err := e.readLine(t.Context(), "> "); err != nil {
			t.Fatal(err)
		}
		if got := screen.String(); got != test.want {
			t.Errorf("%s: wrote %q, want %q", test.name, got, test.want)
		}
	}
}
