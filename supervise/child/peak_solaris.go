package child

import "os"

// peakUnit is what ru_maxrss is counted in: here it is pages, as far as the
// system fills it in at all.
func peakUnit() int64 { return int64(os.Getpagesize()) }
