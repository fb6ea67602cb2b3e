package crash

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"supervisor/supervise"
)

func TestTheLastLinesOfALifeAreKept(t *testing.T) {
	for _, c := range []struct {
		about    string
		log      string
		oldest   int64
		from, to int64
		want     supervise.Excerpt
	}{
		{"all of it", "before|a\nb\n|after", 0, 7, 11, supervise.Excerpt{Data: []byte("a\nb\n")}},
		{"three lines", "1\n2\n3\n4\n5\n", 0, 0, 10, supervise.Excerpt{Data: []byte("3\n4\n5\n"), Cut: true}},
		{"three lines, the last one open", "1\n2\n3\n4", 0, 0, 7, supervise.Excerpt{Data: []byte("2\n3\n4"), Cut: true}},
		{"empty lines are lines", "\n\n\n\n", 0, 0, 4, supervise.Excerpt{Data: []byte("\n\n\n"), Cut: true}},
		{"no more bytes than that", "a long line\nnext\nlast\n", 0, 0, 22, supervise.Excerpt{Data: []byte("next\nlast\n"), Cut: true}},
		{"cut where a line begins", "1\n0123456789abcd\n", 0, 0, 17, supervise.Excerpt{Data: []byte("0123456789abcd\n"), Cut: true}},
		{"one line too long", strings.Repeat("x", 40), 0, 0, 40, supervise.Excerpt{Data: []byte(strings.Repeat("x", 16)), Cut: true}},
		{"its beginning is gone", "1\n2\n3\n4\n", 4, 0, 8, supervise.Excerpt{Data: []byte("3\n4\n"), Cut: true}},
		{"all of it is gone", "1\n2\n3\n4\n", 8, 0, 8, supervise.Excerpt{Gone: true}},
		{"it is shorter than was said", "1\n2\n", 0, 0, 8, supervise.Excerpt{Data: []byte("1\n2\n"), Cut: true}},
	} {
		got := lastLines(&text{all: c.log, oldest: c.oldest}, c.from, c.to, 16, 3)
		if string(got.Data) != string(c.want.Data) || got.Cut != c.want.Cut || got.Gone != c.want.Gone {
			t.Errorf("%s: %q cut %v gone %v, want %q cut %v gone %v", c.about, got.Data, got.Cut, got.Gone, c.want.Data, c.want.Cut, c.want.Gone)
		}
	}
}

// A log that may not be read any further is not told as if it were whole.
func TestAnExcerptSaysWhatCouldNotBeRead(t *testing.T) {
	for about, c := range map[string]struct {
		readable int
		want     supervise.Excerpt
	}{
		"none of it": {0, supervise.Excerpt{Gone: true}},
		"half of it": {2, supervise.Excerpt{Data: []byte("1\n"), Cut: true}},
		"all of it":  {4, supervise.Excerpt{Data: []byte("1\n2\n")}},
	} {
		got := lastLines(&forbidden{text{all: "1\n2\n"}, c.readable}, 0, 4, 16, 3)
		if string(got.Data) != string(c.want.Data) || got.Cut != c.want.Cut || got.Gone != c.want.Gone {
			t.Errorf("%s: %q cut %v gone %v", about, got.Data, got.Cut, got.Gone)
		}
	}
}

// forbidden is a log of which no more may be read than that.
type forbidden struct {
	text
	readable int
}

func (l *forbidden) ReadAt(p []byte, off int64) (int, error) {
	if left := l.readable - int(off); left > 0 {
		return copy(p, l.all[off:l.readable]), nil
	}
	return 0, fs.ErrPermission
}

func TestTheKernelsCountIsFoundWhereItIs(t *testing.T) {
	for _, c := range []struct {
		about string
		files map[string]string
		want  Killings
	}{
		{"no Linux", nil, Killings{}},
		{"one control group for all", map[string]string{
			"proc/self/cgroup": "0::/system.slice/supervisor.service\n",
			"sys/fs/cgroup/system.slice/supervisor.service/memory.events": "low 0\nhigh 0\nmax 3\noom 2\noom_kill 2\noom_group_kill 0\n",
			"proc/vmstat": "oom_kill 9\n",
		}, Killings{"sys/fs/cgroup/system.slice/supervisor.service/memory.events", 2}},
		{"the older kind", map[string]string{
			"proc/self/cgroup": "4:memory:/docker/abc\n0::/\n",
			"sys/fs/cgroup/memory/docker/abc/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n",
		}, Killings{"sys/fs/cgroup/memory/docker/abc/memory.oom_control", 5}},
		{"the root of all groups, which does not count", map[string]string{"proc/self/cgroup": "0::/\n", "proc/vmstat": "nr_free_pages 7\noom_kill 9\n"}, Killings{"proc/vmstat", 9}},
		{"an old kernel", map[string]string{"proc/vmstat": "nr_free_pages 7\n"}, Killings{}},
	} {
		root := t.TempDir()
		for name, text := range c.files {
			file := filepath.Join(root, name)
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := killingsUnder(root); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.about, got, c.want)
		}
	}
}
