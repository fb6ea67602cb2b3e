//go:build unix

package metrics

import (
	"bytes"
	"errors"
	"time"
)

var errStat = errors.New("not the text of a /proc/PID/stat")

// tick is the unit of times in /proc/PID/stat: USER_HZ, which is 100 for programs
// on every system that Go runs on, whatever the kernel's own.
const tick = time.Second / 100

// parseStat reads /proc/PID/stat (proc_pid_stat(5)) without a copy. The second
// field is the name in parentheses, which may hold anything: parentheses, blanks
// and numbers too; so the fields are counted from the last ")".
func parseStat(text []byte, pageSize int64) (proc, error) {
	p := proc{file: noFile}
	open, closed := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open < 2 || closed < open || closed+4 > len(text) {
		return p, errStat
	}
	pid, ok := number(text[:open-1])
	if !ok {
		return p, errStat
	}
	p.pid = int32(pid)
	p.zombie = text[closed+2] == 'Z' || text[closed+2] == 'X'
	rest := text[closed+4:]
	for field := 4; field <= 24; field++ {
		var word []byte
		word, rest, _ = bytes.Cut(rest, blank)
		n, ok := number(bytes.TrimRight(word, "\n"))
		if !ok {
			return p, errStat
		}
		switch field {
		case 4:
			p.ppid = int32(n)
		case 5:
			p.group = int32(n)
		case 6:
			p.session = int32(n)
		case 14, 15: // utime, stime
			p.own += time.Duration(n) * tick
		case 16, 17: // cutime, cstime
			p.buried += time.Duration(n) * tick
		case 20:
			p.threads = int32(n)
		case 22:
			p.start = uint64(n)
		case 24:
			p.memory = n * pageSize
		}
	}
	return p, nil
}

var blank = []byte{' '}

// number reads a decimal number, which may be negative. One that does not fit
// wraps, as addresses do that nobody asks for.
func number(text []byte) (int64, bool) {
	negative := len(text) > 0 && text[0] == '-'
	if negative {
		text = text[1:]
	}
	if len(text) == 0 {
		return 0, false
	}
	var n int64
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	if negative {
		return -n, true
	}
	return n, true
}
