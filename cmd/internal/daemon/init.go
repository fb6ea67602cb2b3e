//go:build unix

package daemon

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

//go:embed minimal.conf
var minimalConf []byte

// initConfig writes a commented minimal configuration into a directory, which is
// made if need be, with a password of its own. A file that is there already is
// left alone.
func initConfig(dir string, std Streams) int {
	path := filepath.Join(dir, "supervisord.conf")
	password := rand.Text()
	if err := writeNew(dir, path, bytes.ReplaceAll(minimalConf, []byte("{password}"), []byte(password))); err != nil {
		fmt.Fprintf(std.Err, "Error: %s\n", err)
		return exitUsage
	}
	fmt.Fprintf(std.Out, "Wrote %[1]s.\nRun it with:    supervisord -n -c %[1]s\nThen look at:   http://localhost:9001/\nas the user:    admin, password %[2]s\n", path, password)
	return exitOK
}

func writeNew(dir, path string, text []byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already; move it away or name another directory", path)
	}
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Close())
}
