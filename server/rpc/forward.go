package rpc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"time"

	"supervisor/server/auth"
	"supervisor/supervise"
)

// What a plug-in is allowed to cost. A call holds nothing of the house but its
// goroutine and, once it is read, its answer.
const (
	maxAnswer    = 4 << 20 // bytes
	answerFactor = 4       // how many times the elements of a call an answer may have
	callsAtOnce  = 8       // of one plug-in
	maxNames     = 1000
	maxName      = 128
	askWithin    = 2 * time.Second // for what it has to say of itself
	namesKept    = time.Minute
	retryAfter   = 5 * time.Second // a plug-in that could not say what it has, or lacked a method
)

// The headers by which a plug-in learns who asks. It can believe them as far as it
// knows that nobody but supervisord can reach it.
const (
	headerUser = "X-Supervisor-User"
	headerRole = "X-Supervisor-Role"
)

// DefaultTimeout is how long a plug-in may take for an answer, unless its section
// says otherwise.
const DefaultTimeout = 30 * time.Second

// ForwardOptions say where a plug-in answers.
type ForwardOptions struct {
	Name    string        // of the namespace
	URL     string        // "unix:///path", which is asked at /RPC2, or an http or https URL
	Timeout time.Duration // of a call, with the wait for its turn; 0 for DefaultTimeout
	// Trust is asked before each connection to a unix socket, and refuses it with an
	// error; nil trusts whoever is there.
	Trust func() error
	// Say is told once when it stops answering, and when it answers again; nil for
	// nobody. It must not wait.
	Say func(level supervise.Level, text string)
}

// Forwarder is a namespace whose methods are those of another process, which speaks
// XML-RPC over HTTP. A method goes by its full name there too: namespace.method.
// What a plug-in is called with, and what it answers, goes through as it came.
//
// Calls are not repeated: what has not been answered may have been done.
type Forwarder struct {
	opts   ForwardOptions
	client *http.Client
	slots  chan struct{} // holds a token for each call that is not answered
	asking chan struct{} // holds one while the names are being asked for

	mu    sync.Mutex // guards the fields below
	names []string
	told  bool      // names is what the plug-in has
	mute  bool      // it does not say what it has
	asked time.Time // for the names, the last time
	// suspected tells that a call has failed since then.
	suspected bool
	health    Health
}

// NewForwarder makes one. It connects to nobody yet.
func NewForwarder(opts ForwardOptions) *Forwarder {
	if opts.Timeout == 0 {
		opts.Timeout = DefaultTimeout
	}
	if opts.Say == nil {
		opts.Say = func(supervise.Level, string) {}
	}
	// A connection for each call: one that is kept open would keep a plug-in that
	// serves one connection after another from everybody else.
	transport := &http.Transport{DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: 64 << 10}
	if socket, is := strings.CutPrefix(opts.URL, "unix://"); is {
		opts.URL = "http://localhost/RPC2"
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			if opts.Trust != nil {
				if err := opts.Trust(); err != nil {
					return nil, err
				}
			}
			var dialer net.Dialer
			return dialer.DialContext(ctx, "unix", socket)
		}
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Forwarder{
		opts: opts, client: &http.Client{Transport: transport, CheckRedirect: stay},
		slots: make(chan struct{}, callsAtOnce), asking: make(chan struct{}, 1),
	}
}

// Call has the plug-in make a call.
func (f *Forwarder) Call(ctx context.Context, method string, args []any) (any, error) {
	limited, cancel := context.WithTimeout(ctx, f.opts.Timeout)
	defer cancel()
	params, err := takenAll(args)
	if err != nil {
		return nil, err
	}
	if !f.has(limited, method) {
		return nil, supervise.Fault{Code: supervise.FaultUnknownMethod}
	}
	answer, err := f.inTurn(limited, f.opts.Name+"."+method, params)
	switch {
	case err != nil:
		return nil, f.failed(ctx, err)
	case answer.fault != nil:
		return nil, *answer.fault
	}
	v, err := given(answer.value)
	if err != nil {
		return nil, f.failed(ctx, err)
	}
	return v, nil
}

// failed is the fault of a call that was not answered, or not by what a client could
// be given: it says which plug-in it was.
func (f *Forwarder) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err() // whoever called has gone
	}
	return supervise.Fault{Code: supervise.FaultFailed, Detail: fmt.Sprintf("no good answer from plug-in %s: %s", f.opts.Name, err)}
}

// inTurn sends a call when there are not too many before it.
func (f *Forwarder) inTurn(ctx context.Context, method string, params array) (answer, error) {
	select {
	case f.slots <- struct{}{}:
		defer func() { <-f.slots }()
	case <-ctx.Done():
		return answer{}, fmt.Errorf("%d calls before this one have not been answered", callsAtOnce)
	}
	a, connected, err := f.post(ctx, method, params)
	if err != nil && connected {
		f.suspect()
		return a, err
	}
	f.note(ctx, err)
	return a, err
}

// Names lists the methods of the plug-in, as it told them last. One that does not
// answer keeps those it had.
func (f *Forwarder) Names(ctx context.Context) ([]string, error) {
	f.learn(ctx, namesKept)
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.told {
		return nil, fmt.Errorf("plug-in %s does not say what methods it has", f.opts.Name)
	}
	return f.names, nil
}

// has tells whether the plug-in may have a method. One that it did not have a while
// ago is asked for again; of one that does not say what it has, all is hoped for.
func (f *Forwarder) has(ctx context.Context, method string) bool {
	f.learn(ctx, namesKept)
	if f.lists(method) {
		return true
	}
	f.learn(ctx, retryAfter)
	return f.lists(method)
}

func (f *Forwarder) lists(method string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.told || slices.Contains(f.names, method)
}

// learn asks the plug-in for its methods unless that was done not longer ago than
// kept. Others who want to know wait for the one who asks, as long as ctx lets them.
func (f *Forwarder) learn(ctx context.Context, kept time.Duration) {
	if f.knows(kept) {
		return
	}
	select {
	case f.asking <- struct{}{}:
		defer func() { <-f.asking }()
	case <-ctx.Done():
		return
	}
	if f.knows(kept) {
		return
	}
	// For all who want to know it, also when this one goes away meanwhile.
	ctx, cancel := context.WithTimeout(auth.With(context.WithoutCancel(ctx), supervisordItself), askWithin)
	defer cancel()
	answer, _, err := f.post(ctx, "system.listMethods", nil)
	f.note(ctx, err)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked, f.suspected = time.Now(), false
	if err != nil {
		return // it keeps what it had
	}
	list, told := answer.value.(array) // a fault has no value, and anything else tells as little
	f.told, f.mute, f.names = told, !told, f.ours(list)
}

// knows tells whether it is too early to ask for the names again.
func (f *Forwarder) knows(kept time.Duration) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.told && !f.mute || f.suspected || !f.health.Answers {
		kept = retryAfter
	}
	return !f.asked.IsZero() && time.Since(f.asked) < kept
}

// ours are the methods of the namespace in a list of them, without its name. What
// could not be called by its name is left out.
func (f *Forwarder) ours(list array) []string {
	var names []string
	for _, each := range list {
		full, _ := each.(text)
		name, is := strings.CutPrefix(string(full), f.opts.Name+".")
		odd := len(name) > maxName || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '.' })
		if is && name != "" && !odd && name[0] != '_' && len(names) < maxNames {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Describe asks the plug-in about one of its methods, by the methods that servers
// of XML-RPC have for it. What it does not tell is left out.
func (f *Forwarder) Describe(ctx context.Context, method string) (Description, error) {
	limited, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	if !f.has(limited, method) {
		return Description{}, supervise.Fault{Code: supervise.FaultSignatureUnsupported}
	}
	name := array{text(f.opts.Name + "." + method)}
	help, err := f.inTurn(limited, "system.methodHelp", name)
	if err != nil {
		return Description{}, f.failed(ctx, err)
	}
	signature, err := f.inTurn(limited, "system.methodSignature", name)
	if err != nil {
		return Description{}, f.failed(ctx, err)
	}
	words, _ := help.value.(text)
	return Description{Help: string(words), Signature: signatureOf(signature.value)}, nil
}

// signatureOf reads a list of types, or the first of a list of such lists, which is
// what other servers answer: a method may have several signatures there.
func signatureOf(v value) []string {
	list, _ := v.(array)
	if len(list) == 0 {
		return nil
	}
	if first, nested := list[0].(array); nested {
		list = first
	}
	var types []string
	for _, each := range list {
		name, is := each.(text)
		if !is {
			return nil
		}
		types = append(types, string(name))
	}
	return types
}

// Health tells whether the plug-in answers, as far as is known: it does not if it
// takes no connection, or has no answer when it is asked what methods it has.
func (f *Forwarder) Health() Health {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.health
}

// post sends a call and reads what it is answered by. connected tells whether the
// plug-in took the connection.
func (f *Forwarder) post(ctx context.Context, method string, params array) (a answer, connected bool, err error) {
	begun := time.Now()
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected = true }}
	a, err = f.exchange(httptrace.WithClientTrace(ctx, trace), method, params)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("it did not answer within %s", time.Since(begun).Round(100*time.Millisecond))
	}
	return a, connected, err
}

func (f *Forwarder) exchange(ctx context.Context, method string, params array) (answer, error) {
	body := appendCall(nil, method, params)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, f.opts.URL, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Content-Type", "text/xml")
	request.Header.Set("User-Agent", "supervisord")
	introduce(request.Header, auth.From(ctx))
	response, err := f.client.Do(request)
	if err != nil {
		return answer{}, plainly(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return answer{}, fmt.Errorf("it answered HTTP %d", response.StatusCode)
	}
	return readAnswer(response.Body)
}

// supervisordItself asks what methods there are: no user, with all rights.
var supervisordItself = auth.Principal{Grant: auth.Full}

// introduce tells the plug-in who asks. Somebody without a name came where nobody is
// asked for one.
func introduce(header http.Header, who auth.Principal) {
	header.Set(headerRole, who.Grant.Role.String())
	if who.Name != "" {
		header.Set(headerUser, who.Name)
	}
}

// plainly is an error of a request without the method and the address: those are
// known to who reads it.
func plainly(err error) error {
	var network *net.OpError
	if errors.As(err, &network) {
		return network.Err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it closed the connection without an answer")
	}
	if unwrapped := errors.Unwrap(err); unwrapped != nil {
		return unwrapped
	}
	return err
}

// suspect has the plug-in asked soon for what methods it has. A call that failed
// once it was connected may be the fault of its method alone, beside others that
// answer: what the plug-in says to that question tells whether it is more.
func (f *Forwarder) suspect() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.suspected = true
}

// note keeps how the plug-in answered. That somebody did not wait for it says
// nothing of it.
func (f *Forwarder) note(ctx context.Context, err error) {
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	f.mu.Lock()
	before := f.health
	now := Health{Asked: true, Answers: err == nil, Since: before.Since}
	if err != nil {
		now.Why = err.Error()
	}
	if !before.Asked || before.Answers != now.Answers {
		now.Since = time.Now()
	}
	f.health = now
	f.mu.Unlock()
	switch {
	case !now.Answers && (before.Answers || !before.Asked):
		f.opts.Say(supervise.LevelWarn, fmt.Sprintf("plug-in %s does not answer: %s", f.opts.Name, now.Why))
	case now.Answers && before.Asked && !before.Answers:
		f.opts.Say(supervise.LevelInfo, fmt.Sprintf("plug-in %s answers again", f.opts.Name))
	}
}

// answer is what a plug-in answered: a value, or a fault.
type answer struct {
	value value
	fault *Fault
}

// readAnswer reads one, up to a size.
func readAnswer(body io.Reader) (answer, error) {
	data, err := io.ReadAll(io.LimitReader(body, maxAnswer+1))
	switch {
	case err != nil:
		return answer{}, fmt.Errorf("read its answer: %w", err)
	case len(data) > maxAnswer:
		return answer{}, fmt.Errorf("its answer is longer than %d bytes", maxAnswer)
	}
	a, err := decodeAnswer(bytes.NewReader(data))
	if err != nil {
		return answer{}, fmt.Errorf("what it answered is no XML-RPC: %w", err)
	}
	return a, nil
}

// decodeAnswer reads the answer of a call with the rules that calls are read by.
func decodeAnswer(r io.Reader) (answer, error) {
	d := newDecoder(r)
	d.maxElements, d.maxValues = answerFactor*maxElements, answerFactor*maxValues
	if err := d.run(); err != nil {
		return answer{}, err
	}
	if d.fault != nil {
		return faultOf(d.fault)
	}
	if len(d.call.params) != 1 || d.call.params[0] == nil {
		return answer{}, errors.New("neither a value nor a fault")
	}
	return answer{value: d.call.params[0]}, nil
}

func faultOf(v value) (answer, error) {
	members, _ := v.(object)
	code, isCode := members.get("faultCode").(integer)
	message, isText := members.get("faultString").(text)
	if !isCode || !isText {
		return answer{}, errors.New("a fault without its code or its text")
	}
	return answer{fault: &Fault{int64(code), string(message)}}, nil
}

// appendCall adds a call, laid out as Python's xmlrpc.client lays it out.
func appendCall(b []byte, method string, params array) []byte {
	b = append(b, "<?xml version='1.0'?>\n<methodCall>\n<methodName>"...)
	b = appendText(b, method)
	b = append(b, "</methodName>\n<params>\n"...)
	for _, each := range params {
		b = append(b, "<param>\n"...)
		b = each.encode(b)
		b = append(b, "</param>\n"...)
	}
	return append(b, "</params>\n</methodCall>\n"...)
}
