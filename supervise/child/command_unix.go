//go:build unix

package child

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"supervisor/supervise"
)

// DefaultPath is searched where no PATH is set (options.py get_path).
const DefaultPath = "/bin:/usr/bin:/usr/local/bin"

// ErrNoCommand marks the error of FindCommand that means "no such file"; its
// other errors mean "there, but not to be executed".
var ErrNoCommand = errors.New("no such command")

// FindCommand turns the first word of a command into the file to execute, by
// Supervisor's rules (process.py get_execv_args): a word with a slash is taken
// as it is; else the first directory of path that has such a name decides, even
// if what is there cannot be executed. The errors are spawnerr texts. It touches
// the disk, so it is not for the engine's loop.
func FindCommand(word, path string) (string, error) {
	file := word
	info, err := os.Stat(word)
	if !strings.Contains(word, "/") {
		file, info, err = searchPath(word, path)
	}
	switch {
	case err != nil:
		return "", commandError{"can't find command " + supervise.Quote(word), ErrNoCommand}
	case info.IsDir():
		return "", fmt.Errorf("command at %s is a directory", supervise.Quote(file))
	case info.Mode().Perm()&0o111 == 0:
		return "", fmt.Errorf("command at %s is not executable", supervise.Quote(file))
	case unix.Access(file, unix.X_OK) != nil:
		return "", fmt.Errorf("no permission to run command %s", supervise.Quote(file))
	}
	return file, nil
}

func searchPath(word, path string) (string, os.FileInfo, error) {
	if path == "" {
		path = DefaultPath
	}
	for _, dir := range filepath.SplitList(path) {
		file := word // as Python's os.path.join: nothing cleaned, no slash doubled
		switch {
		case strings.HasSuffix(dir, "/"):
			file = dir + word
		case dir != "":
			file = dir + "/" + word
		}
		if info, err := os.Stat(file); err == nil {
			return file, info, nil
		}
	}
	return "", nil, os.ErrNotExist
}

// commandError keeps the original's text to the letter while errors.Is still
// tells its kind.
type commandError struct {
	text string
	kind error
}

func (e commandError) Error() string { return e.text }
func (e commandError) Unwrap() error { return e.kind }
