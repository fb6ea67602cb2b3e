// Package tail answers GET /logtail/NAME[/CHANNEL] and GET /mainlogtail: the
// last kilobyte of a log, and then everything that is added to it, for as long
// as the client stays. supervisorctl tail -f lives on it.
//
// The writer of the log wakes those who follow it; nothing is polled, and what
// has been written is sent at once, over HTTP/1.0 and 1.1 alike. A follower
// keeps the number of the next byte it wants, which means the same byte after
// rotation and clearing (supervise.Log). One that reads too slowly falls behind
// in the file, not in our memory; where the file has been rotated away before
// it caught up, it is told so in the original's words and goes on with what is
// left.
package tail
