// Package rpc speaks XML-RPC as Supervisor speaks it, so that clients written
// for the original work unchanged.
//
// Handler answers POST /RPC2. It reads a call with its own decoder (decode.go),
// which is as forgiving as the original's and, unlike it, bounded; finds the
// method in one table (methods.go), which also says what may be asked of whom;
// and writes the answer with its own encoder (value.go), byte for byte as
// Python's xmlrpc.client writes it.
//
// The order in which a call is judged is part of the interface, because clients
// see which fault comes first: the method must exist (UNKNOWN_METHOD), take so
// many arguments (INCORRECT_PARAMETERS), be allowed while supervisord is going
// down (SHUTDOWN_STATE), be allowed to whoever asks (FORBIDDEN, or BAD_NAME for
// what they may not even see), and then the method's own checks follow in the
// order of rpcinterface.py.
//
// The original is written in Python and lets it show: a name that is a number
// is an AttributeError, told as HTTP 500, while a length that is an array is a
// TypeError, told as fault 2. args.go keeps these apart the same way.
//
// The engine is asked through the interface in ports.go. Waiting is the
// engine's: a call that waits holds nothing here but its goroutine, and ends
// when the client goes away.
package rpc
