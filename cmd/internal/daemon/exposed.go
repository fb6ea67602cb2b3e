//go:build unix

package daemon

import (
	"fmt"
	"net"
	"strconv"

	"supervisor/supervise"
	"supervisor/supervise/config"
)

// exposures says which servers are open to more people than an administrator may
// think.
func exposures(servers []config.HTTPServer) []supervise.Problem {
	var all []supervise.Problem
	for _, s := range servers {
		if s.Exposed {
			all = append(all, supervise.Problem{
				Code: supervise.ServerOpen, Name: s.Section, Place: place(s),
				Text: fmt.Sprintf("everybody who reaches %s can start and stop programs: add a [user:x] section, or username= and password= to [%s], or listen on 127.0.0.1",
					place(s), s.Section),
			})
		}
		if problem, is := overheard(s); is {
			all = append(all, problem)
		}
	}
	return all
}

// overheard says that passwords cross a network in the clear, false if they do
// not: where only this machine listens, over TLS, behind a proxy of ours, which is
// expected to see to it, or where it is written down that this is meant.
func overheard(s config.HTTPServer) (supervise.Problem, bool) {
	if s.Unix || s.Loopback() || s.TLSCertificate != "" || len(s.TrustedProxies) > 0 && !s.TrustsStrangers() || s.Insecure {
		return supervise.Problem{}, false
	}
	return supervise.Problem{
		Code: supervise.ServerInClear, Name: s.Section, Place: place(s),
		Text: fmt.Sprintf("[%s] speaks HTTP without TLS on %s, so passwords can be overheard: set tls_certificate=auto, or listen on 127.0.0.1", s.Section, place(s)),
	}, true
}

func place(s config.HTTPServer) string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }
