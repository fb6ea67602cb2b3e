//go:build unix

package config

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"supervisor/supervise"
)

// Here is what the text of an option may look like, one function a kind. The
// errors are the original's (datatypes.py). None of them trims: the reader of
// the file has done that, and where blanks remain they are meant.

func integer(text string) (int, error) {
	n, err := parseInt(text, 10)
	return int(n), err
}

// octal reads a mode or a umask: 022, 22, 0o22.
func octal(text string) (int, error) {
	n, err := parseInt(text, 8)
	if err != nil {
		return 0, wrap(position{}, err, "%s can not be converted to an octal type", text)
	}
	return int(n), nil
}

func boolean(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "yes", "true", "on", "1":
		return true, nil
	case "no", "false", "off", "0":
		return false, nil
	}
	return false, fmt.Errorf("not a valid boolean value: %s", supervise.Quote(text))
}

// byteSize reads a number of bytes, with kb, mb or gb after it for multiples of
// 1024.
func byteSize(text string) (int64, error) {
	lower := strings.ToLower(text)
	number, factor := lower, int64(1)
	for suffix, multiple := range map[string]int64{"kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30} {
		if rest, found := strings.CutSuffix(lower, suffix); found {
			number, factor = rest, multiple
		}
	}
	n, err := parseInt(number, 10)
	if err != nil {
		return 0, err
	}
	if n > math.MaxInt64/factor || n < math.MinInt64/factor {
		return 0, fmt.Errorf("the size %s is too large", supervise.Quote(text))
	}
	return n * factor, nil
}

// stringList cuts at commas. A trailing comma gives an empty last element;
// nothing at all gives no element.
func stringList(text string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	list := strings.Split(text, ",")
	for i := range list {
		list[i] = trimSpace(list[i])
	}
	return list, nil
}

func exitCodes(text string) ([]int, error) {
	codes := []int{}
	if text == "" {
		return codes, nil
	}
	for word := range strings.SplitSeq(text, ",") {
		code, err := integer(word)
		if err != nil || code < 0 || code > 255 {
			return nil, fmt.Errorf("not a valid list of exit codes: %s", supervise.Quote(text))
		}
		codes = append(codes, code)
	}
	return codes, nil
}

func stopSignal(text string) (supervise.Signal, error) {
	n, numberErr := integer(text)
	if numberErr == nil {
		text = fmt.Sprint(n)
	}
	signal, err := supervise.ParseSignal(text)
	switch {
	case err == nil:
		return signal, nil
	case numberErr == nil:
		return 0, fmt.Errorf("value %s is not a valid signal number", supervise.Quote(text))
	}
	return 0, fmt.Errorf("value %s is not a valid signal name", supervise.Quote(text))
}

func autoRestart(text string) (AutoRestart, error) {
	lower := strings.ToLower(text)
	if lower == "unexpected" {
		return RestartUnexpected, nil
	}
	always, err := boolean(lower)
	switch {
	case err != nil:
		return 0, fmt.Errorf("invalid 'autorestart' value %s", supervise.Quote(lower))
	case always:
		return RestartAlways, nil
	}
	return RestartNever, nil
}

// programName checks a name that will stand in addresses and event headers.
func programName(text string) (string, error) {
	name := trimSpace(text)
	for _, bad := range []string{" ", ":", "/"} {
		if strings.Contains(name, bad) {
			return "", fail(position{}, "Invalid name: %s because of character: %s", supervise.Quote(text), supervise.Quote(bad))
		}
	}
	return name, nil
}

// String gives the word of the configuration, or the number of a level that has
// none.
func (l LogLevel) String() string {
	for _, level := range logLevels {
		if level.level == l {
			return level.name
		}
	}
	return fmt.Sprintf("LogLevel(%d)", int(l))
}

var logLevels = [...]struct {
	name  string
	level LogLevel
}{
	{"critical", LevelCritical},
	{"error", LevelError},
	{"warn", LevelWarn},
	{"info", LevelInfo},
	{"debug", LevelDebug},
	{"trace", LevelTrace},
	{"blather", LevelBlather},
}

func logLevel(text string) (LogLevel, error) {
	for _, level := range logLevels {
		if level.name == strings.ToLower(text) {
			return level.level, nil
		}
	}
	return 0, fmt.Errorf("bad logging level name %s", supervise.Quote(text))
}

// environment reads KEY=value pairs as Supervisor 4.4 does: tokens in groups of
// four, key, "=", value, and a separator, which may be any token.
func environment(text string) (Environment, error) {
	return environmentPairs(text, lexer{posix: true, rest: text})
}

// oldEnvironment is environment as Supervisor before 4.4 reads it, without a
// shell's quoting. Check uses it to tell where the two differ.
func oldEnvironment(text string) (Environment, error) {
	pairs, err := environmentPairs(text, lexer{rest: text})
	for i := range pairs {
		pairs[i].Value = strings.Trim(pairs[i].Value, `'"`)
	}
	return pairs, err
}

func environmentPairs(text string, l lexer) (Environment, error) {
	tokens, err := l.words()
	if err != nil {
		return nil, err
	}
	var pairs Environment
	for chunk := range slices.Chunk(tokens, 4) {
		if len(chunk) < 3 || chunk[1] != "=" {
			return nil, fail(position{}, "Unexpected end of key/value pairs in value '%s'", text)
		}
		pairs = pairs.Set(chunk[0], chunk[2])
	}
	return pairs, nil
}

// cutShort finds a variable whose value is followed by something else than a comma,
// which the original takes for one (datatypes.py dict_of_key_value_pairs): of
// URL=http://h/?a=b it makes two variables, and "?" is lost.
func cutShort(text string) (name string, found bool) {
	words, err := (&lexer{posix: true, rest: text}).words()
	if err != nil {
		return "", false // environment has said so
	}
	for chunk := range slices.Chunk(words, 4) {
		if len(chunk) == 4 && chunk[3] != "," {
			return chunk[0], true
		}
	}
	return "", false
}

// Set gives the environment with a variable in it; one that was there keeps its
// place.
func (e Environment) Set(name, value string) Environment {
	for i := range e {
		if e[i].Name == name {
			changed := slices.Clone(e)
			changed[i].Value = value
			return changed
		}
	}
	return append(slices.Clip(e), EnvVar{name, value})
}

// Get finds a variable.
func (e Environment) Get(name string) (value string, found bool) {
	for _, v := range e {
		if v.Name == name {
			return v.Value, true
		}
	}
	return "", false
}

// overlaid gives the environment with another one's variables laid over it.
func (e Environment) overlaid(over Environment) Environment {
	all := slices.Clone(e)
	for _, v := range over {
		all = all.Set(v.Name, v.Value)
	}
	return all
}

// equal does not mind the order.
func (e Environment) equal(other Environment) bool {
	byName := func(a, b EnvVar) int { return cmp.Compare(a.Name, b.Name) }
	return slices.Equal(slices.SortedFunc(slices.Values(e), byName), slices.SortedFunc(slices.Values(other), byName))
}

// inetAddress reads port=: PORT, :PORT, *:PORT, HOST:PORT, [IPV6]:PORT. The host
// is "" for every interface.
func inetAddress(text string) (host string, port int, err error) {
	colon := strings.LastIndex(text, ":")
	if colon < 0 {
		port, err = portNumber(text)
		if err != nil {
			return "", 0, fmt.Errorf("not a valid port number: %s ", supervise.Quote(text))
		}
		return "", port, nil
	}
	host, number := strings.ToLower(text[:colon]), text[colon+1:]
	if number == "" {
		return "", 0, fmt.Errorf("no port number specified in %s", supervise.Quote(number))
	}
	if port, err = portNumber(number); err != nil {
		return "", 0, err
	}
	if host == "*" {
		host = ""
	}
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	}
	return host, port, nil
}

func portNumber(text string) (int, error) {
	port, err := integer(text)
	switch {
	case err != nil:
		return 0, err
	case port < 1:
		return 0, fmt.Errorf("%d is below lower bound (1)", port)
	case port > 65535:
		return 0, fmt.Errorf("%d is above upper bound (65535)", port)
	}
	return port, nil
}

// lengthInBytes reads payload_length=: what the len of an envelope counts.
func lengthInBytes(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "characters":
		return false, nil
	case "bytes":
		return true, nil
	}
	return false, fmt.Errorf("invalid 'payload_length' value %s: neither 'characters' nor 'bytes'", supervise.Quote(text))
}

// history reads metrics_history=: for how long what programs use is remembered
// when nobody looks any more.
func history(text string) (time.Duration, error) {
	switch strings.ToLower(text) {
	case "auto":
		return time.Hour, nil
	case "always":
		return -1, nil
	case "off":
		return 0, nil
	}
	if keep, err := supervise.ParseDuration(text); err == nil {
		return keep, nil
	}
	return 0, fmt.Errorf("invalid 'metrics_history' value %s: expected auto, always, off, or a duration such as 30m", supervise.Quote(text))
}

// sigpipe reads child_sigpipe=: whether children ignore SIGPIPE.
func sigpipe(text string) (ignored bool, err error) {
	switch strings.ToLower(text) {
	case "default":
		return false, nil
	case "ignore":
		return true, nil
	}
	return false, fmt.Errorf("invalid 'child_sigpipe' value %s: neither 'default' nor 'ignore'", supervise.Quote(text))
}
