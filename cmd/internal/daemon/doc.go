// Package daemon is supervisord: it reads the command line, builds the house in
// one straight line, gives signals their meaning, and takes everything down
// again. It is the one room that knows both the engine and the server.
//
// The order of a start is the original's (supervisord.py main), with one
// exception: the pidfile is locked and the doors are opened before anything is
// written or removed, so that a second instance started by mistake finds out
// before it has touched a file of the first.
//
//	read the configuration      a mistake ends here, status 2
//	become user=, raise limits
//	lock the pidfile, open the doors
//	open the main log
//	remove old automatic logs, make the groups
//	directory, umask; write the pidfile; serve
//	let go of the terminal and of who started it
//	run until told to stop; from RESTARTING, once more from the third line
package daemon
