// Package supervisor carries the built web page inside the binaries.
package supervisor

import (
	"embed"
	"io/fs"
)

//go:embed all:webui/dist
var dist embed.FS

// WebUI gives the files Vite wrote to webui/dist. Before the first build it
// holds nothing but a placeholder, and the server says how to make the page.
func WebUI() fs.FS {
	sub, err := fs.Sub(dist, "webui/dist")
	if err != nil { // cannot be: the directory is named in the line above
		panic(err)
	}
	return sub
}
