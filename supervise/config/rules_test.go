//go:build unix

package config

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// These tests put one rule of the format to the original and to ours, for texts
// people write and for many that nobody would.

// scramble makes texts out of pieces that matter to a rule. The seed is fixed:
// a failure can be seen again.
func scramble(pieces []string, count, longest int) []string {
	random := rand.New(rand.NewPCG(1, 2))
	texts := make([]string, count)
	for i := range texts {
		var b strings.Builder
		for range random.IntN(longest) + 1 {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		texts[i] = b.String()
	}
	return texts
}

// compareRule asks both, text by text. Ours answers a value that the original's
// is decoded into.
func compareRule[T any](t *testing.T, name string, texts []string, ours func(string) (T, error)) {
	t.Helper()
	needOracle(t)
	for i, theirs := range rule(t, name, texts) {
		holdRule(t, name, texts[i], theirs, ours)
	}
}

// holdRule compares one answer of ours with the original's.
func holdRule[T any](t *testing.T, name, text string, theirs ruling, ours func(string) (T, error)) {
	t.Helper()
	got, err := ours(text)
	if !theirs.sameError(err) {
		t.Errorf("%s %q: error %v, the original says %q", name, text, err, theirs.Error)
		return
	}
	if err != nil {
		return
	}
	var want T
	theirs.decode(t, &want)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s %q: %#v, the original says %#v", name, text, got, want)
	}
}

func TestAnUnknownNameIsAnsweredWithTheNearestAndNotWithTheWholeEnvironment(t *testing.T) {
	vars := variables{"here": textVar("/"), "program_name": textVar("x")}
	for _, name := range []string{"HOME", "HOMES", "HOST", "API_TOKEN", "PATH"} {
		vars["ENV_"+name] = textVar("hunter2")
	}
	for wanted, want := range map[string]string{
		"nope":     "here, program_name, 5 of the environment (ENV_...)",
		"ENV_HOMR": "ENV_HOME, ENV_HOMES, ENV_HOST, here, program_name, 2 of the environment (ENV_...)",
		"ENV_PAHT": "ENV_PATH, here, program_name, 4 of the environment (ENV_...)",
	} {
		_, err := expand("%("+wanted+")s", vars, "x.y")
		if err == nil || !strings.HasSuffix(err.Error(), "Available names: "+want) {
			t.Errorf("%s: %v, want %s", wanted, err, want)
		}
	}
}

func TestExpansionIsPythons(t *testing.T) {
	texts := slices.Concat(
		[]string{"plain", "%(here)s", "%(process_num)02d", "%(name)10s|", "%(name)-10s|", "%(name).3s", "%(numprocs)d",
			"100%%", "%", "%%(here)s", "%(here)", "%(nope)s", "date +%Y", "%(process_num)#x", "%(numprocs)+05d", "%(name)r",
			"%(name)a", "%(process_num)c", "%(process_num)e", "%(process_num)10.2f|", "%(here)*d", "%(process_num)*d", "%*d",
			"%(here)ld", "%(process_num)ld", "%(a(b)c)s", "%(here)d", "%(here)x", "%(here)f", "%(name)c", "%(process_num)G",
			"%(numprocs)08.3d", "%(numprocs)x", "%(numprocs)#o", "%(process_num) d", "%ü", "%(here)ü", "%(process_num)s", "%(process_num)5r|"},
		scramble([]string{"%", "%%", "%(here)", "%(process_num)", "%(name)", "%(numprocs)", "(", ")", "s", "d", "x", "f", "r", "0", "5", ".", "-", "#", "+", " ", "l", "ü", "here", "%(no)s"}, 3000, 5),
	)
	bare := 0
	compareRule(t, "expand", withoutBare(texts, &bare), expandLabel)
	if bare == 0 {
		t.Error("no text with a bare conversion was seen: the exception is not tested")
	}
}

// expandLabel expands with the variables that the harness has.
func expandLabel(text string) (string, error) {
	vars := variables{"here": textVar("/h"), "name": textVar("wörld"), "process_num": numberVar(7), "numprocs": numberVar(-3)}
	return expand(text, vars, "label")
}

// withoutBare drops the texts for which ours is an error by decision.
func withoutBare(texts []string, dropped *int) []string {
	return slices.DeleteFunc(texts, func(text string) bool {
		if isBare(text) {
			*dropped++
			return true
		}
		return false
	})
}

func isBare(text string) bool {
	_, err := expandLabel(text)
	return err != nil && strings.Contains(err.Error(), "without a name")
}

func TestEnvironmentIsReadAsBySupervisor44(t *testing.T) {
	compareRule(t, "environment", environmentTexts(), environmentMap)
}

func TestOldEnvironmentIsReadAsByTheInstalledSupervisor(t *testing.T) {
	compareRule(t, "old environment", environmentTexts(), oldEnvironmentMap)
}

func environmentMap(text string) (map[string]string, error) {
	pairs, err := environment(text)
	return asMap(pairs), err
}

func oldEnvironmentMap(text string) (map[string]string, error) {
	pairs, err := oldEnvironment(text)
	return asMap(pairs), err
}

func environmentTexts() []string {
	return slices.Concat(
		[]string{"", `A="1",B=2`, `A="a,b"`, `A='a"b'`, `A="a#b"`, `A=""`, `A="a\"b"`, `A=foo"bar"`, `A="foo"bar`, `"A"=1`,
			`A=a\,b`, `A="C:\\dir"`, `A="x\ny"`, `A=a#b`, `A=a@b`, `A=a=b`, `A=[1]`, `A=,B=1`, `A=1 B=2`, `A=1,,B=2`, `A`, `A=`,
			`A=a@B=c`, `A=1|B=2`, `A=a;B=c`, `A=http://x:80/y?z=1`, `A=$HOME`, `A=~/x`, `A=a b`, `A="foo`, "A=1,\nB=2,", `A=é`, `A=ж`,
			`A='it''s'`, `A=a\`, `A="a\`, "A=1 # c\n,B=2"},
		scramble([]string{"A", "B", "=", ",", `"`, `'`, `\`, "#", "\n", " ", "x", "é", "ж", "@", "/", "C", ";"}, 2000, 10),
	)
}

func asMap(pairs Environment) map[string]string {
	m := map[string]string{}
	for _, p := range pairs {
		m[p.Name] = p.Value
	}
	return m
}

func TestCommandsAreSplitAsByShlex(t *testing.T) {
	texts := slices.Concat(
		[]string{"", "  ", "a b", `a "b c" d`, `a 'b\' c`, `a\ b`, `a "\$x"`, `bash -c "echo '$x' | tee"`, `x"`, `x\`, `""`, `a "" b`, "a\nb\tc", `a # b`, `php "a""b"'c'`, `x"\`},
		scramble([]string{"a", "b", " ", `"`, `'`, `\`, "\n", "#", "$", "é", "\t"}, 2000, 10),
	)
	compareRule(t, "split", texts, splitWords)
}

func splitWords(text string) ([]string, error) {
	words, err := SplitCommand(text)
	if words == nil {
		words = []string{}
	}
	return words, err
}

func TestValuesAreReadAsByTheOriginal(t *testing.T) {
	numbers := slices.Concat(
		[]string{"", "0", "1", "-1", "+5", " 7 ", "1_000", "1__0", "_1", "1_", "0x10", "1.5", "1e3", "٣", "0_1", "00", "- 1", "+-1", "--1"},
		scramble([]string{"0", "7", "9", "-", "+", "_", " ", "o", "0o", "k", "mb", "GB", "."}, 500, 4),
	)
	words := append([]string{"yes", "TRUE", "On", "1", "no", "False", "OFF", "0", "maybe", "", "y", "unexpected", "Always", "info", "WARN", "warning", "debug", "trace", "blather", "critical", "error", "20"},
		scramble([]string{"a", " ", ":", "/", "é", "'", "\""}, 100, 4)...)
	signals := []string{"TERM", "term", "SIGTERM", " hup ", "15", "0", "1", "31", "34", "64", "35", "63", "99", "-1", "RTMIN", "RTMAX", "RTMIN+1", "CLD", "POLL", "IOT", "FOO", "", "9 ", "1_5", "KILL", "usr1", "WINCH", "STKFLT", "fo'o"}
	addresses := []string{"9001", ":9001", "*:9001", "localhost:9001", "LOCALHOST:1", "a", "0", "70000", "x:", "x:y", "", "127.0.0.1: 80", "1.2.3.4:0", "h:70000", "a:b:3"}
	codes := []string{"", "0", "0,2", "0, 2", "256", "-1", "1,", ",", "a", "0,1,2,255"}

	compareRule(t, "integer", numbers, integer)
	compareRule(t, "octal_type", numbers, octal)
	compareRule(t, "byte_size", numbers, byteSize)
	compareRule(t, "boolean", words, boolean)
	compareRule(t, "process_or_group_name", words, programName)
	compareRule(t, "logging_level", words, logLevel)
	compareRule(t, "list_of_exitcodes", codes, exitCodes)
	compareRule(t, "signal_number", signals, func(text string) (int, error) {
		signal, err := stopSignal(text)
		return int(signal), err
	})
	compareRule(t, "inet_address", addresses, func(text string) ([]any, error) {
		host, port, err := inetAddress(text)
		return []any{host, float64(port)}, err
	})
}

func TestTheDialectIsPythons(t *testing.T) {
	texts := slices.Concat(dialectTexts, scramble([]string{
		"[a]", "[b]", "[DEFAULT]", "[a", "k", "K2", "=", ":", "v", " ", "\t", "\n", "\n", "\n", ";", "#", " ;c", "\r\n", "\"", "\\", "é", "\u00a0", "]", "x y", "\x1c", "-", "`", "%"}, 4000, 14))
	compareRule(t, "ini", texts, documentLists)
}

func documentLists(text string) ([]any, error) {
	doc, err := parseText("F", text)
	if err != nil {
		return nil, err
	}
	return asLists(doc), nil
}

// dialectTexts are the rows of the documented dialect, and shapes that ini.v1
// would read in its own way.
var dialectTexts = []string{
	"", "\n", "[a]\nk=v ;c", "[a]\nk=v #c", "[a]\nk=v\t;c", "[a]\nk=v;c", "[a]\nk=;c", "[a]\nk=#x", "[a]\nk=;",
	"[a]\nk=\"quoted ; x\"", "[a]\n; c\n # c\nk=v", "[a] ; note\nk=v", "[a] junk\nk=v", "[a]b]\nk=v", "[]\nk=v",
	"[a]\nk: v\nl : v=2\nm=a:b", "[a]\nKey=1\nKEY=2", "[a]\nk=1\n[b]\nk=2\n[a]\nk=3\nl=4", "[program:x ]\nk=v",
	"[a]\nk=v\n  more\n\n  and more ; c\n; c\n  last\n\n\n[b]\nk=v", "[a]\n  k=v\n  l=w", "[a]\nk=v\n\tl=w", "[a]\nk=v\\\nl=w",
	"[a]\nk", "k=v", "[a]\n= v", "[a]\nk=", "[DEFAULT]\nx=1\n[a]\ny=2", "[a]\nk=v\n[program:bad\nl=w", "[a]\r\nk=v\r\n", "[a]\rk=v\r",
	"rem foo", "[a]\nrem foo", "[a]\nk=a;b ;c #d", "[a]\nk='v'", "[a]\nk=`v`", "[a]\nk=\"\"\"v", "[program:a]\nx=1\n[program:a.b]\ny=2",
	"[a]\n-=v\n-=w", "[a]\nk=%(l)s\nl=w", "[a]\n\"k\"=v", "[a]\n`k=v", "[default]\nk=v", "[a]\nk=\n  v", "[a]\nk=v\nbad\n  worse\n   l=w",
	"[a]\nk=v\n # c\n  more", "\ufeff[a]\nk=v", "[a]\n=\n  k", "[ a ]\nk=v", "[a]\n\n\n  k=v\n more", "[a]\nk=\\x41\\n",
}

func parseText(file, text string) (*document, error) {
	doc := newDocument()
	_, err := doc.merge(source{file, file}, []byte(text))
	return doc, err
}

// asLists prints a document as the harness does: JSON's shapes.
func asLists(doc *document) []any {
	list := []any{}
	for _, section := range append(doc.sections(), defaultSection) {
		options := []any{}
		for _, option := range doc.own(section) {
			value, _ := doc.get(section, option)
			options = append(options, []any{option, value})
		}
		list = append(list, []any{section, options})
	}
	return list
}

func TestAFileThatIsNotUTF8IsRefusedWithItsPlace(t *testing.T) {
	_, err := parseText("/etc/x.conf", "[a]\nk=v\nl=\xff")
	want := `'utf-8' codec can't decode byte 0xff in position 10: invalid start byte (file: '/etc/x.conf', line: 3)`
	if err == nil || err.Error() != want {
		t.Fatalf("got %v, want %s", err, want)
	}
	var located *Error
	if !errors.As(err, &located) || located.Where() != "/etc/x.conf:3" {
		t.Fatalf("the error is at %v", located)
	}
}

func TestABareConversionIsAnErrorThatSaysWhatToWrite(t *testing.T) {
	for _, verb := range []string{"s", "r", "a"} {
		_, err := expand("date +%"+verb, variables{"SECRET": textVar("x")}, "program:x.command")
		want := fmt.Sprintf("Format string 'date +%%%[1]s' for 'program:x.command' is badly formatted: a %%%[1]s without a name; write %%%%%[1]s for the characters themselves", verb)
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func TestEscapesForTheReaderUnderneathAreUndone(t *testing.T) {
	for _, text := range append(dialectTexts, "\\x", "\\x4", " a ", "é\x00") {
		if got := unescape(escape(text)); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestWithGivesANewSetOfVariables(t *testing.T) {
	base := variables{"a": textVar("1")}
	before := maps.Clone(base)
	if got := base.with(variables{"a": textVar("2")}); got["a"].text != "2" {
		t.Errorf("the second set does not win: %v", got)
	}
	if !maps.Equal(base, before) {
		t.Errorf("the first set changed: %v", base)
	}
}
