package rpc

import (
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"unicode/utf8"
)

// These values come over the wire as what they are, and are something else to the
// original, which is what the methods of ours are given: plain values.
type (
	// long is an <i8>. The original does not know it, and takes its text, which is not
	// empty.
	long struct {
		number int64
		text   string
	}
	// binary is a <base64>. The original has no type for bytes, and reads text.
	binary []byte
	// strange is an element that names a type nobody knows. The original takes its
	// text, or None if it has none.
	strange struct {
		tag   string
		value value
	}
)

// errNoText is told of bytes that a method of ours is given.
var errNoText = errors.New("base64 that is not UTF-8")

// bare is v as the original reads it, but for what is in it; nil stays nil.
func bare(v value) (value, error) {
	switch v := v.(type) {
	case long:
		return text(v.text), nil
	case strange:
		return v.value, nil
	case binary:
		if !utf8.Valid(v) {
			return nil, errNoText
		}
		return text(v), nil
	}
	return v, nil
}

// plain is v as the original reads it. v itself is left as it is.
func plain(v value) (value, error) {
	switch v := v.(type) {
	case array:
		return plainAll(v)
	case object:
		members := make(object, len(v))
		for i, m := range v {
			inside, err := plain(m.value)
			if err != nil {
				return nil, err
			}
			members[i] = member{m.name, inside}
		}
		return members, nil
	}
	return bare(v)
}

// plainAll is plain of each.
func plainAll(list []value) (array, error) {
	all := make(array, len(list))
	for i, v := range list {
		var err error
		if all[i], err = plain(v); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// plain is the call as the original reads it.
func (c call) plain() (call, error) {
	if !c.rare {
		return c, nil
	}
	params, err := plainAll(c.params)
	return call{method: c.method, params: params}, err
}

func (v long) encode(b []byte) []byte {
	b = append(b, "<value><i8>"...)
	b = strconv.AppendInt(b, v.number, 10)
	return append(b, "</i8></value>\n"...)
}

// encode breaks the digits into lines as Python does.
func (v binary) encode(b []byte) []byte {
	const line = 57 // bytes, which are 76 digits
	b = append(b, "<value><base64>\n"...)
	for piece := range slices.Chunk(v, line) {
		b = append(base64.StdEncoding.AppendEncode(b, piece), '\n')
	}
	return append(b, "</base64></value>\n"...)
}

func (v strange) encode(b []byte) []byte { return v.value.encode(b) }
