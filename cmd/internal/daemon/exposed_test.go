//go:build unix

package daemon

import (
	"net/netip"
	"strings"
	"testing"

	"supervisor/supervise/config"
)

func TestServersThatAreOpenToMoreThanOneThinksAreTold(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for _, tt := range []struct {
		name   string
		server config.HTTPServer
		want   []string
	}{
		{"a socket", config.HTTPServer{Unix: true, Path: "/s"}, nil},
		{"this machine only", config.HTTPServer{Host: "127.0.0.1", Port: 1}, nil},
		{"everybody, and openly", config.HTTPServer{Port: 1, Exposed: true}, []string{"everybody who reaches :1 ", "can be overheard"}},
		{"everybody who knows the password, and openly", config.HTTPServer{Host: "::", Port: 1, HasAuth: true}, []string{"on [::]:1, so passwords can be overheard"}},
		{"everybody, over TLS", config.HTTPServer{Port: 1, Exposed: true, TLSCertificate: "auto"}, []string{"everybody who reaches :1 "}},
		{"over TLS", config.HTTPServer{Port: 1, HasAuth: true, TLSCertificate: "/c"}, nil},
		{"behind a proxy", config.HTTPServer{Port: 1, HasAuth: true, TrustedProxies: proxies}, nil},
		{"as was meant", config.HTTPServer{Port: 1, Insecure: true}, nil},
	} {
		got := exposures([]config.HTTPServer{tt.server})
		if len(got) != len(tt.want) {
			t.Errorf("%s: %+v", tt.name, got)
			continue
		}
		for i := range got {
			if !strings.Contains(got[i].Text, tt.want[i]) {
				t.Errorf("%s: %q, want %q", tt.name, got[i].Text, tt.want[i])
			}
		}
	}
}
