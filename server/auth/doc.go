// Package auth knows who is asking and what they may do.
//
// Every listener is a Door with its own credentials. The server puts the door
// into the context of each connection; Require, in front of every route, asks
// the door who is there and puts the answer, a Principal, into the context of
// the request. From then on there is one question, Can(principal, verb, name),
// and one place that answers it. Every room asks it before it acts, also while
// the answer is easy: today whoever comes through a door is an administrator,
// as in the original, and users with narrower rights arrive without a handler
// being touched.
//
// The rule is default deny: the zero Principal, a context nobody has filled, a
// verb nobody has heard of, all may do nothing.
//
// A door of a server section accepts HTTP Basic, with the section's password in
// plain text, as {SHA} and hexadecimal digits (http.py
// encrypted_dictionary_authorizer), or as a bcrypt hash. A door without a
// username is open, as in the original, which warns when it starts.
//
// What is never here: sockets, routes, and what the verbs do.
package auth
