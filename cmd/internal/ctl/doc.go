// Package ctl is supervisorctl: it reads a command, asks supervisord over
// XML-RPC, and prints the answer in the words scripts have always parsed.
//
// It owns the command line and its flags, the table of commands with their help
// and exit statuses, the interactive shell with its line editor, and the
// follower behind "tail -f" and "fg". It holds no opinion about processes: every
// answer comes from the server, and the same binary talks to this project's
// supervisord and to the Python original.
//
// The table in commands.go is the one list of commands. The help page, the
// completer and the dispatcher read it, and so will whatever is generated for
// shells and manuals.
//
// A command is a function of the line that follows its name. What it prints goes
// through the printer, which is flushed before every wait so that a person sees
// each line when it is true. What a client of the original saw as a Python
// exception leaves the command as an error and is printed once, by the
// controller, in the original's shape (exception.go).
//
// Exit statuses follow supervisorctl.py:47-62: once a command has set one, later
// successes in the same command do not take it back, and an interactive session
// always ends with 0.
//
// How it is used:
//
//	os.Exit(ctl.Run(os.Args, os.Stdin, os.Stdout, os.Stderr))
package ctl
