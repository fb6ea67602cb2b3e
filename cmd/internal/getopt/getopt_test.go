package getopt

import (
	"fmt"
	"strings"
	"testing"
)

var options = []Option{
	{Letters: "c", Long: "configuration", Value: true},
	{Letters: "n", Long: "nodaemon"},
	{Letters: "h?", Long: "help"},
	{Long: "minfds", Value: true},
	{Long: "minprocs", Value: true},
	{Long: "history_file", Also: "history-file", Value: true},
}

func TestOptionsEndAtTheFirstWordThatIsNone(t *testing.T) {
	for line, want := range map[string]string{
		"-n -c x y -n":              "[-n -c=x] [y -n]",
		"-nc x":                     "[-n -c=x] []",
		"-cx":                       "[-c=x] []",
		"--configuration=a=b":       "[--configuration=a=b] []",
		"--conf x --nodaemon":       "[--configuration=x --nodaemon] []",
		"--minf 3":                  "[--minfds=3] []",
		"-n -- -c":                  "[-n] [-c]",
		"- -n":                      "[] [- -n]",
		"-?":                        "[-?] []",
		"--hist=x --history-file y": "[--history_file=x --history_file=y] []",
		"--history- x":              "option --history- not recognized",
		"-n -x":                     "option -x not recognized",
		"-né":                       "option -é not recognized",
		"--nope":                    "option --nope not recognized",
		"--min 3":                   "option --min not a unique prefix",
		"--nodaemon=yes":            "option --nodaemon must not have an argument",
		"-c":                        "option -c requires argument",
		"--configuration":           "option --configuration requires argument",
		"--c x --configuration=y":   "[--configuration=x --configuration=y] []",
	} {
		if got := show(Parse(strings.Fields(line), options)); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", line, got, want)
		}
	}
}

func show(found []Given, words []string, err error) string {
	if err != nil {
		return err.Error()
	}
	var parts []string
	for _, g := range found {
		if g.Value != "" {
			g.Name += "=" + g.Value
		}
		parts = append(parts, g.Name)
	}
	return fmt.Sprintf("%v %v", parts, words)
}
