package ctl

import (
	"bytes"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"supervisor/supervise"
)

func TestAServerThatSpeaksTLSHasToBeKnown(t *testing.T) {
	fake := newFakeServer(t)
	secure := httptest.NewUnstartedServer(http.StripPrefix("/sup", fake.mux()))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshakes that clients end
	secure.StartTLS()
	t.Cleanup(secure.Close)
	dir := t.TempDir()
	ca, empty := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "empty.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	if err := os.WriteFile(ca, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	url, own := secure.URL+"/sup", supervise.Fingerprint(secure.Certificate().Raw)
	_, port := splitPort(strings.TrimPrefix(secure.URL, "https://"))
	for _, tt := range []struct{ name, url, options, has string }{
		{"by its authority", url, "tls_ca=" + ca, "cat                              RUNNING"},
		{"by its fingerprint", url, "tls_fingerprint=" + own, "cat                              RUNNING"},
		{"by its fingerprint as openssl prints it", url, "tls_fingerprint=SHA256:" + colons(strings.TrimPrefix(own, "sha256:")), "cat                              RUNNING"},
		{"by its fingerprint under another name", "https://localhost:" + port + "/sup", "tls_fingerprint=" + own, "cat                              RUNNING"},
		{"not at all", url, "", "write tls_fingerprint=" + own + " into [supervisorctl]; or name the authority's file with tls_ca="},
		{"by another fingerprint", url, "tls_fingerprint=sha256:" + strings.Repeat("0", 64), "another certificate than tls_fingerprint says: " + own},
		{"by its authority under another name", "https://localhost:" + port, "tls_ca=" + ca, "Use a name of the certificate in serverurl, or write tls_fingerprint=" + own},
		{"by a file without authorities", url, "tls_ca=" + empty, "holds no certificate in PEM"},
		{"by a file that is not there", url, "tls_ca=" + dir + "/no", "read tls_ca: open " + dir + "/no: no such file"},
		{"as one that does not speak it", strings.Replace(fake.URL, "http:", "https:", 1), "", "does not speak TLS: use http:// in serverurl"},
		{"as one that does not have it", strings.Replace(secure.URL, "https:", "http:", 1), "", "speaks TLS: use https:// in serverurl"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(dir, "supervisord.conf")
			if err := os.WriteFile(file, []byte("[supervisorctl]\nserverurl="+tt.url+"\n"+tt.options+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			var out, errout bytes.Buffer
			runWithoutTerminal([]string{"supervisorctl", "-c", file, "status"}, strings.NewReader(""), &out, &errout)
			if printed := out.String() + errout.String(); !strings.Contains(printed, tt.has) {
				t.Errorf("printed %s, want %s", printed, tt.has)
			}
		})
	}
}

// colons writes digits in pairs, in capitals.
func colons(digits string) string {
	var pairs []string
	for i := 0; i < len(digits); i += 2 {
		pairs = append(pairs, strings.ToUpper(digits[i:i+2]))
	}
	return strings.Join(pairs, ":")
}

func TestALogIsFollowedOverTLS(t *testing.T) {
	fake := newFakeServer(t)
	secure := httptest.NewTLSServer(fake.mux())
	t.Cleanup(secure.Close)
	file := filepath.Join(t.TempDir(), "supervisord.conf")
	if err := os.WriteFile(file, []byte("[supervisorctl]\nserverurl="+secure.URL+"\ntls_fingerprint="+supervise.Fingerprint(secure.Certificate().Raw)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errout bytes.Buffer
	runWithoutTerminal([]string{"supervisorctl", "-c", file, "maintail", "-f"}, strings.NewReader(""), &out, &errout)
	if !strings.Contains(out.String(), "==> Press Ctrl-C to exit <==\nlog\n") {
		t.Errorf("printed %s %s", out.String(), errout.String())
	}
}
