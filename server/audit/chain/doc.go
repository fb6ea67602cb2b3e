// Package chain is what the files of the trail are, for who writes them and for
// who checks them: lines of JSON that each carry the hash of the one before, in a
// file and those it was rotated to. It opens files to be read, writes none, and
// knows neither who did what nor who may know it; that is room audit's.
package chain
