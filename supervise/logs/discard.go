//go:build unix

package logs

import "os"

// Discard closes a channel that was made for a process which is not to be after
// all, and takes back the file of its automatic log. Should that fail, the next
// start of supervisord sweeps it out. May block: not for the loop.
func (c *Channel) Discard(auto bool) {
	path := c.Path()
	c.Close()
	if auto && path != "" {
		_ = os.Remove(path)
	}
}
