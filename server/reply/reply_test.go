package reply

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"supervisor/server/wire"
	"supervisor/supervise"
)

func TestErrorsBecomeAnswersWithoutTellingMoreThanTheyShould(t *testing.T) {
	secret := errors.New("open /etc/shadow: permission denied")
	for _, tt := range []struct {
		name   string
		err    error
		status int
		body   string
		logged bool
	}{
		{"bad name", supervise.Fault{Code: supervise.FaultBadName, Detail: "web"}, 404,
			`{"error":{"code":10,"name":"BAD_NAME","detail":"web"}}`, false},
		{"wrapped fault", fmt.Errorf("start: %w", supervise.Fault{Code: supervise.FaultAlreadyStarted}), 409,
			`{"error":{"code":60,"name":"ALREADY_STARTED"}}`, false},
		{"failed is a fault like another", supervise.Fault{Code: supervise.FaultFailed, Detail: "x"}, 500,
			`{"error":{"code":30,"name":"FAILED","detail":"x"}}`, false},
		{"forbidden", supervise.Fault{Code: supervise.FaultForbidden, Detail: "stop web"}, 403,
			`{"error":{"code":403,"name":"FORBIDDEN","detail":"stop web"}}`, false},
		{"bad request", BadRequest("not JSON: %s", "x"), 400,
			`{"error":{"code":0,"name":"BAD_REQUEST","detail":"not JSON: x"}}`, false},
		{"too large", fmt.Errorf("read: %w", &http.MaxBytesError{Limit: 7}), 413,
			`{"error":{"code":0,"name":"REQUEST_ENTITY_TOO_LARGE","detail":"at most 7 bytes"}}`, false},
		{"anything else is ours to know", fmt.Errorf("read the log: %w", secret), 500,
			`{"error":{"code":0,"name":"INTERNAL_SERVER_ERROR"}}`, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			ctx := WithLog(context.Background(), slog.New(slog.NewTextHandler(&log, nil)), "7")
			w := httptest.NewRecorder()
			Handler(func(http.ResponseWriter, *http.Request) error { return tt.err }).
				ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/api/x", nil))
			if w.Code != tt.status || strings.TrimSpace(w.Body.String()) != tt.body {
				t.Errorf("got %d %s\nwant %d %s", w.Code, w.Body, tt.status, tt.body)
			}
			if kind := w.Header().Get("Content-Type"); kind != "application/json" {
				t.Errorf("content type %q", kind)
			}
			if strings.Contains(w.Body.String(), "shadow") {
				t.Error("the client reads an error that was ours alone")
			}
			if got := strings.Contains(log.String(), "shadow") && strings.Contains(log.String(), "request=7"); got != tt.logged {
				t.Errorf("logged: %v, want %v: %s", got, tt.logged, log.String())
			}
		})
	}
}

func TestAProblemTellsWhyAndWhenToComeBack(t *testing.T) {
	w := httptest.NewRecorder()
	busy := Problem{Status: 503, Text: "busy", Reason: wire.ReasonTooMany, Wait: 1500 * time.Millisecond}
	Error(w, httptest.NewRequest("GET", "/api/x", nil), fmt.Errorf("hash it: %w", busy))
	if after := w.Header().Get("Retry-After"); after != "2" || !strings.Contains(w.Body.String(), `"reason":"too-many-links"`) {
		t.Errorf("%q %s", after, w.Body)
	}
	w = httptest.NewRecorder()
	Error(w, httptest.NewRequest("GET", "/api/x", nil), BadRequest("no"))
	if len(w.Header()["Retry-After"]) > 0 || strings.Contains(w.Body.String(), "reason") {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
}

func TestEveryFaultHasAStatusOfItsOwnKind(t *testing.T) {
	for code := supervise.FaultCode(0); code < 500; code++ {
		if strings.HasPrefix(code.String(), "FaultCode(") || code == supervise.Success {
			continue
		}
		status := StatusOf(code)
		if status < 400 || (status == 500 && code != supervise.FaultFailed) {
			t.Errorf("%v answers %d", code, status)
		}
	}
}

func TestWhatFailsBecauseTheClientLeftIsNobodysError(t *testing.T) {
	for err, status := range map[error]int{
		context.Canceled: 503,
		Problem{Status: 408, Text: "the body did not arrive in time"}: 408,
		supervise.Fault{Code: supervise.FaultBadName}:                 404,
	} {
		var log bytes.Buffer
		ctx, cancel := context.WithCancel(WithLog(t.Context(), slog.New(slog.NewTextHandler(&log, nil)), "1"))
		cancel()
		w := httptest.NewRecorder()
		Error(w, httptest.NewRequestWithContext(ctx, "GET", "/", nil), err)
		if w.Code != status || log.Len() > 0 {
			t.Errorf("%v: answered %d %q, logged %q", err, w.Code, w.Body, log.String())
		}
	}
}

func TestAValueThatCannotBeEncodedIsAnErrorAndNotHalfAnAnswer(t *testing.T) {
	w := httptest.NewRecorder()
	if err := JSON(w, make(chan int)); err == nil {
		t.Error("no error")
	}
	if w.Body.Len() != 0 || len(w.Header()) != 0 {
		t.Errorf("something was sent: %v %q", w.Header(), w.Body)
	}
}

func TestThePageHasTheShapeOfTheOriginal(t *testing.T) {
	w := httptest.NewRecorder()
	Page(w, http.StatusUnauthorized)
	want := "<head>\r\n<title>Error response</title>\r\n</head>\r\n<body>\r\n<h1>Error response</h1>\r\n" +
		"<p>Error code 401.\r\n<p>Message: Unauthorized.\r\n</body>\r\n"
	got, _ := io.ReadAll(w.Result().Body)
	if string(got) != want || w.Header().Get("Content-Type") != "text/html" {
		t.Errorf("got %q as %s", got, w.Header().Get("Content-Type"))
	}
}

func TestALogOfRequestsDoesNotHaveWhatOpensALink(t *testing.T) {
	for uri, want := range map[string]string{"/link/abc": "/link/...", "/base/link/abc?x=1": "/base/link/...", "/process/web": "/process/web"} {
		if got := WithoutSecret(uri); got != want {
			t.Errorf("%s: %s", uri, got)
		}
	}
}
