package disk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Replace writes a file beside the old one, for its owner alone, and puts it
// in its place: no reader sees half of it, and neither does who comes after the
// power has failed, for both the file and its new name are on the disk when it
// returns. A symbolic link of that name is replaced, not followed.
func Replace(file string, text []byte) error {
	dir := filepath.Dir(file)
	part, err := os.CreateTemp(dir, "."+filepath.Base(file)+".*") // 0600, and new; see IsUnfinished
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

// IsUnfinished tells whether a file of this name was begun by Replace, and left
// by somebody who ended before it was whole. Only who is alone in the directory
// may remove it: others may be about to finish theirs.
func IsUnfinished(name string) bool {
	last := strings.LastIndexByte(name, '.')
	if last < 2 || name[0] != '.' || last == len(name)-1 {
		return false
	}
	return strings.Trim(name[last+1:], "0123456789") == ""
}
