//go:build unix

package config

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"supervisor/supervise"
)

// people looks at who may come in, those of the users file too. The error is about
// the check itself.
func (c *checker) people() error {
	claimed := map[string]string{}
	c.patterns(c.doc, c.cfg.Accounts)
	c.unixUsers(c.doc, c.cfg.Accounts, claimed)
	file := c.cfg.Supervisord.UsersFile
	if file == "" {
		return nil
	}
	text, err := readUsersFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	c.report.UsersFile = file
	if err != nil {
		c.find(Doubtful, position{File: file}, "", "", "supervisord would start without the accounts of this file: %v", err)
		return nil
	}
	l, err := openAccounts(file, text)
	var accounts []supervise.Account
	if err == nil {
		accounts, err = l.people("user:", "token:")
	}
	var known *Error
	if errors.As(err, &known) {
		c.find(Doubtful, position{known.File, known.Line}, known.Section, known.Option, "supervisord would start without the accounts of this file: %s", known.Text)
		return nil
	}
	if err != nil {
		return fmt.Errorf("check %s: %w", file, err)
	}
	c.patterns(l.doc, accounts)
	c.unixUsers(l.doc, accounts, claimed)
	return nil
}

// unixUsers looks for system users whom this machine does not know, and for those
// who would be several people. Claimed is who has been seen, and whose they are.
func (c *checker) unixUsers(doc *document, accounts []supervise.Account, claimed map[string]string) {
	for _, a := range accounts {
		section := sectionOfAccount(a)
		for _, name := range a.UnixUsers {
			user, err := c.sys.user(name)
			if err != nil {
				c.find(Doubtful, doc.at(section, "unix_users"), section, "unix_users", "this machine knows no user %s", supervise.Quote(name))
				continue
			}
			id := strconv.Itoa(user.UID)
			if first := claimed[id]; first != "" && first != section {
				c.find(Doubtful, doc.at(section, "unix_users"), section, "unix_users", "%s is claimed by [%s] already: one system user is one person", supervise.Quote(name), first)
				continue
			}
			claimed[id] = section
		}
	}
}

// patterns looks for those under which no process is.
func (c *checker) patterns(doc *document, accounts []supervise.Account) {
	for _, a := range accounts {
		section := sectionOfAccount(a)
		for option, list := range map[string][]string{"programs": a.Grant.Programs, "deny": a.Grant.Deny} {
			for _, pattern := range list {
				if pattern != "*" && !c.matchesSome(pattern) {
					c.find(Doubtful, doc.at(section, option), section, option, "%s matches no process of this configuration%s",
						supervise.Quote(pattern), c.meant(pattern))
				}
			}
		}
	}
}

func (c *checker) matchesSome(pattern string) bool {
	return slices.ContainsFunc(c.cfg.Groups, func(g Group) bool {
		return slices.ContainsFunc(g.Processes, func(p Process) bool {
			return supervise.MatchProgram(pattern, supervise.NameSpec{Group: g.Name, Process: p.Name})
		})
	})
}

// meant names the process of a group that a pattern without a colon may be about.
func (c *checker) meant(pattern string) string {
	if strings.Contains(pattern, ":") {
		return ""
	}
	for _, g := range c.cfg.Groups {
		for _, p := range g.Processes {
			if supervise.MatchGlob(pattern, p.Name) {
				return fmt.Sprintf("; a pattern without a colon is about groups: did you mean %s:%s?", g.Name, pattern)
			}
		}
	}
	return ""
}
