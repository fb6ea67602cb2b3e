//go:build unix

package child

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const passwdText = `# a comment
root:x:0:0:root:/root:/bin/bash
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
twin:x:33:44::/:/bin/sh
broken:x:one:2
+::::::
1000:x:1234:1234::/:/bin/sh
short:x:5:6
`

const groupText = `root:x:0:
adm:x:4:www-data,syslog
www-data:x:33:
staff:x:50:root,www-data
bad:x
wheel:x:10:www-data2
`

// town is a system with two files, and a getent that answers from a table and
// counts.
func town(t *testing.T, nsswitch string, answers map[string]string) (*Users, *[]string) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var asked []string
	u := NewUsers(func(_ context.Context, argv ...string) ([]byte, error) {
		key := strings.Join(argv[1:], " ")
		asked = append(asked, key)
		if answers[key] == "hang" {
			return nil, context.DeadlineExceeded
		}
		return []byte(answers[key]), nil
	})
	u.passwd, u.groups, u.nsswitch = write("passwd", passwdText), write("group", groupText), write("nsswitch", nsswitch)
	u.getent = []string{filepath.Join(dir, "gone"), write("getent", "")}
	return u, &asked
}

func TestUsersAreFoundByNameOrByNumber(t *testing.T) {
	u, _ := town(t, "", map[string]string{"passwd ldap": "ldap:*:7000:7001::/:/bin/sh\n", "passwd hung": "hang", "group far": "far:*:8000:\n"})
	for name, want := range map[string]string{
		"root":   "root 0 0",
		"33":     "33 33 33", // the first line wins
		"short":  "short 5 6",
		"ldap":   "ldap 7000 7001",
		"1000":   "Invalid user id 1000", // a number is never a name
		"broken": "Invalid user name broken",
		"nobody": "Invalid user name nobody",
		"-s":     "Invalid user name -s",
		"":       "Invalid user name ",
		"hung":   "look for user hung: context deadline exceeded",
	} {
		got, err := u.User(name)
		text := strings.TrimSpace(strings.Join([]string{got.Name, strconv.Itoa(got.UID), strconv.Itoa(got.GID)}, " "))
		if err != nil {
			text = err.Error()
		}
		if text != want {
			t.Errorf("%q: %s, want %s", name, text, want)
		}
	}
	for name, want := range map[string]string{
		"adm": "4", "50": "50", "far": "8000", "bad": "Invalid group name bad", "51": "Invalid group id 51",
	} {
		gid, err := u.Group(name)
		text := strconv.Itoa(gid)
		if err != nil {
			text = err.Error()
		}
		if text != want {
			t.Errorf("group %q: %s, want %s", name, text, want)
		}
	}
}

func TestACredentialIsThePrimaryGroupAndThenTheMemberships(t *testing.T) {
	for nsswitch, want := range map[string][]uint32{
		"":                               {33, 4, 50},
		"group: files systemd # ldap":    {33, 4, 50},
		"passwd: ldap\ngroup: compat\n":  {33, 4, 50},
		"group:\tfiles [!UNAVAIL] ldap":  {33, 900, 50},
		"group: files sss\npasswd: file": {33, 900, 50},
	} {
		u, _ := town(t, nsswitch, map[string]string{"group": "cloud:*:900:www-data\nstaff:x:50:root,www-data\n"})
		got, err := u.Credential("www-data")
		if want := (Credential{UID: 33, GID: 33, Groups: want, Name: "www-data"}); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v %v, want %+v", nsswitch, got, err, want)
		}
	}
	u, _ := town(t, "", nil)
	if _, err := u.Credential("nobody"); err == nil || err.Error() != "Invalid user name nobody" {
		t.Errorf("%v", err)
	}
}

func TestGetentIsAskedOnceForEach(t *testing.T) {
	u, asked := town(t, "", map[string]string{"passwd hung": "hang"})
	for range 3 {
		for _, name := range []string{"hung", "nobody"} {
			if _, err := u.User(name); err == nil {
				t.Errorf("%s was found", name)
			}
		}
		if _, err := u.User("root"); err != nil {
			t.Error(err)
		}
	}
	if want := []string{"passwd hung", "passwd nobody"}; !slices.Equal(*asked, want) {
		t.Errorf("asked %q, want %q", *asked, want)
	}
}

func TestWithoutGetentThereAreFilesOnly(t *testing.T) {
	u, asked := town(t, "group: ldap", map[string]string{"passwd x": "x:x:1:1:::"})
	u.getent = nil
	if _, err := u.User("x"); err == nil || err.Error() != "Invalid user name x" {
		t.Errorf("%v", err)
	}
	if c, err := u.Credential("root"); err != nil || !slices.Equal(c.Groups, []uint32{0, 50}) {
		t.Errorf("%+v %v", c, err)
	}
	if len(*asked) > 0 {
		t.Errorf("asked %q", *asked)
	}
}

func TestThisSystemsUsersAreFoundWithAndWithoutAHost(t *testing.T) {
	f := found(t)
	alone := NewUsers(nil)
	for _, u := range []*Users{NewUsers(f.Output), alone} {
		root, err := u.User("root")
		if err != nil || root.UID != 0 || root.GID != 0 {
			t.Errorf("%+v %v", root, err)
		}
		if u == alone {
			u.run = func(context.Context, ...string) ([]byte, error) { return nil, nil } // no second reaper beside f
		}
		if _, err := u.User("no-such-user"); err == nil || err.Error() != "Invalid user name no-such-user" {
			t.Errorf("%v", err)
		}
	}
}

func TestACommandWithoutAHostIsReadAndTimed(t *testing.T) {
	if out, err := runAlone(t.Context(), "/bin/sh", "-c", "echo hello; exit 2"); string(out) != "hello\n" || err != nil {
		t.Errorf("%q %v", out, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := runAlone(ctx, "/bin/sh", "-c", "sleep 600"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := runAlone(t.Context(), "/no/such"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func FuzzDatabasesAreReadWithoutPanic(f *testing.F) {
	f.Add(passwdText)
	f.Add(groupText)
	f.Add(":::\n\n#:::\nx:x:99999999999:1\nx:x:-1:1\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, e := range parseAll([]byte(text), parseUser) {
			if e.name == "" || e.uid < 0 || e.gid < 0 {
				t.Errorf("%+v", e)
			}
		}
		for _, g := range parseAll([]byte(text), parseGroup) {
			if g.name == "" || g.gid < 0 || slices.ContainsFunc(g.members, func(m string) bool { return strings.ContainsAny(m, ",:\n") }) {
				t.Errorf("%+v", g)
			}
		}
	})
}
