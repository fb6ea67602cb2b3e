package live

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"supervisor/server/wire"
	"supervisor/supervise"
)

// pane is a log as a browser keeps it: bytes, and what was said about them.
type pane struct {
	b     *browser
	id    int
	off   int64
	text  strings.Builder
	gaps  []wire.Gap
	marks []wire.Mark
	opens int
	inner bool // the last line is open
}

// follow subscribes to the log of web:api.
func (b *browser) follow(id int, from *wire.From) *pane {
	b.t.Helper()
	b.say(wire.Sub{ID: id, Topic: wire.TopicLog, Proc: "web:api", Ch: "stdout", From: from})
	expect[wire.OK](b)
	return &pane{b: b, id: id, off: -1}
}

// until reads frames until the pane has reached end, acknowledging each.
func (p *pane) until(end int64) {
	p.b.t.Helper()
	for p.off < end {
		p.read()
	}
}

func (p *pane) read() {
	t := p.b.t
	t.Helper()
	kind, text := p.b.hear()
	switch kind {
	case "log":
		var f wire.Log
		if err := json.Unmarshal(text, &f); err != nil {
			t.Fatal(err)
		}
		p.lines(f, len(text))
		p.b.say(wire.Ack{ID: p.id, Off: p.off})
	case "gap":
		var g wire.Gap
		if err := json.Unmarshal(text, &g); err != nil {
			t.Fatal(err)
		}
		if g.To <= g.From || p.off >= 0 && g.From != p.off {
			t.Fatalf("at %d came %s", p.off, text)
		}
		p.gaps, p.off, p.inner = append(p.gaps, g), g.To, false
	case "mark":
		var m wire.Mark
		if err := json.Unmarshal(text, &m); err != nil {
			t.Fatal(err)
		}
		p.marks = append(p.marks, m)
	default:
		t.Fatalf("unexpected %s", text)
	}
}

func (p *pane) lines(f wire.Log, size int) {
	t := p.b.t
	t.Helper()
	if p.off >= 0 && f.Off != p.off {
		t.Fatalf("a frame at %d, expected at %d", f.Off, p.off)
	}
	if p.off >= 0 && f.Cont != p.inner {
		t.Fatalf("cont %v, but the line before was open: %v", f.Cont, p.inner)
	}
	text := strings.Join(f.Lines, "\n")
	if !f.Open {
		text += "\n"
	} else {
		p.opens++
	}
	if int64(len(text)) != f.End-f.Off || f.Epoch != fakeEpoch || len(f.Lines) == 0 {
		t.Fatalf("%d bytes from %d to %d", len(text), f.Off, f.End)
	}
	if size > 256<<10 {
		t.Fatalf("a frame of %d bytes", size)
	}
	p.text.WriteString(text)
	p.off, p.inner = f.End, f.Open
}

func off(n int64) *wire.From  { return &wire.From{Epoch: fakeEpoch, Off: &n} }
func tail(n int64) *wire.From { return &wire.From{Tail: &n} }

func TestALogIsFollowedFromTheStartOfALine(t *testing.T) {
	engine := newFakeEngine(apiName)
	log := engine.logs[apiName]
	log.write("first\nsecond\nthird\n")
	b := newStage(t, engine, nil).visit(nil)
	p := b.follow(2, tail(8)) // in the middle of "second"
	p.until(19)
	log.write("fourth\n")
	p.until(26)
	if p.text.String() != "third\nfourth\n" || p.opens != 0 {
		t.Errorf("%q", p.text.String())
	}
	all := b.follow(3, off(0))
	all.until(26)
	if all.text.String() != "first\nsecond\nthird\nfourth\n" {
		t.Errorf("%q", all.text.String())
	}
}

func TestAResumedLogHasNoGapAndNoDouble(t *testing.T) {
	engine := newFakeEngine(apiName)
	log := engine.logs[apiName]
	s := newStage(t, engine, nil)
	want, got, at := "", "", int64(0)
	for round := range 5 {
		b := s.visit(nil)
		p := b.follow(1, off(at))
		for i := range 300 {
			line := fmt.Sprintf("round %d line %d\n", round, i)
			want += line
			log.write(line)
		}
		p.until(int64(len(want) - 50*round)) // leave somewhere before the end
		got, at = got+p.text.String(), p.off
		b.conn.Close()
	}
	b := s.visit(nil)
	p := b.follow(1, off(at))
	if at < int64(len(want)) {
		p.until(int64(len(want)))
	}
	if got+p.text.String() != want {
		t.Errorf("%d bytes came, %d were written", len(got)+p.text.Len(), len(want))
	}
}

func TestALineWithoutItsEndIsShownAfterAWhile(t *testing.T) {
	engine := newFakeEngine(apiName)
	log := engine.logs[apiName]
	b := newStage(t, engine, nil).visit(nil)
	p := b.follow(1, nil)
	log.write("done\n10%")
	p.until(8)
	log.write("\r20%\xd0") // half a character waits for the other half
	p.until(12)
	if !p.inner || p.text.String() != "done\n10%\r20%" {
		t.Errorf("%q", p.text.String())
	}
	log.write("\xb0!\nnext\n")
	p.until(20)
	if p.text.String() != "done\n10%\r20%\xd0\xb0!\nnext\n" || p.opens != 2 {
		t.Errorf("%q, %d open", p.text.String(), p.opens)
	}
}

func TestTheBytesOfALogArriveAsTheyAre(t *testing.T) {
	engine := newFakeEngine(apiName)
	log := engine.logs[apiName]
	random := rand.New(rand.NewPCG(1, 2))
	var want strings.Builder
	for want.Len() < 300_000 {
		size := random.IntN(200)
		if random.IntN(50) == 0 {
			size = random.IntN(100_000)
		}
		for range size {
			if random.IntN(3) == 0 {
				want.WriteByte(byte(random.Uint32()))
			} else {
				want.WriteRune(rune(random.IntN(0x3000)))
			}
		}
		want.WriteByte('\n')
	}
	log.write(want.String())
	b := newStage(t, engine, nil).visit(nil)
	p := b.follow(1, off(0))
	p.until(int64(want.Len()))
	if p.text.String() != want.String() {
		t.Error("the bytes differ")
	}
}

func TestBytesThatWereRotatedAwayAreAGap(t *testing.T) {
	engine := newFakeEngine(apiName)
	log := engine.logs[apiName]
	log.write("gone\nkept\n")
	log.trim(5)
	b := newStage(t, engine, nil).visit(nil)
	p := b.follow(1, off(2))
	p.until(10)
	if len(p.gaps) != 1 || p.gaps[0] != (wire.Gap{ID: 1, From: 2, To: 5, Why: wire.GapTrimmed}) || p.text.String() != "kept\n" {
		t.Errorf("%+v, %q", p.gaps, p.text.String())
	}
}

func TestAClearedLogIsMarkedAtOnceAndGoesOn(t *testing.T) {
	engine := newFakeEngine(apiName)
	log := engine.logs[apiName]
	log.write("before\n")
	b := newStage(t, engine, nil).visit(nil)
	p := b.follow(1, off(0))
	p.until(7)
	if err := log.Clear(); err != nil {
		t.Fatal(err)
	}
	engine.updated(0)
	p.read()
	if len(p.marks) != 1 || p.marks[0].Why != wire.MarkCleared || p.marks[0].Off != 7 {
		t.Fatalf("%+v", p.marks)
	}
	engine.updated(0) // nothing was cleared this time
	log.write("after\n")
	p.until(13)
	if len(p.marks) != 1 || len(p.gaps) != 0 || p.text.String() != "before\nafter\n" {
		t.Errorf("%+v %+v %q", p.marks, p.gaps, p.text.String())
	}
}

func TestAClearedMainLogIsMarkedWithTheNextBytes(t *testing.T) {
	engine := newFakeEngine(apiName)
	engine.main.write("before\n")
	b := newStage(t, engine, nil).visit(nil)
	b.say(wire.Sub{ID: 1, Topic: wire.TopicMainLog, From: off(0)})
	expect[wire.OK](b)
	p := &pane{b: b, id: 1, off: -1}
	p.until(7)
	if err := engine.main.Clear(); err != nil {
		t.Fatal(err)
	}
	engine.main.write("after\n")
	p.until(13)
	if len(p.marks) != 1 || p.text.String() != "before\nafter\n" {
		t.Errorf("%+v %q", p.marks, p.text.String())
	}
}

func TestAnOffsetOfAnEarlierLifeIsRefusedWithAMark(t *testing.T) {
	engine := newFakeEngine(apiName)
	b := newStage(t, engine, nil).visit(nil)
	b.say(wire.Sub{ID: 1, Topic: wire.TopicLog, Proc: "web:api", Ch: "stdout", From: &wire.From{Epoch: "old", Off: off(7).Off}})
	if m := expect[wire.Mark](b); m.Why != wire.MarkRestarted || m.ID != 1 || m.At != fakeStart {
		t.Errorf("%+v", m)
	}
	b.follow(1, tail(10)) // the id is free
}

func TestWithoutCreditNothingIsSent(t *testing.T) {
	engine := newFakeEngine(apiName)
	log := engine.logs[apiName]
	log.write(strings.Repeat(strings.Repeat("x", 99)+"\n", 5000)) // 500 KB
	b := newStage(t, engine, nil).visit(nil)
	b.say(wire.Sub{ID: 1, Topic: wire.TopicLog, Proc: "web:api", Ch: "stdout", From: off(0), Win: 100_000})
	expect[wire.OK](b)
	p := &pane{b: b, id: 1, off: -1}
	for p.off < 100_000 {
		p.lines(expect[wire.Log](b), 0)
	}
	for i := 0; ; i++ { // the chunk under way, then silence
		b.say(wire.Ping{N: int64(i)})
		kind, text := b.hear()
		if kind == "log" {
			var f wire.Log
			if err := json.Unmarshal(text, &f); err != nil {
				t.Fatal(err)
			}
			p.lines(f, 0)
			expect[wire.Pong](b)
		}
		if i == 10 {
			break
		}
	}
	if p.off > 100_000+chunk {
		t.Errorf("%d bytes without credit", p.off)
	}
	b.quiet()
	b.say(wire.Ack{ID: 1, Off: p.off})
	p.until(500_000)
	if p.text.Len() != 500_000 {
		t.Errorf("%d bytes", p.text.Len())
	}
}

func TestWhoFallsFarBehindIsTakenToTheEnd(t *testing.T) {
	engine := newFakeEngine(apiName)
	log := engine.logs[apiName]
	line := strings.Repeat("y", 99) + "\n"
	b := newStage(t, engine, nil).visit(nil)
	p := b.follow(1, off(0))
	log.write(strings.Repeat(line, 50))
	p.until(5000)
	log.write(strings.Repeat(line, 30_000)) // 3 MB at once
	p.until(3_005_000)
	if len(p.gaps) != 1 || p.gaps[0].Why != wire.GapSlow || p.gaps[0].To < 3_005_000-usualTail || p.gaps[0].To%100 != 0 {
		t.Errorf("%+v", p.gaps)
	}
	for _, text := range strings.Split(strings.TrimSuffix(p.text.String(), "\n"), "\n") {
		if len(text) != 99 {
			t.Fatalf("a line of %d bytes", len(text))
		}
	}
}

func TestAPausedLogIsCounted(t *testing.T) {
	engine := newFakeEngine(apiName)
	log := engine.logs[apiName]
	b := newStage(t, engine, nil).visit(nil)
	p := b.follow(1, off(0))
	log.write("seen\n")
	p.until(5)
	b.say(wire.Set{ID: 1, Mode: wire.ModeCount})
	expect[wire.OK](b)
	log.write("one\ntwo\n")
	if c := expect[wire.Count](b); c.End != 13 || c.Bytes != 8 || c.Lines != 2 || c.Rate == 0 {
		t.Errorf("%+v", c)
	}
	log.write("three\n")
	if c := expect[wire.Count](b); c.Bytes != 14 || c.Lines != 3 {
		t.Errorf("%+v", c)
	}
	b.quiet()
	b.say(wire.Set{ID: 1, Mode: wire.ModeFollow})
	expect[wire.OK](b)
	p.until(19)
	if p.text.String() != "seen\none\ntwo\nthree\n" {
		t.Errorf("%q", p.text.String())
	}
	b.say(wire.Set{ID: 1, From: off(5)})
	expect[wire.OK](b)
	p.off = -1
	p.until(19)
	if !strings.HasSuffix(p.text.String(), "three\none\ntwo\nthree\n") {
		t.Errorf("%q", p.text.String())
	}
	b.say(wire.Set{ID: 1, Mode: "dance"})
	if refused := expect[wire.Err](b); refused.Code != 400 {
		t.Errorf("%+v", refused)
	}
}

func TestTheLogOfARemovedProcessEnds(t *testing.T) {
	engine := newFakeEngine(apiName)
	log := engine.logs[apiName]
	s := newStage(t, engine, nil)
	b := s.visit(nil)
	p := b.follow(1, off(0))
	log.write("last words\n")
	p.until(11)
	engine.removeGroup("web")
	if over := expect[wire.Err](b); over.Code != 404 || *over.ID != 1 {
		t.Errorf("%+v", over)
	}
	b.follow(1, off(0)) // the engine may still know it; the id is free
}

func TestALogThatHangsHoldsUpNothingElse(t *testing.T) {
	engine := newFakeEngine(apiName)
	log := engine.logs[apiName]
	log.write("stuck\n")
	log.hang = make(chan struct{})
	s := newStage(t, engine, nil)
	mend := sync.OnceFunc(log.mend)
	t.Cleanup(mend)
	b := s.visit(nil)
	p := b.follow(1, off(0))
	other := s.visit(nil).follow(1, tail(100))
	screen := func() *screen {
		b.say(wire.Sub{ID: 2, Topic: wire.TopicState})
		expect[wire.OK](b)
		return newScreen(t, expect[wire.Snap](b))
	}()
	screen.until(b, engine.become(0, 20, 5))
	mend()
	p.until(6)
	other.until(6)
}

func TestManyViewersShareOneFollower(t *testing.T) {
	engine := newFakeEngine(apiName)
	s := newStage(t, engine, nil)
	var panes []*pane
	for range 10 {
		panes = append(panes, s.visit(nil).follow(1, off(0)))
	}
	engine.logs[apiName].write("hello\n")
	for _, p := range panes {
		p.until(6)
	}
	if n := s.followers(); n != 1 {
		t.Errorf("%d followers", n)
	}
	for _, p := range panes {
		p.b.conn.Close()
	}
	for deadline := time.Now().Add(5 * time.Second); ; {
		if s.followers() == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the follower outlives its viewers")
		}
	}
}

func FuzzCutterLosesNothing(f *testing.F) {
	f.Add([]byte("a\nb"), true)
	f.Add([]byte(strings.Repeat("é", maxLine)), false)
	f.Add([]byte(strings.Repeat("line\n", 10_000)+"\xf0\x9f"), true)
	f.Fuzz(func(t *testing.T, data []byte, show bool) {
		c := cutter{off: 10}
		c.cut(data, show)
		got, at, inside := "", int64(10), false
		for _, frame := range c.frames {
			text := strings.Join(frame.Lines, "\n")
			if !frame.Open {
				text += "\n"
			}
			if frame.Off != at || frame.End != at+int64(len(text)) || frame.Cont != inside || len(frame.Lines) == 0 {
				t.Fatalf("%+v at %d, inside %v", frame, at, inside)
			}
			got, at, inside = got+text, frame.End, frame.Open
		}
		if at != c.off || inside != c.inside || got != string(data[:len(got)]) {
			t.Fatalf("cut to %d, inside %v", c.off, c.inside)
		}
		left := data[len(got):]
		if strings.ContainsRune(string(left), '\n') || len(left) > maxLine || show && (len(left) >= utf8.UTFMax || len(left) > 0 && utf8.FullRune(left)) {
			t.Fatalf("left over: %q", left)
		}
	})
}

// datedLog knows when its bytes came: byte n in millisecond n.
type datedLog struct{ *fakeLog }

func (datedLog) Files() []supervise.LogFile { return nil }
func (datedLog) Arrivals(from, to int64) (all []supervise.Arrival) {
	for off := from - from%10; off < to; off += 10 {
		all = append(all, supervise.Arrival{Off: off, At: time.UnixMilli(off)})
	}
	return all
}
func (datedLog) ArrivedAt(time.Time) (int64, bool) { return 0, false }

func TestLinesAreToldWithTheTimeTheyCame(t *testing.T) {
	engine := newFakeEngine(apiName)
	log := engine.logs[apiName]
	engine.dated = true
	log.write("nine byte\nfour\nfour\n" + strings.Repeat("x", 30) + "\nlast\n")
	b := newStage(t, engine, nil).visit(nil)
	b.say(wire.Sub{ID: 1, Topic: wire.TopicLog, Proc: "web:api", Ch: "stdout", From: off(0)})
	expect[wire.OK](b)
	frame := expect[wire.Log](b)
	if want := (wire.Times{{0, 0}, {1, 10}, {3, 20}, {4, 50}}); !slices.Equal(frame.At, want) {
		t.Errorf("%v of %q", frame.At, frame.Lines)
	}
}

// A page that follows a log while supervisord ends comes back to it in the next
// life: it must not be told that there is no such log.
func TestALogIsOverWhenItsProcessGoesAndNotWhenSupervisordEnds(t *testing.T) {
	s := newStage(t, newFakeEngine(apiName), nil)
	b := s.visit(nil)
	screen := b.watchState()
	b.say(wire.Sub{ID: 2, Topic: wire.TopicLog, Proc: "web:api", Ch: "stdout"})
	expect[wire.OK](b)
	s.engine.logs[apiName].write("the last words\n")
	expect[wire.Log](b)
	s.engine.logs[apiName].close()
	screen.until(b, s.engine.become(0, supervise.StateStopping, 1))
	screen.until(b, s.engine.become(0, supervise.StateStarting, 2)) // and no word of the log in between
	s.engine.removeGroup("web")
	for {
		kind, text := b.hear()
		if kind == "delta" {
			continue
		}
		if refused := decodeAs[wire.Err](t, text); kind != "err" || refused.ID == nil || *refused.ID != 2 || refused.Code != http.StatusNotFound {
			t.Errorf("%s", text)
		}
		return
	}
}
