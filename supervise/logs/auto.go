package logs

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"

	"supervisor/supervise"
)

// AutoMode is the mode of automatic logs.
const AutoMode fs.FileMode = 0o600

// AutoName creates the file of an automatic log, empty, and gives its path: the
// original's names, of which other programs know the pattern (options.py
// get_autochildlog_name). It touches the disk.
func AutoName(childlogdir, process string, channel supervise.Channel, identifier string) (string, error) {
	for {
		path := filepath.Join(childlogdir, fmt.Sprintf("%s-%s---%s-%s.log", process, channel, identifier, autoLetters()))
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, AutoMode)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("create automatic log: %w", err)
		}
		return path, f.Close()
	}
}

// autoLetters makes a name unlike others; O_EXCL makes it safe.
func autoLetters() string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789_"
	var name [8]byte
	for i := range name {
		name[i] = letters[rand.IntN(len(letters))]
	}
	return string(name[:])
}

// CleanAuto removes the automatic logs that an earlier supervisord of this
// identifier left, with their backups, and gives warnings for the main log in
// the original's words (options.py clear_autochildlogdir). Its pattern takes the
// identifier literally and the name to its end, where the original's would also
// take the logs of one whose identifier begins with ours.
func CleanAuto(childlogdir, identifier string) (warnings []string) {
	entries, err := os.ReadDir(childlogdir)
	if err != nil {
		return []string{"Could not clear childlog dir"}
	}
	ours := regexp.MustCompile(`(?s)^.+---` + regexp.QuoteMeta(identifier) + `-[A-Za-z0-9_]{6,8}\.log(\.\d{1,4})?$`)
	for _, entry := range entries {
		if !ours.MatchString(entry.Name()) {
			continue
		}
		path := filepath.Join(childlogdir, entry.Name())
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			warnings = append(warnings, "Failed to clean up "+supervise.Quote(path))
		}
	}
	return warnings
}
