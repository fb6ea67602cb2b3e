package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// Encode gives the text of a frame, its kind first. It cannot fail: frames are
// made of what always encodes.
func Encode(f ServerFrame) []byte { return encode(f.Kind(), f) }

// EncodeClient gives the text of a frame a client sends.
func EncodeClient(f ClientFrame) []byte { return encode(f.Kind(), f) }

func encode(kind string, frame any) []byte {
	body, err := json.Marshal(frame)
	if err != nil {
		panic(fmt.Errorf("encode frame %q: %w", kind, err))
	}
	out := make([]byte, 0, len(body)+len(kind)+8)
	out = append(out, `{"t":"`...)
	out = append(out, kind...)
	out = append(out, '"')
	if len(body) > len("{}") {
		out = append(out, ',')
	}
	return append(out, body[1:]...)
}

// ErrUnknownKind is answered for a frame of a kind this version does not know:
// one from the future, to be ignored.
var ErrUnknownKind = errors.New("unknown kind of frame")

// DecodeClient reads a frame a browser sent. Fields it does not know are
// ignored.
func DecodeClient(text []byte) (ClientFrame, error) {
	var head struct {
		T string `json:"t"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, fmt.Errorf("read frame: %w", err)
	}
	switch head.T {
	case "hello":
		return decode[Hello](text)
	case "sub":
		return decode[Sub](text)
	case "set":
		return decode[Set](text)
	case "ack":
		return decode[Ack](text)
	case "unsub":
		return decode[Unsub](text)
	case "ping":
		return decode[Ping](text)
	}
	return nil, fmt.Errorf("%w: %.40q", ErrUnknownKind, head.T)
}

func decode[F ClientFrame](text []byte) (ClientFrame, error) {
	var f F
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, fmt.Errorf("read frame %q: %w", f.Kind(), err)
	}
	return f, nil
}

func appendUint(dst []byte, n uint64) []byte { return strconv.AppendUint(dst, n, 10) }
