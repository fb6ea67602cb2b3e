package ctl

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// hints say more about a server that cannot be reached than the one line scripts
// match: who said that it is there, whatever went wrong on the way, and what to do
// where that is known. They are none for errors of another kind.
func (c *controller) hints(err error) []string {
	path, unix := strings.CutPrefix(c.settings.serverURL, "unix://")
	var unknown *net.DNSError
	var advice string
	switch {
	case errors.Is(err, syscall.ENOENT) && unix:
		advice = "there is no such socket: supervisord is not running, or listens elsewhere"
	case errors.Is(err, syscall.ECONNREFUSED) && unix:
		advice = "nobody listens at that socket: it was left behind by a supervisord that has ended"
	case errors.Is(err, syscall.ECONNREFUSED):
		advice = "nothing listens there: supervisord is not running, or has no [inet_http_server] at that port"
	case errors.Is(err, syscall.EACCES) && unix:
		return []string{c.origin(), admission(path)}
	case errors.As(err, &unknown):
		return []string{c.origin(), "the name " + unknown.Name + " has no address"}
	case unauthorized(err):
		return []string{c.origin(), c.credentials()}
	case errors.As(err, new(unreached)), errors.As(err, new(protocolError)):
		return []string{c.origin()}
	default:
		return nil
	}
	if elsewhere := c.elsewhere(); elsewhere != "" {
		return []string{c.origin(), advice, elsewhere}
	}
	return []string{c.origin(), advice}
}

// origin says where the URL comes from.
func (c *controller) origin() string {
	return "the address " + c.settings.serverURL + " is " + c.settings.urlFrom
}

// elsewhere says where a supervisord of the same file would be, "" if that is no help.
func (c *controller) elsewhere() string {
	s := c.settings
	listens := "a supervisord of " + s.configFile + " listens at " + strings.Join(s.serves, " and ")
	switch {
	case s.configFile == "" && s.urlGiven:
		return ""
	case s.configFile == "":
		return "name its configuration with -c FILE, or its address with -s URL"
	case slices.Contains(s.serves, s.serverURL):
		return "start it with: supervisord -c " + s.configFile
	case len(s.serves) == 0:
		return s.configFile + " has no [unix_http_server] and no [inet_http_server], so that its supervisord could not be reached"
	case s.urlGiven:
		return listens
	}
	return listens + ": correct serverurl= of [supervisorctl], or give -s"
}

// credentials says which user the server did not take, and how to name another.
func (c *controller) credentials() string {
	s := c.settings
	if s.authenticate {
		from := ""
		if s.userFrom != "" {
			from = " " + s.userFrom
		}
		return fmt.Sprintf("the server does not accept user %s%s with the password given", s.username, from)
	}
	where := "a configuration file"
	if s.configFile != "" {
		where = s.configFile
	}
	return "the server wants a user: set username= and password= of [supervisorctl] in " + where + ", or give -u and -p"
}

// admission says whom a socket admits.
func admission(path string) string {
	const remedy = "run supervisorctl as a user it admits, or change chmod= or chown= of [unix_http_server]"
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Sprintf("you are %s, and a directory on the way to the socket does not admit you", userName(os.Geteuid()))
	}
	owner := "another user"
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		owner = userName(int(stat.Uid)) + ":" + groupName(int(stat.Gid))
	}
	return fmt.Sprintf("you are %s, and the socket belongs to %s with mode %04o: %s",
		userName(os.Geteuid()), owner, info.Mode().Perm(), remedy)
}

// userName is the name of a user, or the number of one without.
func userName(uid int) string {
	if found, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return found.Username
	}
	return strconv.Itoa(uid)
}

func groupName(gid int) string {
	if found, err := user.LookupGroupId(strconv.Itoa(gid)); err == nil {
		return found.Name
	}
	return strconv.Itoa(gid)
}

// advise prints hints where a person reads them, and not twice in a row. Standard
// error of a script stays as it is with the original.
func (c *controller) advise(hints []string) {
	text := strings.Join(hints, "\n  ")
	if !c.watched || text == "" || text == c.advice {
		return
	}
	c.advice = text
	c.out.Flush()
	fmt.Fprintf(c.errout, "  %s\n", text)
}
