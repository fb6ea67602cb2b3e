// Package scrape answers GET /metrics in the text format of Prometheus (0.0.4):
// how the processes are, what they use, and how the pools of event listeners keep
// up, for monitoring.
//
// Everybody is told of the processes they may see, so what a token reads here is
// what it may view. A scrape is a look at the measurements: from the first on they
// go on, each ten seconds, for as long as somebody scrapes at least every other
// minute. What is not measured has no line: there are no invented zeros.
package scrape
