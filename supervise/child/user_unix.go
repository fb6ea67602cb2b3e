//go:build unix

package child

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// User is somebody of this system.
type User struct {
	Name     string // as it was asked for: a name, or a number
	UID, GID int    // GID is the primary group
	Home     string
}

// Runner runs a helper command and gives its stdout: (*OSHost).Output once there
// is a host.
type Runner func(ctx context.Context, argv ...string) ([]byte, error)

// Users answers who is who on this system without the C library: from
// /etc/passwd and /etc/group, and from getent for those who live elsewhere
// (LDAP, say). It may be used by several goroutines; a lookup may take as long
// as getent is given, so never by the loop.
type Users struct {
	run            Runner
	passwd, groups string // files
	nsswitch       string
	getent         []string // where it may be

	mu    sync.Mutex // guards cache
	cache map[string]answer
}

// answer is what getent said, kept a while: a configuration names one user many
// times, and a directory that is down must not be asked for each.
type answer struct {
	text []byte
	err  error
	at   time.Time
}

const (
	getentTimeout  = 5 * time.Second
	getentRemember = time.Minute
)

// NewUsers gives a Users that runs getent with run. Without one it is a plain
// child of this process, which is right only while there is no host: its Reap
// would take it.
func NewUsers(run Runner) *Users {
	if run == nil {
		run = runAlone
	}
	return &Users{
		run:      run,
		passwd:   "/etc/passwd",
		groups:   "/etc/group",
		nsswitch: "/etc/nsswitch.conf",
		getent:   []string{"/usr/bin/getent", "/bin/getent", "/usr/local/bin/getent"},
		cache:    map[string]answer{},
	}
}

// User finds a user by name, or by id when the text is a number. The error of one
// who does not exist is worded as the original's (datatypes.py name_to_uid).
func (u *Users) User(nameOrID string) (User, error) {
	entry, err := u.userEntry(nameOrID)
	if err != nil {
		return User{}, err
	}
	return User{Name: nameOrID, UID: entry.uid, GID: entry.gid, Home: entry.home}, nil
}

// LoginName gives the name of a user by id, "" for one who has none.
func (u *Users) LoginName(uid int) string {
	entry, err := u.userEntry(strconv.Itoa(uid))
	if err != nil {
		return ""
	}
	return entry.name
}

// Group finds a group likewise (datatypes.py name_to_gid).
func (u *Users) Group(nameOrID string) (gid int, err error) {
	id, byID := number(nameOrID)
	entry, err := find(u, u.groups, "group", nameOrID, parseGroup, func(g groupEntry) bool {
		if byID { // the original takes any number for an id
			return g.gid == id
		}
		return g.name == nameOrID
	})
	switch {
	case err == nil:
		return entry.gid, nil
	case !errors.Is(err, errNobody):
		return 0, fmt.Errorf("look for group %s: %w", nameOrID, err)
	case byID:
		//lint:ignore ST1005 the original's words
		return 0, fmt.Errorf("Invalid group id %s", nameOrID)
	}
	//lint:ignore ST1005 the original's words
	return 0, fmt.Errorf("Invalid group name %s", nameOrID)
}

// Credential gives whom a child of that user becomes: the primary group first,
// then every group whose list of members names the user (options.py
// drop_privileges).
func (u *Users) Credential(nameOrID string) (Credential, error) {
	entry, err := u.userEntry(nameOrID)
	if err != nil {
		return Credential{}, err
	}
	all, err := u.allGroups()
	if err != nil {
		return Credential{}, fmt.Errorf("look for the groups of %s: %w", entry.name, err)
	}
	c := Credential{UID: uint32(entry.uid), GID: uint32(entry.gid), Groups: []uint32{uint32(entry.gid)}, Name: nameOrID}
	for _, g := range all {
		if slices.Contains(g.members, entry.name) {
			c.Groups = append(c.Groups, uint32(g.gid))
		}
	}
	return c, nil
}

// userEntry finds the line of a user; the errors are User's.
func (u *Users) userEntry(nameOrID string) (userEntry, error) {
	id, byID := number(nameOrID)
	entry, err := find(u, u.passwd, "passwd", nameOrID, parseUser, func(e userEntry) bool {
		if byID {
			return e.uid == id
		}
		return e.name == nameOrID
	})
	switch {
	case err == nil:
		return entry, nil
	case !errors.Is(err, errNobody):
		return userEntry{}, fmt.Errorf("look for user %s: %w", nameOrID, err)
	case byID:
		//lint:ignore ST1005 the original's words
		return userEntry{}, fmt.Errorf("Invalid user id %s", nameOrID)
	}
	//lint:ignore ST1005 the original's words
	return userEntry{}, fmt.Errorf("Invalid user name %s", nameOrID)
}

// allGroups lists the groups of the file, or of the whole system where that
// keeps groups elsewhere too.
func (u *Users) allGroups() ([]groupEntry, error) {
	text, err := readMaybe(u.groups)
	if err != nil {
		return nil, err
	}
	if u.onlyFiles("group") {
		return parseAll(text, parseGroup), nil
	}
	everything, err := u.ask("group", "")
	if errors.Is(err, errNobody) {
		return parseAll(text, parseGroup), nil
	}
	if err != nil {
		return nil, err
	}
	return parseAll(everything, parseGroup), nil
}

// onlyFiles says whether database is kept in files alone, by nsswitch.conf.
// Where there is no such file, or no such line, files are all there is.
func (u *Users) onlyFiles(database string) bool {
	text, err := readMaybe(u.nsswitch)
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		name, sources, _ := strings.Cut(line, ":")
		if strings.TrimSpace(name) != database {
			continue
		}
		for _, source := range strings.Fields(sources) {
			switch source {
			case "files", "compat", "db", "systemd", "altfiles":
			default:
				if !strings.HasPrefix(source, "[") {
					return false
				}
			}
		}
	}
	return true
}

// errNobody says that a database has no such entry.
var errNobody = errors.New("there is no such entry")

// find looks for an entry in file, then asks getent.
func find[E any](u *Users, file, database, key string, parse func(string) (E, bool), fits func(E) bool) (entry E, err error) {
	text, err := readMaybe(file)
	if err != nil {
		return entry, err
	}
	if entry, ok := first(text, parse, fits); ok {
		return entry, nil
	}
	text, err = u.ask(database, key)
	if err != nil {
		return entry, err
	}
	if entry, ok := first(text, parse, fits); ok {
		return entry, nil
	}
	return entry, errNobody
}

// ask gives getent's answer, "" for the whole database, and remembers it.
func (u *Users) ask(database, key string) ([]byte, error) {
	if strings.HasPrefix(key, "-") {
		return nil, errNobody // no name begins so, and getent would take it for an option
	}
	argv := []string{database}
	if key != "" {
		argv = append(argv, key)
	}
	known := strings.Join(argv, " ")
	u.mu.Lock()
	a, ok := u.cache[known]
	u.mu.Unlock()
	if ok && time.Since(a.at) < getentRemember {
		return a.text, a.err
	}
	text, err := u.askNow(argv)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.cache[known] = answer{text, err, time.Now()}
	return text, err
}

func (u *Users) askNow(argv []string) ([]byte, error) {
	i := slices.IndexFunc(u.getent, func(path string) bool {
		info, err := os.Stat(path)
		return err == nil && !info.IsDir()
	})
	if i < 0 {
		return nil, errNobody // then there is nobody but those in files
	}
	ctx, cancel := context.WithTimeout(context.Background(), getentTimeout)
	defer cancel()
	text, err := u.run(ctx, append([]string{u.getent[i]}, argv...)...)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, errNobody
	}
	return text, nil
}

// runAlone runs a command as a plain child of this process.
func runAlone(ctx context.Context, argv ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.WaitDelay = 100 * time.Millisecond // for a child of its own that holds stdout
	out, err := cmd.Output()
	var exited *exec.ExitError
	if errors.As(err, &exited) && ctx.Err() == nil {
		return out, nil // how it exits does not matter: see OSHost.Output
	}
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", argv[0], errors.Join(ctx.Err(), err))
	}
	return out, nil
}

// userEntry is a line of passwd.
type userEntry struct {
	name     string
	uid, gid int
	home     string
}

func parseUser(line string) (userEntry, bool) {
	fields := strings.Split(line, ":")
	if len(fields) < 4 || fields[0] == "" {
		return userEntry{}, false
	}
	uid, okUID := number(fields[2])
	gid, okGID := number(fields[3])
	entry := userEntry{name: fields[0], uid: uid, gid: gid}
	if len(fields) > 5 {
		entry.home = fields[5]
	}
	return entry, okUID && okGID
}

// groupEntry is a line of group.
type groupEntry struct {
	name    string
	gid     int
	members []string
}

func parseGroup(line string) (groupEntry, bool) {
	fields := strings.Split(line, ":")
	if len(fields) < 3 || fields[0] == "" {
		return groupEntry{}, false
	}
	gid, ok := number(fields[2])
	entry := groupEntry{name: fields[0], gid: gid}
	if len(fields) > 3 && fields[3] != "" {
		entry.members = strings.Split(fields[3], ",")
	}
	return entry, ok
}

// first gives the first entry that fits. Lines that are none (comments, the "+"
// of NIS) are passed over.
func first[E any](text []byte, parse func(string) (E, bool), fits func(E) bool) (entry E, ok bool) {
	for _, entry := range parseAll(text, parse) {
		if fits(entry) {
			return entry, true
		}
	}
	return entry, false
}

func parseAll[E any](text []byte, parse func(string) (E, bool)) (entries []E) {
	for line := range strings.Lines(string(text)) {
		if entry, ok := parse(strings.TrimRight(line, "\r\n")); ok && !strings.HasPrefix(line, "#") {
			entries = append(entries, entry)
		}
	}
	return entries
}

// number reads an id: what fits the kernel's 32 bits.
func number(text string) (int, bool) {
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 32)
	return int(n), err == nil
}

// readMaybe reads a file that may not be there.
func readMaybe(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return text, err
}
