package rpc

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"reflect"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestEveryTypeIsReadAsTheOriginalReadsIt(t *testing.T) {
	for _, tt := range []struct {
		xml  string
		want value
	}{
		{"<value>plain</value>", text("plain")},
		{"<value></value>", text("")},
		{"<value/>", text("")},
		{"<value><string/></value>", text("")},
		{"<value><string>a &lt; b &amp;amp; &#x263a;</string></value>", text("a < b &amp; ☺")},
		{"<value><string>one<!-- a comment -->two</string></value>", text("onetwo")},
		{"<value><string><![CDATA[<raw>]]></string></value>", text("<raw>")},
		{"<value> <int>5</int> </value>", integer(5)},
		{"<value><int> -1_000\n</int></value>", integer(-1000)},
		{"<value><i4>+7</i4></value>", integer(7)},
		{"<value><i8>18</i8></value>", text("18")},
		{"<value><nil/></value>", null{}},
		{"<value><boolean>1</boolean></value>", boolean(true)},
		{"<value><boolean>0</boolean></value>", boolean(false)},
		{"<value><boolean>true</boolean></value>", boolean(false)},
		{"<value><boolean> 1</boolean></value>", boolean(false)},
		{"<value><double>1.5e3</double></value>", double(1500)},
		{"<value><dateTime.iso8601>20260131T12:34:56</dateTime.iso8601></value>", moment(time.Date(2026, 1, 31, 12, 34, 56, 0, time.UTC))},
		{"<value><base64>aGVs\nbG8=</base64></value>", text("hello")},
		{"<value><base64>a=Gk=bG8=</base64></value>", text("hi")},
		{"<value><array><data></data></array></value>", array{}},
		{"<value><array><data><value>a</value> <value><int>1</int></value></data></array></value>", array{text("a"), integer(1)}},
		{"<value><struct></struct></value>", object{}},
		{"<value><struct><member><name>a</name><value>1</value></member><member><name>b</name><value>2</value></member>" +
			"<member><name>a</name><value>3</value></member></struct></value>", object{{"a", text("3")}, {"b", text("2")}}},
	} {
		c, err := decode(strings.NewReader("<methodCall><methodName>m</methodName><params><param>" + tt.xml + "</param></params></methodCall>"))
		if err != nil || len(c.params) != 1 || !reflect.DeepEqual(c.params[0], tt.want) {
			t.Errorf("%s\n got %#v, %v\nwant %#v", tt.xml, c.params, err, tt.want)
		}
	}
}

func TestACallMayLookUnusual(t *testing.T) {
	for _, tt := range []struct{ name, xml, method string }{
		{"no params", "<methodCall><methodName>a.b</methodName></methodCall>", "a.b"},
		{"another root", "<x><methodName>a.b</methodName></x>", "a.b"},
		{"space around", "\n<?xml version='1.0'?>\n<methodCall>\n<methodName>a.b</methodName></methodCall>\n\n", "a.b"},
		{"a declared encoding is not believed", "<?xml version='1.0' encoding='iso-8859-1'?><m><methodName>é</methodName></m>", "é"},
		{"the last name counts", "<m><methodName>a</methodName><methodName>b</methodName></m>", "b"},
		{"no name", "<methodCall/>", ""},
	} {
		xml := tt.xml
		if tt.name == "space around" {
			xml = strings.TrimPrefix(xml, "\n")
		}
		c, err := decode(strings.NewReader(xml))
		if err != nil || c.method != tt.method || len(c.params) != 0 {
			t.Errorf("%s: got %+v, %v", tt.name, c, err)
		}
	}
}

func TestWhatIsNoCallIsRefused(t *testing.T) {
	value := func(xml string) string {
		return "<methodCall><methodName>m</methodName><params><param>" + xml + "</param></params></methodCall>"
	}
	for name, xml := range map[string]string{
		"nothing":             "",
		"no XML":              "hello",
		"unfinished":          "<methodCall><methodName>m",
		"two roots":           "<a/><b/>",
		"text after the root": "<a/>b",
		"wrong nesting":       "<a><b></a></b>",
		"invalid UTF-8":       "<a>\xff</a>",
		"a forbidden char":    "<a>\x1b</a>",
		"unknown entity":      "<a>&nbsp;</a>",
		"document type":       "<!DOCTYPE a><methodName>m</methodName>",
		"entity bomb":         `<!DOCTYPE a [<!ENTITY x "xxxx">]><methodName>&x;</methodName>`,
		"external entity":     `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><methodName>&x;</methodName>`,
		"int without digits":  value("<value><int></int></value>"),
		"int with a point":    value("<value><int>1.5</int></value>"),
		"int beyond any":      value("<value><int>99999999999999999999</int></value>"),
		"int badly grouped":   value("<value><int>1__0</int></value>"),
		"hexadecimal double":  value("<value><double>0x1p4</double></value>"),
		"no date":             value("<value><dateTime.iso8601>today</dateTime.iso8601></value>"),
		"base64 of no text":   value("<value><base64>/w==</base64></value>"),
		"array without data":  value("<value><array></array></value>"),
		"empty param":         "<m><params><param/></params></m>",
		"member of one":       value("<value><struct><member><name>a</name></member></struct></value>"),
		"member of three":     value("<value><struct><member><name>a</name><value/><value/></member></struct></value>"),
		"number as name":      value("<value><struct><member><int>1</int><value/></member></struct></value>"),
		"too deep":            strings.Repeat("<a>", maxDepth+1) + strings.Repeat("</a>", maxDepth+1),
		"too many values":     "<m>" + strings.Repeat("<value/>", maxValues+1) + "</m>",
		"too many elements":   "<m>" + strings.Repeat("<a/>", maxElements+1) + "</m>",
	} {
		if c, err := decode(strings.NewReader(xml)); err == nil {
			t.Errorf("%s: read as %+v", name, c)
		}
	}
}

// Reading a call may allocate so much, and this for each byte of it besides.
const (
	decodeMemory     = 1 << 20
	decodeByteMemory = 512
)

// allocated is how much memory has been asked for since the program began.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

func TestTheWorstBodiesTakeMemoryInProportion(t *testing.T) {
	for name, body := range map[string]string{
		"all text":        "<m><methodName>" + strings.Repeat("x", maxBody) + "</methodName></m>",
		"all elements":    "<m>" + strings.Repeat("<a/>", maxElements-1) + "</m>",
		"text in pieces":  "<m>" + strings.Repeat("a&lt;", maxBody/5) + "</m>",
		"CDATA in pieces": "<m>" + strings.Repeat("<![CDATA[]]>", maxBody/12) + "</m>",
		"attributes":      "<m" + strings.Repeat(" a=''", maxBody/5) + "/>",
		"namespaces":      "<m" + strings.Repeat(" xmlns:a='b'", maxBody/12) + "/>",
		"one long name":   "<" + strings.Repeat("m", maxBody) + "/>",
		"long members": "<m><params><param><value><struct>" + strings.Repeat("<member><name>"+strings.Repeat("n", 200)+"</name><value/></member>", 4000) +
			"</struct></value></param></params></m>",
	} {
		before := allocated()
		_, _ = decode(strings.NewReader(body)) // what it says is tested elsewhere
		used := allocated() - before
		t.Logf("%s: %d bytes of a body took %d of memory", name, len(body), used)
		if used > uint64(decodeMemory+decodeByteMemory*len(body)) {
			t.Errorf("%s: %d bytes took %d bytes of memory", name, len(body), used)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("<methodCall><methodName>a.b</methodName><params><param><value><int>1</int></value></param></params></methodCall>")
	f.Add("<m><params><param><value><struct><member><name>a</name><value><array><data><value>x</value></data></array></value></member></struct></value></param></params></m>")
	f.Add("<m><value><base64>aGk=</base64><double>1e9</double><dateTime.iso8601>20260131T12:34:56</dateTime.iso8601></value></m>")
	f.Fuzz(func(t *testing.T, body string) {
		begin, before := time.Now(), allocated()
		c, err := decode(strings.NewReader(body))
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("%d bytes took %v", len(body), took)
		}
		if used := allocated() - before; used > uint64(decodeMemory+decodeByteMemory*len(body)) {
			t.Errorf("%d bytes took %d bytes of memory", len(body), used)
		}
		if err != nil {
			return
		}
		for _, v := range c.params {
			// Whatever could be read can be written, and what was written can be
			// read, unless it takes more levels than the way it was written before.
			again, err := decode(strings.NewReader(asParams(v)))
			if errors.Is(err, errTooDeep) || errors.Is(err, errTooMany) {
				continue
			}
			if err != nil || len(again.params) != 1 {
				t.Fatalf("%#v: written as %q: %v", v, asParams(v), err)
			}
			pythonStr(v)
			truth(v)
		}
	})
}

// FuzzDecodeIsTheOriginals puts each body to the original at once. What it reads,
// ours reads, and as the same; what expat refuses, ours may read.
func FuzzDecodeIsTheOriginals(f *testing.F) {
	if os.Getenv("SUPERVISOR_ORACLE") == "absent" {
		f.Skip("SUPERVISOR_ORACLE=absent: not compared with the original")
	}
	original := newLoader(f)
	for _, body := range []string{
		"<m><methodName>a.b</methodName><params><param><value><int> 1_0</int></value></param></params></m>",
		"<m><params><param><value><struct><member><name>a</name><value><array><data><value>x</value></data></array></value></member></struct></value></param></params></m>",
		"<m><params><param><value><double>1e99</double></value></param><param><value><base64>aGk=</base64></value></param></params></m>",
		"<m><params><param><value><boolean>1</boolean></value></param><param><nil/></param><param><value><dateTime.iso8601>20260131T12:34:56</dateTime.iso8601></value></param></params></m>",
		"<?xml version='1.0' encoding='iso-8859-1'?><m><methodName>&#233;\r\n</methodName></m>", "<m><methodName><![CDATA[a]]>b<!-- c -->d</methodName></m>",
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if !utf8.ValidString(body) {
			return
		}
		want, accepted := original(t, body)
		if !accepted {
			return
		}
		c, err := decode(strings.NewReader(body))
		switch {
		case errors.Is(err, errTooDeep), errors.Is(err, errTooMany), errors.Is(err, errDocumentType):
			return
		case err != nil && strings.Contains(err.Error(), "only version 1.0 is supported"):
			return // expat does not mind
		case err != nil && strings.Contains(err.Error(), "<dateTime.iso8601>"):
			return // the original takes 2020131 for a date; no method takes one
		case err != nil:
			t.Fatalf("%q: %v, the original reads %q", body, err, want)
		}
		got := []string{c.method}
		for _, v := range c.params {
			got = append(got, pythonRepr(v))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: read as %q, the original reads %q", body, got, want)
		}
	})
}

// newLoader starts the original's reader of calls, and gives a way to ask it. It
// ends with the test.
func newLoader(f *testing.F) func(t *testing.T, body string) (read []string, accepted bool) {
	cmd := exec.Command("/usr/bin/python3", "-W", "ignore", "testdata/loads.py")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		f.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		f.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		f.Fatalf("the original is needed to compare with; install it (apt-get install supervisor), or set SUPERVISOR_ORACLE=absent to do without: %v", err)
	}
	f.Cleanup(func() {
		stdin.Close()
		if err := cmd.Wait(); err != nil {
			f.Errorf("the original's reader: %v", err)
		}
	})
	questions, answers := json.NewEncoder(stdin), json.NewDecoder(stdout)
	return func(t *testing.T, body string) (read []string, accepted bool) {
		t.Helper()
		var answer any
		if err := errors.Join(questions.Encode(body), answers.Decode(&answer)); err != nil {
			t.Fatalf("ask the original: %v", err)
		}
		list, accepted := answer.([]any) // else null, or "beyond"
		for _, each := range list {
			read = append(read, each.(string))
		}
		return read, accepted
	}
}

// asParams writes a value where a call carries it.
func asParams(v value) string {
	return "<methodCall><params><param>" + string(v.encode(nil)) + "</param></params></methodCall>"
}

func FuzzTextSurvivesTheWire(f *testing.F) {
	for _, seed := range []string{"", "a<b>&c", "\x1b[31mred\x1b[0m", "caf\xc3\xa9", "\xff\xfe", "\uFFFE", "]]>", "a\rb\r\nc\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := decode(strings.NewReader(asParams(text(s))))
		if err != nil {
			t.Fatalf("%q breaks the document: %v", s, err)
		}
		got := string(c.params[0].(text))
		// XML has one way to end a line, and no way to say what it forbids.
		lines := strings.NewReplacer("\r\n", "\n", "\r", "\n")
		want := lines.Replace(strings.Map(func(r rune) rune {
			if r < ' ' && !strings.ContainsRune("\t\n\r", r) || r == 0xFFFE || r == 0xFFFF {
				return 0xFFFD
			}
			return r
		}, s))
		if got != want {
			t.Errorf("%q became %q, want %q", s, got, want)
		}
	})
}
