//go:build unix

package chain

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// maxFiles is how many files of one trail are looked for.
const maxFiles = 1000

// File is one file of the trail, open to be read.
type File struct {
	*os.File
	name string // without its directory
	Size int64  // when it was opened; what comes later is not looked at
}

// Name is what a file is called n rotations after it was written.
func Name(path string, n int) string {
	if n == 0 {
		return path
	}
	return path + "." + strconv.Itoa(n)
}

// Files opens every file there is, the newest first: also those behind one that is
// missing, so that it is missed. Names must not change meanwhile. Whoever calls it
// closes them.
func Files(path string) (all []File, err error) {
	numbers, err := rotations(path)
	if err != nil {
		return nil, fmt.Errorf("read the trail: %w", err)
	}
	for _, n := range numbers {
		file, err := Open(Name(path, n))
		if errors.Is(err, fs.ErrNotExist) {
			continue // between a rotation and the first line after it
		}
		if err != nil {
			Close(all)
			return nil, fmt.Errorf("read the trail: %w", err)
		}
		all = append(all, file)
	}
	return all, nil
}

// rotations lists how often each file beside path was rotated, itself first.
func rotations(path string) ([]int, error) {
	beside, err := os.ReadDir(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	numbers := []int{0}
	for _, f := range beside {
		suffix, found := strings.CutPrefix(f.Name(), filepath.Base(path)+".")
		n, err := strconv.Atoi(suffix)
		if found && err == nil && 0 < n && n < maxFiles && strconv.Itoa(n) == suffix {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// Close closes files that were only read.
func Close(files []File) {
	for _, f := range files {
		f.Close()
	}
}

// Open opens one of the files to be read.
func Open(path string) (File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return File{}, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file", path)
	}
	if err != nil {
		f.Close() // the first error is the one to tell
		return File{}, err
	}
	return File{f, filepath.Base(path), info.Size()}, nil
}
