package server

import (
	"context"
	"crypto/x509"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"time"

	"supervisor/server/api"
	"supervisor/server/audit"
	"supervisor/server/auth"
	"supervisor/server/former"
	"supervisor/server/live"
	"supervisor/server/rpc"
	"supervisor/server/scrape"
	"supervisor/server/tail"
	"supervisor/supervise"
)

// Engine is what all rooms together need of whoever keeps the processes.
type Engine interface {
	api.Engine
	live.Engine
	rpc.Engine
	tail.Engine
}

// Metrics is what all rooms together need of whoever measures what processes use.
type Metrics interface {
	api.Metrics
	live.Metrics
	scrape.Metrics
}

// Endpoint is one listener of the configuration.
type Endpoint struct {
	Section string // unix_http_server, inet_http_server:two ...

	Unix     bool
	Path     string      // of the socket, if Unix
	Mode     fs.FileMode // of the socket, in the bits of chmod(2)
	UID, GID int         // who shall own it; -1 leaves it

	Host string // else: "", "*", a name or an address of either family
	Port int    // 0 takes any

	HasAuth  bool
	Username string
	Password string // plain, {SHA} and hexadecimal digits, or a bcrypt hash
	File     string // where the password is written
	Line     int

	MapUsers          bool           // of a socket: system users have the rights of their accounts
	TrustedProxies    []netip.Prefix // whose word on the address and the user of a request counts
	ForwardAuthHeader string         // in which they name the user; "" for none
	BasePath          string         // where browsers see the server, with its last slash; "" stands for /
	TrustedHosts      []string       // patterns of names by which browsers may call it
	Label, Colour     string         // by which its page is told from others; "" for none

	// LegacyActions obeys the addresses of the original's page that start and
	// stop things.
	LegacyActions bool

	// With a certificate the server speaks TLS only.
	TLSCertificate, TLSKey string // files, read again when they change
	TLSSelfSigned          bool   // instead of them: a pair the server makes and keeps in State
}

// Options of a server.
type Options struct {
	Endpoints []Endpoint // opened in this order
	Stderr    io.Writer  // told of stale sockets; nil for the process's own
	// MaxConnections is how many may be open at once, on all listeners
	// together; 0 stands for 1,024. A cap keeps clients from using up the
	// descriptors that programs are started with.
	MaxConnections int

	// Who may come in. The zero values are nobody but by the endpoints' usernames.
	Accounts                     []supervise.Account  // of the configuration
	Users                        auth.Store           // the users file; nil for none
	State                        auth.State           // where sessions and the server's own certificate outlive it; nil for memory
	SessionIdle, SessionLifetime time.Duration        // 0 stands for the defaults
	LoginName                    func(uid int) string // of a system user; nil for no names

	roots *x509.CertPool // whom browsers believe; nil for whom this system does
}

// House is what stands behind the doors. It comes after them: a supervisord
// finds out that it is the second one by its doors, before it has touched
// anything the first one uses.
type House struct {
	Engine Engine
	// Metrics measures what processes use; nil for nobody.
	Metrics Metrics
	// History remembers lives and crashes of processes; nil where nobody does.
	History api.History
	Static  fs.FS        // the page; may be empty
	Logger  *slog.Logger // nil for none
	// Namespaces are those XML-RPC offers beside system: "supervisor", unless
	// the configuration leaves it out.
	Namespaces []string
	// Plugins are more namespaces of XML-RPC.
	Plugins []rpc.Plugin
	// Problems says what an administrator should look into; nil for nothing.
	Problems func() []supervise.Problem
	// Files gives the configuration as it stands on the disk, without its secrets;
	// nil where nobody reads it.
	Files func() (supervise.ConfigView, error)
	// OpenFiles is how many descriptors this process may have; nil where nobody knows.
	OpenFiles func() (int64, error)
	// Trail is told of every change and of every attempt that is refused; nil for
	// none. Whoever made it closes it, after Stop.
	Trail *audit.Log
	// Secrets are the variables whose values are not shown unless asked for.
	Secrets supervise.Secrets
}

// Server is made by New, and used in the order Listen, Start, Stop.
type Server struct {
	options  Options
	house    House
	log      *slog.Logger
	page     *page
	calls    *rpc.Handler
	auth     *auth.Authenticator
	crowd    *crowd
	open     []*opened
	cleanups []cleanup

	closing  context.Context // done once Stop begins: streams end
	close    context.CancelFunc
	requests sync.WaitGroup // at work
}

// opened is an endpoint that is bound.
type opened struct {
	listener net.Listener
	server   *http.Server
	proof    *certificate // nil without TLS
}

// cleanup undoes one thing; they run last in, first out.
type cleanup struct {
	name string
	run  func(context.Context) error
}

// New builds a server. It fails on credentials that cannot be checked.
func New(options Options) (*Server, error) {
	s := &Server{options: options, log: slog.New(slog.DiscardHandler)}
	if s.options.Stderr == nil {
		s.options.Stderr = os.Stderr
	}
	if s.options.MaxConnections == 0 {
		s.options.MaxConnections = 1024
	}
	for _, e := range options.Endpoints {
		if e.MapUsers && !knowsPeers {
			return nil, fmt.Errorf("section [%s]: map_users=true: this system does not tell whose process is at the other end of a socket", e.Section)
		}
	}
	var err error
	if s.auth, err = auth.New(s.authOptions(options)); err != nil {
		return nil, err
	}
	s.later("write down the sessions", func(context.Context) error { s.auth.Sessions.Flush(); return nil })
	s.closing, s.close = context.WithCancel(context.Background())
	s.crowd = newCrowd(s.options.MaxConnections)
	return s, nil
}

func (s *Server) authOptions(o Options) auth.Options {
	all := auth.Options{
		Accounts: o.Accounts, Store: o.Users, State: o.State, SessionIdle: o.SessionIdle, SessionLifetime: o.SessionLifetime,
		LoginName: o.LoginName, UID: os.Geteuid(), Witness: s.witness,
	}
	for _, e := range o.Endpoints {
		section := auth.Section{
			Name: e.Section, Unix: e.Unix, File: e.File, Line: e.Line, MapUsers: e.MapUsers,
			Proxies: e.TrustedProxies, Header: e.ForwardAuthHeader, BasePath: e.BasePath,
		}
		if e.HasAuth {
			section.Username, section.Password = e.Username, e.Password
		}
		all.Sections = append(all.Sections, section)
	}
	return all
}

// witness tells the trail what happens at the doors.
func (s *Server) witness(ctx context.Context, seen auth.Incident) { s.house.Trail.Saw(ctx, seen) }

// Listen binds every endpoint. If one cannot be bound, those before it are
// closed again, and the error is worded as the original words it.
func (s *Server) Listen() error {
	for i, e := range s.options.Endpoints {
		proof, err := s.openCertificate(e)
		if err != nil {
			return errors.Join(err, s.clean(context.Background()))
		}
		listener, remove, err := listen(e, s.options.Stderr)
		if err != nil {
			return errors.Join(worded(e, err), s.clean(context.Background()))
		}
		s.later("remove the socket of "+e.Section, func(context.Context) error { return remove() })
		s.add(e, s.auth.Doors()[i], listener, proof)
	}
	return nil
}

// add readies a listener for Start; proof is nil without TLS.
func (s *Server) add(e Endpoint, door *auth.Door, listener net.Listener, proof *certificate) {
	front := newFront(e, proof)
	server := &http.Server{
		ReadHeaderTimeout: 5 * time.Second,
		MaxHeaderBytes:    16 << 10,
		IdleTimeout:       idleTimeout(e),
		ConnState:         noteState,
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			if e.LegacyActions {
				ctx = former.Obey(ctx)
			}
			ctx = withGuest(ctx, conn)
			return withFront(auth.AtDoor(ctx, door, peerUID(conn)), front)
		},
	}
	if proof != nil {
		server.TLSConfig = proof.config()
		server.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: maxStreams}
	}
	s.open = append(s.open, &opened{s.crowd.guard(listener, e.Unix), server, proof})
	s.later("close "+e.Section, func(ctx context.Context) error { return shutdown(ctx, server, listener) })
}

// idleTimeout is how long a connection may rest between two requests. The
// original's shell keeps one open for as long as its user thinks, and crashes
// when it is closed; so local ones may rest for ever, and others for as long as
// the original lets them. When there are too many, those at rest go first.
func idleTimeout(e Endpoint) time.Duration {
	if e.Unix {
		return 0
	}
	return 30 * time.Minute
}

// shutdown ends one listener: no new connections, the answers at work go out,
// and what has not ended when ctx does is cut.
func shutdown(ctx context.Context, server *http.Server, listener net.Listener) error {
	err := server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, server.Close())
	}
	// A server that was never started does not know its listener.
	if closed := listener.Close(); closed != nil && !errors.Is(closed, net.ErrClosed) {
		err = errors.Join(err, closed)
	}
	return err
}

// Start serves what Listen has bound, and returns. From here on the engine is
// asked, so it must be running, or about to. It fails on a page that does not
// say where its parts go.
func (s *Server) Start(house House) error {
	if err := s.moveIn(house); err != nil {
		return err
	}
	hub := live.New(live.Options{
		Engine: house.Engine, Metrics: house.Metrics, Problems: s.problems, Trail: s.house.Trail, Opened: s.auth.Opened, Log: s.log, Again: s.auth.Again, Changed: s.auth.Changed,
	})
	s.later("say goodbye to browsers", hub.Close)
	handler := s.router(hub)
	for _, o := range s.open {
		if o.proof != nil { // before anybody asks for problems, of which all have some
			o.proof.log = s.log
		}
	}
	for _, o := range s.open {
		s.begin(o, handler)
	}
	return nil
}

// moveIn takes what stands behind the doors.
func (s *Server) moveIn(house House) (err error) {
	s.house = house
	if house.Logger != nil {
		s.log = house.Logger
	}
	s.auth.Begin(s.log)
	if house.Static == nil {
		s.house.Static = embed.FS{}
	}
	s.calls = rpc.New(house.Engine).Offer(house.Namespaces...).Hide(house.Secrets).Tell(house.Trail)
	if err := s.calls.Extend(house.Plugins...); err != nil {
		return err
	}
	s.page, err = spa(s.house.Static, house.Engine.Identity)
	return err
}

// begin has a listener served.
func (s *Server) begin(o *opened, handler http.Handler) {
	o.server.Handler = handler
	o.server.ErrorLog = slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)
	if o.proof != nil {
		s.log.Info(fmt.Sprintf("[%s] speaks TLS: fingerprint %s", o.proof.section, supervise.Fingerprint(o.proof.now().pair.Certificate[0])))
	}
	// Ended by shutdown, which Stop calls.
	go func() {
		if err := o.serve(); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("serve HTTP", "address", o.listener.Addr().String(), "err", err)
		}
	}()
}

func (o *opened) serve() error {
	if o.proof != nil {
		return o.server.ServeTLS(o.listener, "", "") // the certificate is in its TLSConfig
	}
	return o.server.Serve(o.listener)
}

// problems is what an administrator should look into, also of what is ours.
func (s *Server) problems() []supervise.Problem {
	var all []supervise.Problem
	if s.house.Problems != nil {
		all = s.house.Problems()
	}
	for _, o := range s.open {
		if o.proof != nil {
			all = append(all, o.proof.problems()...)
		}
	}
	return append(all, s.auth.Problems()...)
}

// Stop ends streams at once, lets other answers go out until ctx is done, and
// leaves nothing behind: no goroutine, no connection, no socket file.
func (s *Server) Stop(ctx context.Context) error {
	s.close()
	s.auth.Close()
	s.crowd.dismiss()
	err := s.clean(ctx)
	return errors.Join(err, s.settle(ctx))
}

// settle waits for the handlers, also those whose connection net/http no longer
// counts as its own.
func (s *Server) settle(ctx context.Context) error {
	over := make(chan struct{})
	go func() {
		s.requests.Wait()
		close(over)
	}()
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the last requests: %w", ctx.Err())
	}
}

// Addrs tells where the server listens, in the order of the endpoints; with
// port 0, which port it was given.
func (s *Server) Addrs() []net.Addr {
	addrs := make([]net.Addr, len(s.open))
	for i, o := range s.open {
		if e := s.options.Endpoints[i]; e.Unix {
			addrs[i] = &net.UnixAddr{Name: e.Path, Net: "unix"}
			continue
		}
		addrs[i] = o.listener.Addr()
	}
	return addrs
}

// later has run called by Stop, after all that is said later.
func (s *Server) later(name string, run func(context.Context) error) {
	s.cleanups = append(s.cleanups, cleanup{name, run})
}

// clean runs every cleanup, the last first.
func (s *Server) clean(ctx context.Context) error {
	var errs []error
	for len(s.cleanups) > 0 {
		last := s.cleanups[len(s.cleanups)-1]
		s.cleanups = s.cleanups[:len(s.cleanups)-1]
		if err := last.run(ctx); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", last.name, err))
		}
	}
	return errors.Join(errs...)
}
