package ctl

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"

	"supervisor/supervise"
)

// secured puts TLS on what dial connects to. The one certificate that
// tls_fingerprint names is believed whoever signed it and whatever name it has;
// without, it must be signed by an authority of the system or of tls_ca.
func (s settings) secured(dial dialFunc, host string) (dialFunc, error) {
	config := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if s.tlsCA != "" {
		pool, err := authorities(s.tlsCA)
		if err != nil {
			return nil, err
		}
		config.RootCAs = pool
	}
	if s.tlsFingerprint != "" {
		config.InsecureSkipVerify = true // what is asked of it instead comes next
		config.VerifyConnection = func(state tls.ConnectionState) error {
			return checkFingerprint(state, s.tlsFingerprint)
		}
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		plain, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		encrypted := tls.Client(plain, config)
		if err := encrypted.HandshakeContext(ctx); err != nil {
			_ = plain.Close() // the first error is the one to tell
			return nil, s.explainTLS(err)
		}
		return encrypted, nil
	}, nil
}

// authorities are those of the system and of a file.
func authorities(file string) (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a system without any
	}
	text, err := os.ReadFile(file)
	if err != nil {
		class, _ := classify(err)
		return nil, exception{class, "read tls_ca: " + err.Error()}
	}
	if !pool.AppendCertsFromPEM(text) {
		return nil, exception{"ssl.SSLError", "tls_ca=" + file + " holds no certificate in PEM"}
	}
	return pool, nil
}

// checkFingerprint wants the certificate that somebody has compared before.
func checkFingerprint(state tls.ConnectionState, want string) error {
	if got := supervise.Fingerprint(state.PeerCertificates[0].Raw); got != "sha256:"+want {
		return exception{"ssl.SSLCertVerificationError", "the server has another certificate than tls_fingerprint says: " + got +
			". Unless it was given a new one, somebody stands in between"}
	}
	return nil
}

// explainTLS says why there is no connection, and what to write if there should
// be one.
func (s settings) explainTLS(err error) error {
	var (
		known     exception
		unproven  *tls.CertificateVerificationError
		stranger  x509.UnknownAuthorityError
		misnamed  x509.HostnameError
		plainText tls.RecordHeaderError
		alert     tls.AlertError
	)
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &plainText):
		return exception{"ssl.SSLError", s.serverURL + " does not speak TLS: use http:// in serverurl, or set tls_certificate= of the server"}
	case errors.As(err, &alert):
		return exception{"ssl.SSLError", "the server ends the handshake: " + alert.Error()}
	case !errors.As(err, &unproven):
		return err
	}
	seen := supervise.Fingerprint(unproven.UnverifiedCertificates[0].Raw)
	text := unproven.Err.Error()
	switch {
	case errors.As(err, &stranger):
		text = "nobody this system knows has signed the certificate of " + s.serverURL +
			". If supervisord logs the same fingerprint when it starts, write tls_fingerprint=" + seen +
			" into [supervisorctl]; or name the authority's file with tls_ca="
	case errors.As(err, &misnamed):
		text += ". Use a name of the certificate in serverurl, or write tls_fingerprint=" + seen + " into [supervisorctl]"
	}
	return exception{"ssl.SSLCertVerificationError", text}
}
