//go:build unix

package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// ReplaceFile writes a file beside the old one, for its owner alone, and puts it
// in its place: no reader sees half of it, and neither does who comes after the
// power has failed, for both the file and its new name are on the disk when it
// returns. A symbolic link of that name is replaced, not followed.
func ReplaceFile(file string, text []byte) error {
	dir := filepath.Dir(file)
	part, err := os.CreateTemp(dir, "."+filepath.Base(file)+".*") // 0600, and new
	if err != nil {
		return err
	}
	_, err = part.Write(text)
	err = errors.Join(err, part.Sync(), part.Close())
	if err == nil {
		err = os.Rename(part.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part.Name()))
	}
	return syncDir(dir)
}

// syncDir brings the names in a directory to the disk, where the file system
// knows of that.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	err = f.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	return errors.Join(err, f.Close())
}

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
