// Command bench measures our supervisord and supervisorctl against the original
// Supervisor, as whole programs, and prints ratios:
//
//	go run ./bench                    every row but those of 3000 programs
//	go run ./bench -rows 'boot|rpc'   the rows whose name matches
//	go run ./bench -long -runs 5      all rows, five pairs of runs
//
// Absolute figures move with the machine and with what else it is doing, so a
// figure is worth something only beside its twin: both programs are given the
// same configuration and the same children, one straight after the other, and
// which of them comes first changes from pair to pair. A ratio is the median of
// the ratios of the pairs; the goals (rows.go) are ratios too, and bounds where
// the original has nothing to compare with.
//
// A scenario (scenario.go) is a configuration and the steps measured on one
// life of a daemon that runs it; a step yields the figures of one or more rows.
// What runs under the daemons costs next to nothing: two children of a few
// dozen instructions (tiny.go), and for the rows that need more this program
// itself, under another first argument (puppet.go).
//
// Everything is read from outside, in /proc and on the daemon's own unix
// socket. There the kernel wakes nobody, so the bench looks again and again;
// each such loop has an end, and looks often enough for what it measures.
//
// Nothing here is imported by the product, and nothing of the product is
// imported here.
package main
