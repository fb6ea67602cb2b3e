package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// followed gives the file that a chain of symbolic links leads to, whether it is
// there or is yet to be made.
func followed(file string) (string, error) {
	real, err := filepath.EvalSymlinks(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return real, err
	}
	target, err := os.Readlink(file)
	if err != nil {
		return file, nil // there is no link: the file is what is not there
	}
	if !filepath.IsAbs(target) {
		target = filepath.Join(filepath.Dir(file), target)
	}
	return followed(target)
}
