//go:build unix

package config

import (
	"strings"
	"testing"
)

func TestWhereAPluginAnswersIsAPathOrAnAddressAndNoMore(t *testing.T) {
	for _, tt := range []struct{ text, url, trouble string }{
		{"unix:///run/cache.sock", "unix:///run/cache.sock", ""},
		{"unix:///run/a%3Fb.sock", "unix:///run/a?b.sock", ""},
		{" http://127.0.0.1:9010 ", "http://127.0.0.1:9010/RPC2", ""},
		{"http://[::1]:9010/other", "http://[::1]:9010/other", ""},
		{"https://mail.example", "https://mail.example/RPC2", ""},
		{"http://mail.example:65535/", "http://mail.example:65535/", ""},

		{"unix:///run/cache.sock?a=b", "", "has more than a path"},
		{"unix:///run/cache.sock?", "", "has more than a path"},
		{"unix:///run/cache.sock#a", "", "has more than a path"},
		{"unix://ann@/run/cache.sock", "", "url has a name or a password in it"},
		{"unix://host/run/cache.sock", "", "is no URL of a plug-in"},
		{"unix:run/cache.sock", "", "is no URL of a plug-in"},
		{"http://h/RPC2?a=b", "", "has more than a path"},
		{"http://h/RPC2?", "", "has more than a path"},
		{"http://h/RPC2#a", "", "has more than a path"},
		{"http://ann:secret@h/", "", "url has a name or a password in it"},
		{"http://ann:secret@h:x/", "", "url has a name or a password in it"},
		{"ftp://ann:secret@h/", "", "url has a name or a password in it"},
		{"http://h:99999/", "", "99999 is above upper bound (65535)"},
		{"http://h:0/", "", "0 is below lower bound (1)"},
		{"http://h:99999999999999999999/", "", "99999999999999999999"},
		{"http://h:x/", "", "is no URL"},
		{"http:///RPC2", "", "is no URL of a plug-in"},
		{"ftp://h/", "", "is no URL of a plug-in"},
		{"", "", "is no URL of a plug-in"},
	} {
		got, err := pluginURL(tt.text)
		switch {
		case tt.trouble == "" && (err != nil || got != tt.url):
			t.Errorf("%s: %q, %v", tt.text, got, err)
		case tt.trouble != "" && (err == nil || !strings.Contains(err.Error(), tt.trouble)):
			t.Errorf("%s: %q, %v; want trouble: %s", tt.text, got, err, tt.trouble)
		case err != nil && strings.Contains(err.Error(), "secret"):
			t.Errorf("%s: the error tells the password: %v", tt.text, err)
		}
	}
}
