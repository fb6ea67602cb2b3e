package ctl

import (
	"slices"
	"strings"
	"testing"

	"supervisor/supervise"
)

func TestShieldedLogsComeThroughUnharmed(t *testing.T) {
	for _, text := range []string{"plain\n", "\x1b[31mred\x1b[0m", "\x00\x01\x08\x0b\x0c\x1f", "tab\tzwölf 日本"} {
		body := "<methodResponse><params><param>" + encodeValue(text) + "</param></params></methodResponse>"
		var got string
		if err := decode([]byte(body), &got); err != nil || got != text {
			t.Errorf("decode(%q) = %q, %v", text, got, err)
		}
	}
}

func TestBytesThatAreNoTextBecomeReplacementCharacters(t *testing.T) {
	var got string
	body := "<params><param>" + encodeValue("a\xffb") + "</param></params>"
	if err := decode([]byte(body), &got); err != nil || got != "a\ufffdb" {
		t.Errorf("decode = %q, %v", got, err)
	}
}

func TestTextsAreQuotedAsByPython(t *testing.T) {
	for text, want := range map[string]string{
		"":            "''",
		"plain":       "'plain'",
		"it's":        `"it's"`,
		`it's "so"`:   `'it\'s "so"'`,
		"a\nb\tc\r\\": `'a\nb\tc\r\\'`,
		"zwölf 日本":    "'zwölf 日本'",
		"\x00\x1b":    `'\x00\x1b'`,
		"\u00a0":      `'\xa0'`,
		"\u2028":      `'\u2028'`,
		"\U000e0001":  `'\U000e0001'`,
	} {
		if got := supervise.Quote(text); got != want {
			t.Errorf("Quote(%q) = %s, want %s", text, got, want)
		}
	}
}

func TestNumbersAreReadAsByPython(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "12": 12, "+5": 5, "-5": -5, "1_000": 1000, "007": 7} {
		if got, err := parseInt(text); err != nil || got != want {
			t.Errorf("parseInt(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-", "+", "--5", "+-5", "1__0", "_1", "1_", "4.5", "0x10", "f", "5f"} {
		if got, err := parseInt(text); err == nil {
			t.Errorf("parseInt(%q) = %d, want an error", text, got)
		}
	}
}

func TestColumnsAreLaidOutDownwards(t *testing.T) {
	names := strings.Fields("add avail clear exit fg maintail open")
	want := []string{
		"add    clear  fg        open",
		"avail  exit   maintail",
	}
	if got := columns(names, 30); !slices.Equal(got, want) {
		t.Errorf("columns = %q, want %q", got, want)
	}
	if got := columns(names, 1); !slices.Equal(got, names) {
		t.Errorf("columns in no room = %q, want one a line", got)
	}
	if got := columns([]string{"one"}, 79); !slices.Equal(got, []string{"one"}) {
		t.Errorf("columns of one = %q", got)
	}
}

func TestURLsNameTheirAddress(t *testing.T) {
	for serverURL, want := range map[string]string{
		"http://localhost:9001":       "localhost:9001",
		"http://localhost":            "localhost:80",
		"http://user:pw@host:1/x":     "host:1",
		"http://[::1]:9001/":          "[::1]:9001",
		"http://[::1]":                "[::1]:80",
		"http://LOCALHOST:09001/path": "LOCALHOST:9001",
		"https://host":                "host:443",
		"https://host:9001/sup/":      "host:9001/sup",
		"unix:///tmp/s":               "localhost",
	} {
		if got, err := locate(serverURL); err != nil || got.host+got.prefix != want {
			t.Errorf("locate(%q) = %q, %q, %v, want %q", serverURL, got.host, got.prefix, err, want)
		}
	}
}

func TestCommandsAreSortedAndHaveHelp(t *testing.T) {
	table := commandTable()
	for i, cmd := range table {
		if i > 0 && table[i-1].name >= cmd.name {
			t.Errorf("%s stands after %s", cmd.name, table[i-1].name)
		}
		if cmd.help == "" && !cmd.hidden || cmd.help != "" && cmd.help[0] != '\n' || cmd.run == nil {
			t.Errorf("%s lacks a help that begins on a line of its own, or a function", cmd.name)
		}
	}
}

func TestCompletionListsWhatTheOriginalLists(t *testing.T) {
	server := newFakeServer(t)
	server.live = true
	for _, test := range []struct {
		line, word string
		want       []string
	}{
		{"", "", nil}, // every command: counted below
		{"st", "st", []string{"start ", "status ", "stop "}},
		{"start cat g:", "g:", []string{"g:a ", "g:* ", "g:b "}},
		{"signal H", "H", []string{"HUP "}},
		{"signal SIGUSR", "SIGUSR", []string{"SIGUSR1 ", "SIGUSR2 "}},
		{"signal HUP c", "c", []string{"cat "}},
		{"tail s", "s", []string{"spawn ", "stuck "}},
		{"tail -f cat std", "std", []string{"stdout ", "stderr "}},
		{"tail -", "-", []string{"-f "}},
		{"maintail -", "-", []string{"-f "}},
		{"status --", "--", []string{"--json "}},
		{"update --", "--", []string{"--json ", "--dry-run ", "--reason "}},
		{"wait c", "c", []string{"cat "}},
		{"wait cat --", "--", []string{"--state ", "--timeout "}},
		{"wait cat --state ST", "ST", []string{"STOPPED ", "STARTING ", "STOPPING "}},
		{"wait cat --timeout ", "", nil},
		{"stop cat --r", "--r", []string{"--reason "}},
		{"users ", "", []string{"list ", "add ", "set ", "remove "}},
		{"users set ", "", []string{"ann ", "bob "}},
		{"users add x --role ", "", []string{"viewer ", "operator ", "admin "}},
		{"users add x --programs c", "c", []string{"cat "}},
		{"users set ann --actions st", "st", []string{"start ", "stop ", "stdin "}},
		{"users set ann --d", "--d", []string{"--deny ", "--disabled "}},
		{"token remove ", "", []string{"old "}},
		{"token add x --e", "--e", []string{"--expires "}},
		{"passwd a", "a", []string{"ann "}},
		{"link ", "", []string{"list ", "add ", "revoke "}},
		{"link add c", "c", []string{"cat "}},
		{"link add g:a --actions st", "st", []string{"start ", "stop ", "stdin "}},
		{"link add g:a --actions a", "a", nil},
		{"link add --e", "--e", []string{"--expires "}},
		{"link add --expires ", "", nil},
		{"link revoke ", "", []string{"l1 "}},
		{"shutdown --", "--", []string{"--reason "}},
		{"sessions end ", "", []string{"all "}},
		{"audit ", "", []string{"verify "}},
		{"audit --user b", "b", []string{"bob "}},
		{"audit --program g", "g", []string{"g:a ", "g:* ", "g:b "}},
		{"audit --", "--", []string{"--json ", "--since ", "--until ", "--user ", "--program ", "--limit "}},
		{"completion ", "", []string{"bash ", "fish ", "zsh "}},
		{"help re", "re", []string{"reload ", "remove ", "reread ", "restart "}},
		{"start c", "c", []string{"cat "}},
		{"start ", "g", []string{"g:a ", "g:* ", "g:b "}},
		{"start cat:", "cat:", []string{"cat:cat ", "cat:* "}},
		{"update ", "g", []string{"g "}},
		{"add l", "l", []string{"lost "}},
		{"avail ", "c", nil},
		{"maintail ", "", nil},
		{"nosuch ", "", nil},
		{"start nosuch", "nosuch", nil},
	} {
		s := settings{serverURL: server.URL}
		c := newController(s, strings.NewReader(""), newWatched(), newWatched())
		got := c.complete(t.Context(), test.line, test.word)
		if test.line == "" {
			if len(got) != len(c.commands)-1 { // EOF has no help
				t.Errorf("an empty line completes to %q", got)
			}
			continue
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("complete(%q, %q) = %q, want %q", test.line, test.word, got, test.want)
		}
	}
}

func TestCompletionWithoutAServerIsEmpty(t *testing.T) {
	s := settings{serverURL: "unix:///nonexistent/socket"}
	c := newController(s, strings.NewReader(""), newWatched(), newWatched())
	if got := c.complete(t.Context(), "start ", ""); got != nil {
		t.Errorf("complete = %q", got)
	}
}

func FuzzLinesAreCutWithoutLoss(f *testing.F) {
	for _, line := range []string{"", "status all", "?help", "!ls", " x  y ", "ünder", "a:b"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name, arg, line, known := parseLine(text)
		if known && line != "" && !strings.HasPrefix(line, name) {
			t.Errorf("parseLine(%q): the line %q does not begin with %q", text, line, name)
		}
		if known && line != "" && strings.TrimSpace(line[len(name):]) != arg {
			t.Errorf("parseLine(%q): %q and %q do not make %q", text, name, arg, line)
		}
	})
}

func FuzzFlagsNeverPanic(f *testing.F) {
	for _, line := range []string{"-c x status", "--serverurl=http://x y", "-hi", "--", "- x", "-sx", "--c"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		words := strings.Split(line, " ")
		if got, err := parseFlags(words); err == nil && len(got.words) > len(words) {
			t.Errorf("parseFlags(%q) made up words: %q", words, got.words)
		}
	})
}

func FuzzShieldIsUndone(f *testing.F) {
	f.Add("plain")
	f.Add("\x1b[0m\x00")
	f.Fuzz(func(t *testing.T, text string) {
		plain, changed := shield([]byte(text))
		if strings.ContainsFunc(string(plain), needsShield) {
			t.Errorf("shield(%q) = %q", text, plain)
		}
		if !changed && string(plain) != text {
			t.Errorf("shield(%q) says unchanged and gives %q", text, plain)
		}
	})
}
