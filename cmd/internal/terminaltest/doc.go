// Package terminaltest puts a program at a terminal, with a person at the keyboard
// who waits for what the screen shows before the next key. It is for tests, and for
// Linux: elsewhere it is empty.
package terminaltest
