// Package reply turns what a handler found out into the answer a client reads,
// once for the whole house: JSON values, faults with their HTTP status, and the
// small HTML page the original answers errors with.
//
// A handler of this house returns an error instead of writing one. Handler
// makes an http.Handler of it: a supervise.Fault becomes its status and its
// JSON, a Problem the status it carries, a body that was too large 413, and
// anything else is logged here and told to the client as 500 without detail,
// because its text was never meant for them.
//
// Nothing here knows who is asking, or what for.
package reply
