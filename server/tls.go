//go:build unix

package server

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"supervisor/server/auth"
	"supervisor/supervise"
)

const (
	ownPairFile  = "tls.pem" // the name of the pair in State
	ownPairYears = 10        // whoever has pinned it would rather not do so again
	renewBefore  = 30 * 24 * time.Hour
	warnBefore   = 14 * 24 * time.Hour
	// lookAgainAfter is how long a new certificate may lie there unseen. Nothing
	// wakes for it: it is looked for when somebody connects.
	lookAgainAfter = time.Second
	// waitForDisk is how long somebody who connects waits for the look.
	waitForDisk = time.Second
	// maxStreams is how much one connection of HTTP/2 may ask for at once.
	maxStreams = 64
)

// certificate is what a listener proves itself with: a pair of files that is
// read again when it changes, or a pair of our own.
type certificate struct {
	section   string
	file, key string         // "" for our own
	roots     *x509.CertPool // nil for the system's
	log       *slog.Logger

	held atomic.Pointer[held]

	reading sync.Mutex // held while the disk works; guards lookAt
	lookAt  time.Time
}

// held is what is known of a certificate. It is never changed once made.
type held struct {
	pair     *tls.Certificate
	believed time.Time // until when browsers of this system believe it; zero if they never did
	stamp    string    // of the files when they were last read
	trouble  string    // why they cannot be read again, "" if they can
	shared   bool      // others may read the key
}

// openCertificate gets the certificate of an endpoint, nil for one without TLS.
func (s *Server) openCertificate(e Endpoint) (*certificate, error) {
	c := &certificate{section: e.Section, file: e.TLSCertificate, key: e.TLSKey, roots: s.options.roots, log: s.log}
	switch {
	case e.TLSSelfSigned:
		pair, err := ownPair(s.options.State, s.names())
		if err != nil {
			return nil, fmt.Errorf("section [%s]: make a certificate: %w", e.Section, err)
		}
		c.held.Store(&held{pair: pair})
		return c, nil
	case e.TLSCertificate == "":
		return nil, nil
	}
	found, err := c.read(held{})
	if err != nil {
		return nil, fmt.Errorf("section [%s]: %w", e.Section, err)
	}
	c.held.Store(&found)
	c.lookAt = time.Now().Add(lookAgainAfter)
	return c, nil
}

// config is how a listener with the certificate speaks TLS.
func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.now().pair, nil },
	}
}

// now gives the certificate as its files have it. While they cannot be used, as
// between the writing of one and of the other, the former one goes on. A disk
// that hangs holds up whoever looks first, for a moment, and nobody else.
func (c *certificate) now() *held {
	if c.file == "" || !c.reading.TryLock() {
		return c.held.Load()
	}
	if time.Now().Before(c.lookAt) {
		c.reading.Unlock()
		return c.held.Load()
	}
	looked := make(chan struct{})
	go func() { // ended by the disk
		defer close(looked)
		defer c.reading.Unlock()
		c.refresh()
		c.lookAt = time.Now().Add(lookAgainAfter)
	}()
	late := time.NewTimer(waitForDisk)
	defer late.Stop()
	select {
	case <-looked:
	case <-late.C:
	}
	return c.held.Load()
}

// refresh is called with reading held.
func (c *certificate) refresh() {
	before := c.held.Load()
	found, err := c.read(*before)
	switch {
	case err == nil && found.stamp == before.stamp && before.trouble == "":
		return
	case err == nil:
		c.log.Info(fmt.Sprintf("read the certificate of [%s] again: fingerprint %s", c.section, supervise.Fingerprint(found.pair.Certificate[0])))
	default:
		found = *before
		if found.trouble = err.Error(); found.trouble != before.trouble {
			c.log.Warn(c.complaint(found.trouble))
		}
	}
	c.held.Store(&found)
}

func (c *certificate) complaint(trouble string) string {
	return fmt.Sprintf("the certificate of [%s] cannot be read again, and the former one is used: %s", c.section, trouble)
}

// read reads the files, unless they are those that were last read with success.
func (c *certificate) read(before held) (held, error) {
	stamp, shared, err := stampOf(c.file, c.key)
	if err != nil || stamp == before.stamp && before.trouble == "" {
		return before, err
	}
	pair, err := tls.LoadX509KeyPair(c.file, c.key)
	if err != nil {
		return before, fmt.Errorf("read tls_certificate=%s and tls_key=%s: %w", c.file, c.key, err)
	}
	return held{pair: &pair, stamp: stamp, shared: shared, believed: c.believedUntil(&pair)}, nil
}

// stampOf changes when one of two files is written or replaced, and tells
// whether others than the owner's group may read the second.
func stampOf(file, key string) (stamp string, shared bool, err error) {
	for _, path := range []string{file, key} {
		var info unix.Stat_t
		if err := unix.Stat(path, &info); err != nil {
			return "", false, fmt.Errorf("look at %s: %w", path, err)
		}
		stamp += fmt.Sprint(info.Ino, info.Size, info.Mtim, info.Ctim, " ")
		shared = info.Mode&0o004 != 0
	}
	return stamp, shared, nil
}

// believedUntil tells until when a pair leads to an authority that this system
// trusts: the zero time if it does not.
func (c *certificate) believedUntil(pair *tls.Certificate) (until time.Time) {
	between := x509.NewCertPool()
	for _, der := range pair.Certificate[1:] {
		if each, err := x509.ParseCertificate(der); err == nil {
			between.AddCert(each)
		}
	}
	// An error is that nobody believes it, which no chain says too.
	chains, _ := pair.Leaf.Verify(x509.VerifyOptions{Roots: c.roots, Intermediates: between})
	for _, chain := range chains {
		ends := chain[0].NotAfter
		for _, each := range chain {
			if each.NotAfter.Before(ends) {
				ends = each.NotAfter
			}
		}
		if ends.After(until) {
			until = ends
		}
	}
	return until
}

// strict tells whether browsers may be told to come over TLS only. With a
// certificate they do not believe they would lock themselves out.
func (c *certificate) strict(now time.Time) bool { return now.Before(c.held.Load().believed) }

// problems says what an administrator should look into.
func (c *certificate) problems() []supervise.Problem {
	held := c.now()
	leaf := held.pair.Leaf
	var all []supervise.Problem
	add := func(p supervise.Problem, format string, args ...any) {
		p.Name, p.Text = c.section, fmt.Sprintf(format, args...)
		all = append(all, p)
	}
	if held.trouble != "" {
		add(supervise.Problem{Code: supervise.CertificateUnread, Why: held.trouble}, "%s", c.complaint(held.trouble))
	}
	if held.shared {
		add(supervise.Problem{Code: supervise.CertificateKeyShared, Place: c.key},
			"everybody on this machine can read tls_key=%s of [%s]: chmod o-r", c.key, c.section)
	}
	switch left := time.Until(leaf.NotAfter); {
	case left <= 0:
		add(supervise.Problem{Code: supervise.CertificateExpired, At: leaf.NotAfter},
			"the certificate of [%s] has expired on %s", c.section, leaf.NotAfter.Format(time.DateOnly))
	case left < warnBefore:
		add(supervise.Problem{Code: supervise.CertificateExpires, At: leaf.NotAfter},
			"the certificate of [%s] expires on %s", c.section, leaf.NotAfter.Format(time.DateOnly))
	}
	return all
}

// ownPair gives the pair that supervisord has made for itself, and makes it if
// there is none yet or its time is over.
func ownPair(state auth.State, names []string) (*tls.Certificate, error) {
	if state != nil {
		kept := state.Read(ownPairFile)
		pair, err := tls.X509KeyPair(kept, kept)
		if err == nil && time.Until(pair.Leaf.NotAfter) > renewBefore {
			return &pair, nil
		}
	}
	made, err := makePair(names)
	if err != nil {
		return nil, err
	}
	if state != nil {
		state.Write(ownPairFile, made)
	}
	pair, err := tls.X509KeyPair(made, made)
	return &pair, err
}

// makePair makes a key and a certificate that it signs itself, for names and
// addresses.
func makePair(names []string) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial.Add(serial, big.NewInt(1)), Subject: pkix.Name{CommonName: "supervisord on " + names[0]},
		NotBefore: now.Add(-24 * time.Hour), NotAfter: now.AddDate(ownPairYears, 0, 0), // clocks differ
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	certified, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return bytes.Join([][]byte{
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certified}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}, nil), nil
}

// names lists what this server may be called by, the machine's name first.
func (s *Server) names() []string {
	all := append(machineNames(), "localhost", "127.0.0.1", "::1")
	for _, e := range s.options.Endpoints {
		for _, name := range append(slices.Clone(e.TrustedHosts), strings.Trim(e.Host, "[]")) {
			if name != "" && !strings.ContainsAny(strings.TrimPrefix(name, "*."), "*?[") {
				all = append(all, strings.ToLower(name))
			}
		}
	}
	// An address that cannot be listed is one that the certificate does without.
	addresses, _ := net.InterfaceAddrs()
	for _, each := range addresses {
		if prefix, err := netip.ParsePrefix(each.String()); err == nil && !prefix.Addr().IsLinkLocalUnicast() {
			all = append(all, prefix.Addr().String())
		}
	}
	first := all[0]
	slices.Sort(all)
	return append([]string{first}, slices.DeleteFunc(slices.Compact(all), func(name string) bool { return name == first })...)
}
