// Package engine owns every state there is, and time.
//
// One goroutine, the loop, holds all processes, groups, pools, deadlines and
// waiters. Others send it messages and hold copies of what it answers. What it
// has shown last and still holds is read without asking it (shown.go); nothing
// else of the loop's is ever shared.
//
// A turn takes one message to quiet:
//
//  1. the clock is read, once;
//  2. every deadline that has come fires, in the order of time, group priority,
//     process priority and name, before the message is looked at;
//  3. the message is handled: a machine steps, and its effects are carried out,
//     first in first out, until none is left (settle). What is announced is
//     numbered and published at once, and offered to the listener pools;
//  4. a shutdown goes on to its next group if the last one is down;
//  5. waiters whose wish has come true are told;
//  6. pools hand events to listeners that are ready;
//  7. one timer is armed for the nearest deadline.
//
// What the order promises: state is assigned, then announced, in one breath. The
// last words of a child are in its log before its exit is seen. EXITED is
// announced before the STARTING that follows it. Groups start in ascending and
// stop in descending order of priority. Nothing starts once supervisord is
// going down. Before anybody is told that the last process of a FastCGI program is
// down for good, nobody can connect to it any more.
//
// The loop never waits. What could block has a helper: births (finding the
// command, opening logs, forking) the launcher and the host's spawner; reading
// pipes and writing logs the pumps; the main log the journal; reading the
// configuration the caller's own goroutine. They answer by message.
//
// Commands may be called from any goroutine. A fault that a client may see is a
// supervise.Fault; any other error means the engine has ended or the context is
// done.
package engine
