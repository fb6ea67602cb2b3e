package ctl

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

// errWake says that a signal, not a key, ended the wait for one.
var errWake = errors.New("woken by a signal")

// editor reads lines from a terminal that a person edits, recalls and completes.
// The keys are those that hands know from readline.
type editor struct {
	in       *input
	out      *printer
	term     terminal
	history  *history
	complete func(ctx context.Context, line, word string) []string

	// The line being edited.
	prompt string
	text   []rune
	cursor int

	// Where in the history: len(lines) is the line being typed, kept in draft
	// while another one is looked at.
	place int
	draft []rune

	// killed is what Ctrl-K, Ctrl-U or Ctrl-W took, for Ctrl-Y.
	killed []rune

	// tabbed says that the last key was a Tab that could not decide.
	tabbed bool

	// What the row shows, so that a key costs only what it changes.
	row
}

// row is one row of the terminal: a part of the line behind a prompt.
type row struct {
	state  rowState
	shown  []rune // behind the prompt
	cursor int    // in shown
}

type rowState int

const (
	rowEmpty rowState = iota // the cursor stands at the start of an empty row
	rowStale                 // somebody else may have written into it
	rowDrawn
)

// key is one press: a character, a control character, or one of the names below.
type key rune

// Keys that arrive as several bytes get numbers no character has.
const (
	keyUp key = utf8.MaxRune + 1 + iota
	keyDown
	keyLeft
	keyRight
	keyHome
	keyEnd
	keyDelete
	keyWordLeft
	keyWordRight
	keyUnknown
)

func ctrl(letter rune) key { return key(letter & 0x1f) }

const (
	keyEscape    key = 0x1b
	keyBackspace key = 0x7f
)

// readLine reads one line. Ctrl-C is context.Canceled, Ctrl-D on an empty line
// io.EOF. The terminal is raw only while it runs, so that commands find it as
// the person had it.
func (e *editor) readLine(ctx context.Context, prompt string) (string, error) {
	restore, err := e.term.raw()
	if err != nil {
		return "", err
	}
	defer restore()
	wake, stop := e.term.changes()
	defer stop()

	e.begin(prompt)
	e.draw()
	for {
		k, err := e.readKey(ctx, wake)
		if err == nil && k == ctrl('R') {
			k, err = e.search(ctx, wake)
		}
		switch {
		case errors.Is(err, errWake):
			e.row.state = rowStale
			// After a stop the shell has brought back its own mode. The one to
			// restore at the end is still the one found first.
			if _, err := e.term.raw(); err != nil {
				return "", err
			}
		case err != nil:
			return "", err
		case k == ctrl('M') || k == ctrl('J'):
			return e.accept(), nil
		case k == ctrl('C'):
			return "", context.Canceled
		case k == ctrl('D') && len(e.text) == 0:
			return "", io.EOF
		case k == ctrl('Z'):
			restore()
			e.term.suspend()
			e.row.state = rowStale
			if _, err := e.term.raw(); err != nil {
				return "", err
			}
		default:
			e.press(ctx, k)
		}
		e.draw()
	}
}

func (e *editor) begin(prompt string) {
	e.prompt, e.text, e.cursor, e.tabbed = prompt, nil, 0, false
	e.row = row{}
	e.place, e.draft = len(e.history.lines), nil
}

// accept ends the line where it is seen to end, and remembers it.
func (e *editor) accept() string {
	e.cursor = len(e.text)
	e.draw()
	e.out.Line("")
	e.out.Flush()
	line := string(e.text)
	e.history.add(line)
	return line
}

// press does what a key means.
func (e *editor) press(ctx context.Context, k key) {
	undecided := e.tabbed
	e.tabbed = false
	switch k {
	case ctrl('I'):
		e.tab(ctx, undecided)
	case ctrl('A'), keyHome:
		e.cursor = 0
	case ctrl('E'), keyEnd:
		e.cursor = len(e.text)
	case ctrl('B'), keyLeft:
		e.cursor = max(e.cursor-1, 0)
	case ctrl('F'), keyRight:
		e.cursor = min(e.cursor+1, len(e.text))
	case keyWordLeft:
		e.cursor = e.wordLeft()
	case keyWordRight:
		e.cursor = e.wordRight()
	case keyBackspace, ctrl('H'):
		e.cut(max(e.cursor-1, 0), e.cursor)
	case keyDelete, ctrl('D'):
		e.cut(e.cursor, min(e.cursor+1, len(e.text)))
	case ctrl('K'):
		e.kill(e.cursor, len(e.text))
	case ctrl('U'):
		e.kill(0, e.cursor)
	case ctrl('W'):
		e.kill(e.wordLeft(), e.cursor)
	case ctrl('Y'):
		e.insert(e.killed)
	case ctrl('P'), keyUp:
		e.recall(e.place - 1)
	case ctrl('N'), keyDown:
		e.recall(e.place + 1)
	case ctrl('L'):
		e.out.Text("\x1b[H\x1b[2J")
		e.row = row{}
	default:
		if k >= ' ' && k <= utf8.MaxRune {
			e.insert([]rune{rune(k)})
		}
	}
}

func (e *editor) insert(text []rune) {
	e.text = slices.Insert(e.text, e.cursor, text...)
	e.cursor += len(text)
}

func (e *editor) cut(from, to int) {
	e.text = slices.Delete(e.text, from, to)
	e.cursor = from
}

// kill is a cut that Ctrl-Y can bring back.
func (e *editor) kill(from, to int) {
	e.killed = slices.Clone(e.text[from:to])
	e.cut(from, to)
}

func (e *editor) wordLeft() int {
	i := e.cursor
	for i > 0 && e.text[i-1] == ' ' {
		i--
	}
	for i > 0 && e.text[i-1] != ' ' {
		i--
	}
	return i
}

func (e *editor) wordRight() int {
	i := e.cursor
	for i < len(e.text) && e.text[i] == ' ' {
		i++
	}
	for i < len(e.text) && e.text[i] != ' ' {
		i++
	}
	return i
}

// recall shows another line of the history. The one being typed waits at its end.
func (e *editor) recall(place int) {
	if place < 0 || place > len(e.history.lines) {
		return
	}
	if e.place == len(e.history.lines) {
		e.draft = e.text
	}
	e.place = place
	if place == len(e.history.lines) {
		e.text = e.draft
	} else {
		e.text = []rune(e.history.lines[place])
	}
	e.cursor = len(e.text)
}

// wordBreaks end a word that is completed: readline's, without the characters
// that process names are made of (supervisorctl.py exec_cmdloop).
const wordBreaks = " \t\n`~!@#$%^&()=+[{]}\\|;'\",<>/?"

// tab completes the word before the cursor as far as there is one way to. When
// there are several, a second Tab lists them.
func (e *editor) tab(ctx context.Context, undecided bool) {
	before := string(e.text[:e.cursor])
	word := before[strings.LastIndexAny(before, wordBreaks)+1:]
	matches := e.complete(ctx, before, word)
	if len(matches) == 0 {
		e.out.Text("\a")
		return
	}
	common := commonPrefix(matches)
	if len(common) > len(word) {
		e.insert([]rune(common[len(word):]))
		return
	}
	if undecided {
		e.list(matches)
		return
	}
	e.tabbed = true
	e.out.Text("\a")
}

// list prints what a word may become, below the line.
func (e *editor) list(matches []string) {
	names := make([]string, len(matches))
	for i, match := range matches {
		names[i] = strings.TrimRight(match, " ")
	}
	slices.Sort(names)
	e.out.Line("")
	for _, row := range columns(slices.Compact(names), e.term.width()-1) {
		e.out.Line(row)
	}
	e.row = row{}
}

func commonPrefix(words []string) string {
	prefix := words[0]
	for _, word := range words[1:] {
		for !strings.HasPrefix(word, prefix) {
			_, size := utf8.DecodeLastRuneInString(prefix)
			prefix = prefix[:len(prefix)-size]
		}
	}
	return prefix
}

// draw brings the row up to date: the prompt, and as much of the text around the
// cursor as fits. It writes only what differs, as readline does: programs that
// drive this shell see what they typed come back once, and then the answer.
func (e *editor) draw() {
	room := max(e.term.width()-textWidth([]rune(e.prompt))-1, 8)
	from := 0
	for textWidth(e.text[from:e.cursor]) > room {
		from++
	}
	to := e.cursor
	for to < len(e.text) && textWidth(e.text[from:to+1]) <= room {
		to++
	}
	visible := row{rowDrawn, slices.Clone(e.text[from:to]), e.cursor - from}
	switch e.row.state {
	case rowEmpty:
		e.out.Text(e.prompt + string(visible.shown) + back(visible.shown[visible.cursor:]))
	case rowStale:
		e.out.Text("\r" + e.prompt + string(visible.shown) + "\x1b[K" + back(visible.shown[visible.cursor:]))
	case rowDrawn:
		e.out.Text(e.row.into(visible))
	}
	e.row = visible
	e.out.Flush()
}

// into is what turns one drawn row into another: up to the first difference by
// going back or writing again, then the rest anew, blanks over what is too much,
// and back to the cursor. There is no escape sequence in it, so that it holds on
// any terminal.
func (r row) into(next row) string {
	same := 0
	for same < min(len(r.shown), len(next.shown)) && r.shown[same] == next.shown[same] {
		same++
	}
	if len(r.shown) == same && len(next.shown) == same {
		return r.to(next.cursor)
	}
	var b strings.Builder
	b.WriteString(r.to(same))
	b.WriteString(string(next.shown[same:]))
	extra := max(textWidth(r.shown[same:])-textWidth(next.shown[same:]), 0)
	b.WriteString(strings.Repeat(" ", extra) + strings.Repeat("\b", extra))
	b.WriteString(back(next.shown[next.cursor:]))
	return b.String()
}

// to moves the cursor within what is shown.
func (r row) to(cursor int) string {
	if cursor < r.cursor {
		return back(r.shown[cursor:r.cursor])
	}
	return string(r.shown[r.cursor:cursor])
}

// back moves the cursor to before a text that has just been written.
func back(text []rune) string { return strings.Repeat("\b", textWidth(text)) }

// search looks backward through the history for what is typed, as readline's
// Ctrl-R does, and gives the key that ended it: Return runs the line found, any
// other key edits it. Ctrl-G brings back the line that was being typed.
func (e *editor) search(ctx context.Context, wake <-chan os.Signal) (key, error) {
	prompt, text, cursor := e.prompt, e.text, e.cursor
	defer func() { e.prompt, e.row.state = prompt, rowStale }()
	var wanted []rune
	at := len(e.history.lines)
	for {
		e.prompt, e.row.state = "(reverse-i-search)`"+string(wanted)+"': ", rowStale
		e.draw()
		k, err := e.readKey(ctx, wake)
		before := at + 1 // the line found may still do
		switch {
		case err != nil:
			return 0, err
		case k == ctrl('R'):
			before = at
		case k == ctrl('G'):
			e.text, e.cursor = text, cursor
			return keyUnknown, nil
		case k == keyBackspace || k == ctrl('H'):
			wanted, before = wanted[:max(len(wanted)-1, 0)], len(e.history.lines)
		case k >= ' ' && k <= utf8.MaxRune:
			wanted = append(wanted, rune(k))
		default:
			return k, nil
		}
		if found := e.history.findBackward(string(wanted), before); found >= 0 {
			at = found
			e.text = []rune(e.history.lines[at])
			e.cursor = len(e.text)
			continue
		}
		e.out.Text("\a")
	}
}

// textWidth is how many columns a text takes.
func textWidth(text []rune) int {
	width := 0
	for _, r := range text {
		width += runeWidth(r)
	}
	return width
}

// wide are the blocks whose characters take two columns, and combining those
// whose characters take none.
var (
	wide = [][2]rune{{0x1100, 0x115f}, {0x2e80, 0x303e}, {0x3041, 0xa4cf}, {0xac00, 0xd7a3},
		{0xf900, 0xfaff}, {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6},
		{0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}}
	combining = [][2]rune{{0x0300, 0x036f}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},
		{0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}}
)

func runeWidth(r rune) int {
	within := func(block [2]rune) bool { return block[0] <= r && r <= block[1] }
	switch {
	case slices.ContainsFunc(combining, within):
		return 0
	case slices.ContainsFunc(wide, within):
		return 2
	}
	return 1
}

// readKey reads one key: a character of UTF-8, or what a terminal sends for the
// keys that are none.
func (e *editor) readKey(ctx context.Context, wake <-chan os.Signal) (key, error) {
	b, err := e.in.readByte(ctx, wake)
	if err != nil {
		return 0, err
	}
	if key(b) == keyEscape {
		return e.readEscape(ctx)
	}
	encoded := []byte{b}
	for !utf8.FullRune(encoded) {
		if b, err = e.in.readByte(ctx, nil); err != nil {
			return 0, err
		}
		encoded = append(encoded, b)
	}
	r, _ := utf8.DecodeRune(encoded)
	return key(r), nil
}

// readEscape reads what follows ESC: "[" or "O", then parameters, then the letter
// that names the key; or, for Alt, a character.
func (e *editor) readEscape(ctx context.Context) (key, error) {
	b, err := e.in.readByte(ctx, nil)
	if err != nil {
		return 0, err
	}
	switch b {
	case 'b':
		return keyWordLeft, nil
	case 'f':
		return keyWordRight, nil
	case '[', 'O':
	default:
		return keyUnknown, nil
	}
	var parameters []byte
	for {
		if b, err = e.in.readByte(ctx, nil); err != nil {
			return 0, err
		}
		if b >= 0x40 && b <= 0x7e {
			return escapeKey(b, string(parameters)), nil
		}
		parameters = append(parameters, b)
	}
}

func escapeKey(final byte, parameters string) key {
	held := strings.HasSuffix(parameters, ";5") || strings.HasSuffix(parameters, ";3") // Ctrl or Alt
	switch final {
	case 'A':
		return keyUp
	case 'B':
		return keyDown
	case 'C':
		if held {
			return keyWordRight
		}
		return keyRight
	case 'D':
		if held {
			return keyWordLeft
		}
		return keyLeft
	case 'H':
		return keyHome
	case 'F':
		return keyEnd
	case '~':
		return tildeKey(parameters)
	}
	return keyUnknown
}

func tildeKey(parameters string) key {
	switch parameters {
	case "1", "7":
		return keyHome
	case "4", "8":
		return keyEnd
	case "3":
		return keyDelete
	}
	return keyUnknown
}
