//go:build unix && !darwin && !solaris && !illumos

package child

// peakUnit is what ru_maxrss is counted in: kilobytes on Linux and the BSDs.
func peakUnit() int64 { return 1 << 10 }
