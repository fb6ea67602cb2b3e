//go:build unix

package config

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
)

// TestRandomConfigurationsMeanTheSameToTheOriginal writes configurations that
// nobody would, out of every option and of values good and bad, and puts them to
// both. The seed is fixed.
func TestRandomConfigurationsMeanTheSameToTheOriginal(t *testing.T) {
	needOracle(t)
	home := t.TempDir()
	random := rand.New(rand.NewPCG(3, 4))
	var (
		questions []question
		texts     []string
	)
	for i := range 800 {
		text := randomConfig(random)
		name := fmt.Sprintf("%d.conf", i)
		writeFile(t, filepath.Join(home, name), text)
		questions = append(questions, question{Dir: home, File: name})
		texts = append(texts, text)
	}
	valid := 0
	for i, theirs := range ask[answer](t, home, questions) {
		ours := answer{}
		config, err := Load(questions[i].File, Options{Environ: testEnviron(home), Users: hostUsers{}, Dir: home})
		if err != nil {
			ours.Error = err.Error()
		} else {
			ours.Lines = describe(t, config)
			valid++
		}
		if d := diffLines(append(theirs.Lines, "error: "+withoutNames(theirs.Error)), append(ours.Lines, "error: "+withoutNames(ours.Error))); d != "" {
			t.Fatalf("read differently (- the original, + ours):\n%s\n%s", d, texts[i])
		}
	}
	if valid < len(texts)/3 || valid == len(texts) {
		t.Errorf("%d of %d are valid: the test has lost its balance", valid, len(texts))
	}
}

// good and bad values of a kind. The bad ones are rare, or nothing would be read.
var randomValues = map[kind]struct{ good, bad []string }{
	kindText:        {[]string{"text", "two words", "%(ENV_COLOR)s", "100%%", "%(here)s", "a ; b", `"q"`, "x:y"}, []string{"%(nope)s", "%Q", "100%"}},
	kindInteger:     {[]string{"0", "1", "7", " 12", "1_0", "-3", "+4"}, []string{"", "x", "1.5", "%(here)s"}},
	kindBoolean:     {[]string{"true", "False", "YES", "off", "1", "0"}, []string{"", "maybe", "2"}},
	kindByteSize:    {[]string{"0", "5", "1kb", "2 MB", "1GB"}, []string{"", "1k", "kb"}},
	kindOctal:       {[]string{"022", "0", "0o77", "7"}, []string{"", "9", "rw"}},
	kindSignal:      {[]string{"TERM", "sigint", "9", "RTMIN", "HUP"}, []string{"", "FOO", "40"}},
	kindExitCodes:   {[]string{"", "0", "0,1", "255, 3"}, []string{"256", "a", "0,"}},
	kindAutoRestart: {[]string{"true", "false", "unexpected", "Unexpected"}, []string{"", "always"}},
	kindList:        {[]string{"p0", "p0, p1", ""}, []string{"nope"}},
	kindLogLevel:    {[]string{"info", "DEBUG", "blather"}, []string{"", "warning"}},
	kindFile:        {[]string{"x.log", "/tmp/x.log", "~/x", "%(here)s/x"}, []string{"/no/such/x", "%(nope)s"}},
	kindDirectory:   {[]string{"/tmp", "~", "%(here)s"}, []string{"", "/no/such"}},
	kindPath:        {[]string{"/tmp", "rel/x", "%(here)s/y"}, []string{"%(nope)s"}},
	kindUser:        {[]string{"root", "0"}, []string{"", "nobodyatall", "98765"}},
	kindOwner:       {[]string{"root", "root:0", "0:root"}, []string{"", "root:", "x"}},
	kindLogfile:     {[]string{"AUTO", "none", "syslog", "x.log", "%(here)s/%(program_name)s.log", "/tmp/a%%%%b", ""}, []string{"/no/such/x", "a%%b"}},
	kindEnvironment: {[]string{"", "A=1", `A="x y",B='%(here)s'`, `COLOR="red"`, "A=1,"}, []string{"A", "A=", `A="`, "A=@"}},
	kindAddress:     {[]string{"9001", ":1", "*:2", "LocalHost:3"}, []string{"", "a", "h:0"}},
	kindSocket:      {[]string{"tcp://h:1", "unix:///tmp/x", "unix:///tmp/%(program_name)s"}, []string{"", "foo", "tcp://h:99999", "unix://x"}},
	kindEvents:      {[]string{"EVENT", "tick_5,TICK_60", "PROCESS_STATE"}, []string{"", "FOO", "EVENT,"}},
	kindURL:         {[]string{"AUTO", "http://x:1", "auto "}, []string{"%(nope)s"}},
}

func randomConfig(random *rand.Rand) string {
	var b strings.Builder
	for _, section := range []string{"supervisord", "program:p0", "program:p1", "group:g", "fcgi-program:f", "eventlistener:l", "inet_http_server", "unix_http_server:u", "DEFAULT"} {
		optional := section != "supervisord" && !strings.HasPrefix(section, "program:")
		if optional && random.IntN(3) > 0 {
			continue
		}
		fmt.Fprintf(&b, "[%s]\n", section)
		spec, _ := specOf(section)
		if section == defaultSection {
			spec.options = programOptions[4:12]
		}
		for _, option := range spec.options {
			if option.ours || option.name == "result_handler" {
				continue
			}
			if required := option.unset && option.name == "command" || option.name == "socket" || option.name == "file" || option.name == "port" || option.name == "events"; required || random.IntN(6) == 0 {
				fmt.Fprintf(&b, "%s = %s\n", option.name, randomValue(random, option))
			}
		}
	}
	return b.String()
}

func randomValue(random *rand.Rand, option optionSpec) string {
	values := randomValues[option.kind]
	from := values.good
	if random.IntN(80) == 0 {
		from = values.bad
	}
	switch option.name {
	case "process_name":
		return []string{"%(program_name)s_%(process_num)d", "%(program_name)s_%(process_num)d", "x"}[random.IntN(3)]
	case "numprocs": // none at all is a case of its own
		from = []string{"1", "2", " 3"}
	}
	return from[random.IntN(len(from))]
}
