// Package wire is the JSON that browsers see: the frames of the live socket and
// the bodies of the API. Every shape is a struct here; cmd/wirets turns them
// into webui/src/wire/wire.gen.ts, comments and all, so that the two sides
// cannot drift apart: its test fails when that file is stale.
//
// The rules. The wire is dull: a field once sent keeps its name and meaning,
// new ones are added, and readers ignore what they do not know. Times are Unix
// milliseconds of the server's clock, 0 for never. Offsets into logs are logical:
// they count every byte ever appended to that channel and survive rotation,
// clearing and reopening. Numbers stay below 2^53.
//
// A frame is a JSON object whose field "t" names its kind. ServerFrame and
// ClientFrame are the two closed sets. Encode and DecodeClient are the ways in
// and out.
//
// Text of logs need not be UTF-8. Each byte that is not part of a valid sequence
// travels as the lone low surrogate U+DC80 to U+DCFF (Python calls it
// surrogateescape), written as a JSON escape, so that the frame itself is valid
// and the reader can tell, show and rebuild the exact bytes.
//
// convert.go is the only place that turns supervise values into these.
package wire
