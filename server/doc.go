// Package server is the house's only door to the network: every listener of the
// configuration, one router behind them all, one lifecycle.
//
//	New      builds the rooms and the route table; nothing is open yet
//	Listen   binds every address, or none
//	Start    serves
//	Stop     lets the last answers go out, closes, and takes its sockets away
//
// Listeners differ in where they are and whom they let in, never in what is
// behind them. Each has a door (server/auth) that goes into the context of its
// connections; the rest of the house only ever sees who is asking.
//
// The route table is in router.go, whole. Every request passes the same
// middleware (middleware.go): it gets a number and a log, a panic becomes an
// answer, bodies and headers have limits of size and time, another site's page
// may not act in a browser's name, and only then is its door asked. Connections
// are counted (crowd.go), so that no client can use up the descriptors that
// programs are started with.
//
// The server knows the engine as the small interfaces of its rooms and nothing
// of how it works; it never imports it.
package server
