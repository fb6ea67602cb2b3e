package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
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
		return nil, fmt.Errorf("read frame: %w", expected(err))
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
		return nil, fmt.Errorf("read frame %q: %w", f.Kind(), expected(err))
	}
	return f, nil
}

// expected says of a value that does not fit its field what would, in words of
// JSON rather than of Go; any other error it leaves as it is.
func expected(err error) error {
	var misfit *json.UnmarshalTypeError
	if !errors.As(err, &misfit) {
		return err
	}
	field := misfit.Field
	if field == "" {
		field = "frame"
	}
	return fmt.Errorf("%s: %s was expected", field, kindOf(misfit.Type))
}

// kindOf names what JSON must have for a Go type.
func kindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number of 0 or more"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	case reflect.Slice, reflect.Array:
		return "a list"
	}
	return "an object"
}

func appendUint(dst []byte, n uint64) []byte { return strconv.AppendUint(dst, n, 10) }
