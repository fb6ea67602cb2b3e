package logs

import "bytes"

// lineMax is where a line too long for a syslog message is cut.
const lineMax = 8 << 10

// lines cuts a stream into lines, wherever reads cut it.
type lines struct {
	rest []byte // the beginning of a line
}

// feed gives on every line that has ended, without its end.
func (l *lines) feed(p []byte, line func([]byte)) {
	for {
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			break
		}
		l.give(p[:end], line)
		p = p[end+1:]
	}
	l.rest = append(l.rest, p...)
	for len(l.rest) > lineMax {
		line(l.rest[:lineMax])
		l.rest = l.rest[:copy(l.rest, l.rest[lineMax:])]
	}
}

// finish gives on a last line that has no end.
func (l *lines) finish(line func([]byte)) {
	if len(l.rest) > 0 {
		l.give(nil, line)
	}
	l.rest = nil
}

func (l *lines) give(p []byte, line func([]byte)) {
	if len(l.rest) > 0 {
		l.rest = append(l.rest, p...)
		p = l.rest
	}
	for len(p) > lineMax {
		line(p[:lineMax])
		p = p[lineMax:]
	}
	line(p)
	l.rest = l.rest[:0]
}
