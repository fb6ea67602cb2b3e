// Package disk owns how a file of ours is written so that it is there whole, or as
// it was before, whatever ends the program or the machine meanwhile.
//
// Replace writes beside the old file and takes its place: it is for what is small
// and written as one, such as a users file, the state of supervisord, a crash
// snapshot. Logs and journals, which grow by appending, are not written this way.
// What a writer left that was killed half way is known by its name
// (IsUnfinished).
//
// It may wait for as long as the disk does: the engine's loop never calls it.
package disk
