package reply

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestASmallPageIsWhatItIsGivenInTheFrameOfAll(t *testing.T) {
	w := httptest.NewRecorder()
	Small(w, 404, SmallPage{Lang: "ru", Title: "a < b", Main: "<h1>{title} and {style}</h1>\n", Forms: "'self'"})
	if w.Code != 404 || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self';") {
		t.Errorf("the policy is %s", policy)
	}
	for _, part := range []string{
		"<!doctype html>\n<html lang=\"ru\">\n", "<title>a &lt; b</title>", "<style>" + smallStyle + "</style>",
		"<main>\n<h1>{title} and {style}</h1>\n</main>\n</body>\n</html>\n", `<meta name="robots" content="noindex">`,
	} {
		if !strings.Contains(w.Body.String(), part) {
			t.Errorf("no %s in\n%s", part, w.Body)
		}
	}
}
