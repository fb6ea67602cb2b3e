package server

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sys/unix"

	"supervisor/supervise"
)

// drawer is State in memory.
type drawer struct {
	mu   sync.Mutex
	kept map[string][]byte
}

func (d *drawer) Read(name string) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.kept[name]
}

func (d *drawer) Write(name string, data []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.kept == nil {
		d.kept = map[string][]byte{}
	}
	d.kept[name] = data
	return nil
}

// withPair is an endpoint whose certificate lies in a directory of the test.
func withPair(t *testing.T) (e Endpoint, roots *x509.CertPool) {
	t.Helper()
	dir := t.TempDir()
	e = anyPort
	e.TLSCertificate, e.TLSKey = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	return e, newPair(t, e)
}

// newPair puts a new pair in the place of the one there is, and gives a pool of
// who believes it.
func newPair(t *testing.T, e Endpoint) *x509.CertPool {
	t.Helper()
	made, err := makePair([]string{"localhost", "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	certified, rest := pem.Decode(made)
	put(t, e.TLSCertificate, pem.EncodeToMemory(certified))
	put(t, e.TLSKey, rest)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(made)
	return roots
}

// put replaces a file whole, as those who renew certificates do.
func put(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// clientOf is a browser that believes roots. Each of its requests shakes hands anew.
func clientOf(t *testing.T, roots *x509.CertPool) *http.Client {
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func get(t *testing.T, client *http.Client, url string) (*http.Response, string, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", basic)
	response, err := client.Do(request)
	if err != nil {
		return nil, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body), nil
}

func secureURL(s *Server, i int) string { return "https://" + s.Addrs()[i].String() }

func TestOverTLSEverythingIsAsWithout(t *testing.T) {
	e, roots := withPair(t)
	s, log := start(t, Options{Endpoints: []Endpoint{e}})
	client := clientOf(t, roots)
	response, body, err := get(t, client, secureURL(s, 0)+"/api/v1/processes")
	if err != nil || response.StatusCode != 200 || !strings.Contains(body, `"cat"`) {
		t.Fatalf("%v, %s, %v", response, body, err)
	}
	if response.ProtoMajor != 2 {
		t.Error("not HTTP/2 but", response.Proto)
	}
	if response.Header.Get("Strict-Transport-Security") != "" {
		t.Error("browsers that do not believe the certificate are told to come over TLS only")
	}
	client.CloseIdleConnections()

	dialer := websocket.Dialer{Subprotocols: []string{"supervisor.v1"}, TLSClientConfig: &tls.Config{RootCAs: roots}}
	for origin, want := range map[string]int{secureURL(s, 0): 101, "http://" + s.Addrs()[0].String(): 403} {
		socket, response, err := dialer.DialContext(t.Context(), "wss://"+s.Addrs()[0].String()+"/live", http.Header{"Authorization": {basic}, "Origin": {origin}})
		if response == nil || response.StatusCode != want {
			t.Errorf("a socket of %s: %v, %v, want %d", origin, response, err, want)
		}
		if err == nil {
			socket.Close()
		}
	}

	old := clientOf(t, roots)
	old.Transport.(*http.Transport).TLSClientConfig.MaxVersion = tls.VersionTLS11
	if _, _, err := get(t, old, secureURL(s, 0)+"/ok.html"); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
	if response, body := request(t, "GET", urlOf(s, 0)+"/ok.html", ""); response.StatusCode != 400 || !strings.Contains(body, "HTTP request to an HTTPS server") {
		t.Errorf("plain HTTP is answered %d %s", response.StatusCode, body)
	}
	if want := "[inet_http_server] speaks TLS: fingerprint sha256:"; !strings.Contains(log.String(), want) {
		t.Errorf("no %q in\n%s", want, log)
	}
}

func TestBrowsersThatBelieveTheCertificateShallComeOverTLSOnly(t *testing.T) {
	e, roots := withPair(t)
	s, _ := start(t, Options{Endpoints: []Endpoint{e}, roots: roots})
	response, _, err := get(t, clientOf(t, roots), secureURL(s, 0)+"/")
	if err != nil || response.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("%v, %v", response, err)
	}
}

func TestNobodyIsSentToTLSOnlyByACertificateThatIsBelievedNoMore(t *testing.T) {
	made, err := makePair([]string{"localhost"})
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(made, made)
	if err != nil {
		t.Fatal(err)
	}
	authority := x509.NewCertPool()
	authority.AppendCertsFromPEM(made)
	ends := pair.Leaf.NotAfter
	for _, tt := range []struct {
		name   string
		roots  *x509.CertPool
		at     time.Time
		strict bool
	}{
		{"before it ends", authority, ends.Add(-time.Second), true},
		{"when it has ended", authority, ends, false},
		{"without an authority", x509.NewCertPool(), ends.Add(-time.Hour), false},
	} {
		c := &certificate{roots: tt.roots}
		c.held.Store(&held{pair: &pair, believed: c.believedUntil(&pair)})
		if got := c.strict(tt.at); got != tt.strict {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.strict)
		}
	}
}

// TestADiskThatHangsHoldsUpNobodyWhoComesByTLS has a pipe in the place of the
// certificate: reading it ends when somebody writes to it.
func TestADiskThatHangsHoldsUpNobodyWhoComesByTLS(t *testing.T) {
	e, roots := withPair(t)
	s, _ := start(t, Options{Endpoints: []Endpoint{e}})
	proof := s.open[0].proof
	if err := os.Remove(e.TLSCertificate); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(e.TLSCertificate, 0o600); err != nil {
		t.Fatal(err)
	}
	for hangs := false; !hangs; { // once somebody reads, there is no end to it
		visit(t, s, roots)
		if hangs = !proof.reading.TryLock(); !hangs {
			proof.reading.Unlock()
		}
	}
	visit(t, s, roots)
	if problems := proof.problems(); len(problems) != 0 {
		t.Errorf("problems %v", problems)
	}
	pipe, err := os.OpenFile(e.TLSCertificate, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := pipe.Close(); err != nil {
		t.Fatal(err)
	}
	proof.reading.Lock() // the look is over
	defer proof.reading.Unlock()
	if problems := fmt.Sprint(proof.problems()); !strings.Contains(problems, "cannot be read again") {
		t.Errorf("problems %s", problems)
	}
}

// visit makes a connection of its own and asks for something.
func visit(t *testing.T, s *Server, roots *x509.CertPool) {
	t.Helper()
	client := clientOf(t, roots)
	defer client.CloseIdleConnections()
	client.Timeout = time.Minute
	if _, _, err := get(t, client, secureURL(s, 0)+"/ok.html"); err != nil {
		t.Fatal(err)
	}
}

func TestANewCertificateIsTakenUpAndABadOneIsNot(t *testing.T) {
	e, former := withPair(t)
	s, log := start(t, Options{Endpoints: []Endpoint{e}})
	url := secureURL(s, 0) + "/ok.html"
	accepted := func(roots *x509.CertPool) bool {
		client := clientOf(t, roots)
		defer client.CloseIdleConnections()
		_, _, err := get(t, client, url)
		return err == nil
	}
	until := func(what string, holds func() bool) {
		t.Helper()
		for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("never: ", what)
			}
		}
	}
	if !accepted(former) || len(s.open[0].proof.problems()) != 0 {
		t.Fatal("the first one is not in use", s.open[0].proof.problems())
	}
	latter := newPair(t, e)
	until("the new one is in use", func() bool { return accepted(latter) })
	if accepted(former) {
		t.Error("the former one is still in use")
	}
	put(t, e.TLSCertificate, []byte("half"))
	until("the page says that it cannot be read", func() bool { return strings.Contains(fmt.Sprint(s.open[0].proof.problems()), "cannot be read again") })
	if !accepted(latter) {
		t.Error("a bad file has put the good one out of use")
	}
	last := newPair(t, e)
	until("the last one is in use", func() bool { return accepted(last) })
	if len(s.open[0].proof.problems()) != 0 {
		t.Error("the problem is still told:", s.open[0].proof.problems())
	}
	if n := strings.Count(log.String(), "cannot be read again"); n != 1 {
		t.Errorf("the log says %d times that it could not be read:\n%s", n, log)
	}
	if err := os.Chmod(e.TLSKey, 0o644); err != nil {
		t.Fatal(err)
	}
	until("the page says that anybody can read the key", func() bool { return strings.Contains(fmt.Sprint(s.open[0].proof.problems()), "chmod o-r") })
}

func TestAServerMakesACertificateOfItsOwnAndKeepsIt(t *testing.T) {
	e := anyPort
	e.TLSSelfSigned, e.TrustedHosts = true, []string{"Box.example", "*.corp.example", "b?x"}
	var state drawer
	seen := map[string]bool{}
	for range 2 {
		s, log := start(t, Options{Endpoints: []Endpoint{e, e}, State: &state})
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(state.Read("tls.pem")) {
			t.Fatal("nothing was kept")
		}
		for i := range 2 {
			for _, host := range []string{"127.0.0.1", "localhost"} {
				url := strings.Replace(secureURL(s, i), "127.0.0.1", host, 1)
				if _, _, err := get(t, clientOf(t, roots), url+"/ok.html"); err != nil {
					t.Error(url, err)
				}
			}
		}
		leaf := s.open[0].proof.now().pair.Leaf
		for _, name := range []string{"box.example", "a.corp.example", "::1"} {
			if err := leaf.VerifyHostname(name); err != nil {
				t.Error(err)
			}
		}
		_, rest, _ := strings.Cut(log.String(), "fingerprint sha256:")
		if len(rest) < 64 {
			t.Fatal("no fingerprint in", log)
		}
		seen[rest[:64]] = true
	}
	if len(seen) != 1 {
		t.Error("a restart has changed the fingerprint:", seen)
	}
	state.Write("tls.pem", []byte("spoiled"))
	pair, err := ownPair(&state, []string{"localhost"})
	if err != nil || string(state.Read("tls.pem")) == "spoiled" || seen[strings.TrimPrefix(supervise.Fingerprint(pair.Certificate[0]), "sha256:")] {
		t.Errorf("a spoiled pair is not made anew: %v", err)
	}
}

func TestACertificateThatCannotBeReadIsToldByItsPlace(t *testing.T) {
	e, _ := withPair(t)
	put(t, e.TLSKey, []byte("no key"))
	s, err := New(Options{Endpoints: []Endpoint{e}, Stderr: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(); err == nil || !strings.Contains(err.Error(), "section [inet_http_server]: read tls_certificate="+e.TLSCertificate+" and tls_key="+e.TLSKey) {
		t.Error("got", err)
	}
	stop(t, s)
}
