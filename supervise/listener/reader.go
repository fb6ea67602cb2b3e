package listener

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"supervisor/supervise"
)

// Length says what supervisord counts in the len of a header. Supervisor counts
// characters; this supervisord does so too, unless the section of the listener
// has payload_length=bytes.
type Length int

const (
	// LengthFromEnvironment is bytes if SUPERVISOR_PAYLOAD_LENGTH says "bytes",
	// which supervisord sets for listeners with payload_length=bytes, and
	// characters otherwise. It is right unless something between supervisord and
	// the listener changes the environment.
	LengthFromEnvironment Length = iota
	LengthInCharacters
	LengthInBytes
)

// inBytes settles what the environment says.
func (l Length) inBytes() bool {
	if l == LengthFromEnvironment {
		return os.Getenv("SUPERVISOR_PAYLOAD_LENGTH") == "bytes"
	}
	return l == LengthInBytes
}

// maxHeader is more than any header has: a few names and numbers.
const maxHeader = 64 << 10

// reader takes events from a stream, however it is cut.
type reader struct {
	in      *bufio.Reader
	inBytes bool
}

func newReader(in io.Reader, length Length) *reader {
	return &reader{in: bufio.NewReaderSize(in, maxHeader), inBytes: length.inBytes()}
}

// next waits for a whole event. io.EOF is the end where one may be; an end within
// an event is io.ErrUnexpectedEOF, wrapped.
func (r *reader) next() (Event, error) {
	line, err := r.in.ReadSlice('\n')
	switch {
	case errors.Is(err, io.EOF) && len(line) == 0:
		return Event{}, io.EOF
	case errors.Is(err, io.EOF):
		return Event{}, fmt.Errorf("read the header of an event: %w", io.ErrUnexpectedEOF)
	case errors.Is(err, bufio.ErrBufferFull):
		return Event{}, fmt.Errorf("read the header of an event: no newline within %d bytes: %s", maxHeader, excerpt(line))
	case err != nil:
		return Event{}, fmt.Errorf("read the header of an event: %w", err)
	}
	event, length, err := parseHeader(strings.TrimSuffix(string(line), "\n"))
	if err != nil {
		return Event{}, err
	}
	event.Payload, err = r.payload(length)
	if err != nil {
		return Event{}, fmt.Errorf("read the payload of event %d: %w", event.Serial, err)
	}
	return event, nil
}

// parseHeader knows the tokens by their names, as the protocol says, and does not
// mind others.
func parseHeader(line string) (event Event, length int64, err error) {
	if !strings.HasPrefix(line, "ver:") {
		return Event{}, 0, fmt.Errorf("read the header of an event: %s does not begin with ver:"+
			" (if it is the end of a payload, Options.Length is not what supervisord counts)", excerpt([]byte(line)))
	}
	token := tokens(line)
	number := func(key string) int64 {
		n, wrong := strconv.ParseInt(token[key], 10, 64)
		if err == nil && (wrong != nil || n < 0) {
			err = fmt.Errorf("read the header of an event: %s has no %s that is a number from 0", excerpt([]byte(line)), key)
		}
		return n
	}
	event = Event{
		Version: token["ver"], Server: token["server"], Pool: token["pool"], Type: supervise.EventType(token["eventname"]),
		Serial: number("serial"), PoolSerial: number("poolserial"),
	}
	length = number("len")
	return event, length, err
}

// payload keeps no more than has come, whatever the length says.
func (r *reader) payload(length int64) (string, error) {
	var text strings.Builder
	if r.inBytes {
		_, err := io.CopyN(&text, r.in, length)
		return text.String(), unexpected(err)
	}
	for ; length > 0; length-- {
		if err := r.character(&text); err != nil {
			return "", unexpected(err)
		}
	}
	return text.String(), nil
}

// character takes one character. A byte that is part of none counts as one, but
// the beginning of one, at the end of the stream, is an end within an event.
func (r *reader) character(text *strings.Builder) error {
	c, size, err := r.in.ReadRune()
	if err != nil {
		return err
	}
	if c != utf8.RuneError || size > 1 {
		text.WriteRune(c)
		return nil
	}
	if err := r.in.UnreadRune(); err != nil {
		return err
	}
	rest, err := r.in.Peek(min(r.in.Buffered(), utf8.UTFMax))
	if err == nil && !utf8.FullRune(rest) {
		return io.EOF
	}
	b, err := r.in.ReadByte()
	text.WriteByte(b)
	return err
}

// unexpected is what an end within an event is.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// excerpt shows the beginning of what came, as Python would.
func excerpt(line []byte) string {
	const enough = 120
	if len(line) > enough {
		return supervise.QuoteBytes(line[:enough]) + "..."
	}
	return supervise.QuoteBytes(line)
}
