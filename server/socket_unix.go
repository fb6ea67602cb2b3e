//go:build unix

package server

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// listenUnix binds a socket so that it appears at its path ready made: with its
// mode and owner, and listening. It is made within a directory only we can
// enter, so that nobody connects before it has the mode it is meant to have,
// and without the process's umask, which programs being started share.
//
// A socket that somebody listens on is left alone, also when two of us start at
// the same moment: a lock beside the path keeps them apart while they look.
func listenUnix(e Endpoint, stderr io.Writer) (net.Listener, func() error, error) {
	if tooLong(e.Path) {
		return nil, nil, syscall.ENAMETOOLONG // it could be made, but nobody could connect to it
	}
	unlock, err := lockPath(e.Path + ".lock")
	if err != nil {
		return nil, nil, err
	}
	defer unlock()
	if err := clear(e.Path, stderr); err != nil {
		return nil, nil, err
	}
	dir, err := privateDir(filepath.Dir(e.Path))
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(dir)
	made := filepath.Join(dir, "s")
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: made, Net: "unix"})
	if err != nil {
		return nil, nil, err
	}
	listener.SetUnlinkOnClose(false) // it would remove the name it was made under
	remove, err := publish(e, made)
	if err != nil {
		return nil, nil, errors.Join(err, listener.Close())
	}
	return listener, remove, nil
}

// tooLong tells whether the system has no room for the path in an address.
func tooLong(path string) bool { return len(path) >= len(unix.RawSockaddrUnix{}.Path) }

// publish gives a socket its mode and owner, and then its place.
func publish(e Endpoint, made string) (remove func() error, err error) {
	if err := unix.Chmod(made, uint32(e.Mode)); err != nil {
		return nil, &fs.PathError{Op: "chmod", Path: made, Err: err}
	}
	if err := chown(e, made); err != nil {
		return nil, err
	}
	mine, err := os.Lstat(made)
	if err != nil {
		return nil, err
	}
	// A link never replaces what is there; a file system without links has to
	// do with a rename.
	if err := os.Link(made, e.Path); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil, syscall.EADDRINUSE
		}
		if err := os.Rename(made, e.Path); err != nil {
			return nil, err
		}
	}
	return func() error { return removeSame(e.Path, mine) }, nil
}

// clear makes sure that nothing is at path. What nobody listens on is removed;
// a file that is no socket is not ours to remove, though the original would.
func clear(path string, stderr io.Writer) error {
	there, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if there.Mode().IsRegular() || there.IsDir() {
		return fmt.Errorf("%s is not a socket", path)
	}
	conn, err := net.Dial("unix", path)
	if err == nil {
		_ = conn.Close() // it was only to see whether somebody is there
		return syscall.EADDRINUSE
	}
	if !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, fs.ErrNotExist) {
		return syscall.EADDRINUSE // somebody too busy to answer, or not for us to ask
	}
	fmt.Fprintf(stderr, "Unlinking stale socket %s\n", path)
	return os.Remove(path)
}

// privateDir makes a directory in parent that only we can enter. Its name is
// short, because the path of a socket may not be long.
func privateDir(parent string) (string, error) {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	for {
		name := []byte(".12345")
		for i := 1; i < len(name); i++ {
			name[i] = letters[rand.IntN(len(letters))]
		}
		dir := filepath.Join(parent, string(name))
		if err := os.Mkdir(dir, 0o700); !errors.Is(err, fs.ErrExist) {
			return dir, err
		}
	}
}

// chownError says that a socket cannot be given away, in the original's words
// (http.py supervisor_af_unix_http_server).
type chownError struct {
	path     string
	uid, gid int
	err      error
}

func (e *chownError) Error() string {
	return fmt.Sprintf("Not permitted to chown %s to uid/gid (%d, %d); adjust \"sockchown\" value in config file or "+
		"on command line to values that the current user (%s) can successfully chown", e.path, e.uid, e.gid, userName())
}

func (e *chownError) Unwrap() error { return e.err }

func userName() string {
	id := strconv.Itoa(os.Geteuid())
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

func chown(e Endpoint, made string) error {
	if e.UID < 0 && e.GID < 0 {
		return nil
	}
	err := os.Lchown(made, e.UID, e.GID)
	if errors.Is(err, syscall.EPERM) {
		return &chownError{e.Path, e.UID, e.GID, err}
	}
	return err
}

// lockPath holds a lock file at path until unlock, which removes it too.
func lockPath(path string) (unlock func(), err error) {
	for {
		file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
		if err != nil {
			return nil, err
		}
		if err := lockFile(file); err != nil {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), file.Close())
		}
		mine, err := file.Stat()
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
		there, err := os.Lstat(path)
		if err == nil && os.SameFile(mine, there) {
			return func() {
				// Whoever waits for the lock finds the file gone, and makes it anew.
				_ = os.Remove(path)
				_ = file.Close()
			}, nil
		}
		_ = file.Close() // the holder before us removed it while we waited
	}
}

// removeSame removes the file at path if it is still the one that was put there.
func removeSame(path string, mine fs.FileInfo) error {
	there, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(mine, there) {
		return nil
	}
	if err != nil {
		return err
	}
	return os.Remove(path)
}
