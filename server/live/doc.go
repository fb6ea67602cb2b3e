// Package live keeps browsers up to date over one WebSocket each. It owns what
// each browser has been told, and nothing else: commands come over HTTP, and
// what is true is the engine's.
//
// The hub follows the engine's feed once, for everybody. It keeps the table of
// processes with each row encoded once, and with the rows in the order of their
// last change. That order is the whole outbox: a session remembers the number it
// was last told, and its next delta is the rows at the end of the list with a
// higher one. However slow a reader is, it costs the server one integer, and it
// always gets the newest row and never an old one.
//
// A session is two goroutines: a reader, which decodes what the browser sends,
// and a writer, which owns the socket and all the session's state. The reader
// hands frames to the writer over an unbuffered channel, so a browser that does
// not read cannot make us remember what it asks.
//
// What happens, to processes and by people, is kept once as well, the last thousand
// of it: topic "events" is a place in that list, and who is further behind is told
// that something is missing.
//
// Logs are never queued. A subscription is an offset; when its reader has
// credit, the next bytes are read from the log itself. One follower for each
// watched log, whatever the number of viewers, waits for growth and does the
// reading, so that a disk that hangs holds up this one log and nothing else.
//
// Who may see what is asked of auth.Can for every row and every log: a process
// somebody may not see does not exist for them.
package live
