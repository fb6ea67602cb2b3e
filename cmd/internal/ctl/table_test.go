package ctl

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// table lays out an answer of getAllProcessInfo around the members of one row.
func table(members ...string) string {
	return tableOpen + rowOpen + strings.Join(members, "") + rowClose + tableClose
}

func member(name, value string) string {
	return "<member>\n<name>" + name + "</name>\n<value>" + value + "</value>\n</member>\n"
}

// whole is a row with every field that processInfo has, by its tags, so that a
// field that is added to it and not to readTable is missed here.
func whole() (members string, want processInfo) {
	fields := reflect.ValueOf(&want).Elem()
	for i := range fields.NumField() {
		name := fields.Type().Field(i).Tag.Get("xmlrpc")
		switch field := fields.Field(i); field.Kind() {
		case reflect.Int:
			field.SetInt(int64(i + 1))
			members += member(name, fmt.Sprintf("<int>%d</int>", i+1))
		default:
			field.SetString("text of " + name)
			members += member(name, "<string>text of "+name+"</string>")
		}
	}
	return members, want
}

func TestTheTableIsReadWithAllItsFields(t *testing.T) {
	members, want := whole()
	rows, ok := readTable([]byte(table(members, member("logfile", "<string>/x.log</string>"))))
	if !ok || !reflect.DeepEqual(rows, []processInfo{want}) {
		t.Errorf("read %+v (%v), want %+v", rows, ok, want)
	}
}

func TestATableThatIsCutAnywhereIsNotRead(t *testing.T) {
	members, _ := whole()
	body := table(members)
	for n := range body {
		if rows, ok := readTable([]byte(body[:n])); ok {
			t.Fatalf("cut at %d it is read as %+v", n, rows)
		}
	}
}

// tables are answers the two ways of reading must agree on, where the short one
// reads them at all.
var tables = []struct {
	name, body string
	short      bool
}{
	{"no process", tableOpen + tableClose, true},
	{"a process of no members", table(), true},
	{"an empty text", table(member("spawnerr", "<string></string>")), true},
	{"a field twice, the second time empty", table(member("name", "<string>a</string>"), member("name", "<string></string>")), true},
	{"an empty number", table(member("pid", "<int></int>")), true},
	{"a number that is none and nobody asks for", table(member("weight", "<int>heavy</int>")), true},
	{"a number that is none", table(member("pid", "<int>x</int>")), false},
	{"a number with blanks", table(member("pid", "<int> 1 </int>")), false},
	{"a number that is too large", table(member("pid", "<int>9223372036854775808</int>")), false},
	{"a text where a number belongs", table(member("pid", "<string>1</string>")), false},
	{"a number where a text belongs", table(member("name", "<int>1</int>")), false},
	{"a member without a name", table(member("", "<int>1</int>")), false},
	{"another type", table(member("pid", "<i4>1</i4>")), false},
	{"no type", table(member("name", "a")), false},
	{"an escaped character", table(member("spawnerr", "<string>a &lt;b&gt; &amp; c</string>")), false},
	{"a character beyond ASCII", table(member("name", "<string>ü</string>")), false},
	{"a control character", table(member("spawnerr", "<string>a\x1bb</string>")), false},
	{"no UTF-8", table(member("name", "<string>\xff</string>")), false},
	{"a line end", table(member("spawnerr", "<string>a\r\nb</string>")), false},
	{"a character that ends CDATA", table(member("spawnerr", "<string>]]></string>")), false},
	{"a comment", table(member("name", "<string>a<!-- b --></string>")), false},
	{"something after it", tableOpen + tableClose + "<x/>", false},
	{"a fault", "<?xml version='1.0'?>\n<methodResponse>\n<fault>\n<value><struct>\n" + member("faultCode", "<int>6</int>") +
		member("faultString", "<string>SHUTDOWN_STATE</string>") + "</struct></value>\n</fault>\n</methodResponse>\n", false},
	{"a text for an answer", "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><string>a</string></value>\n</param>\n</params>\n</methodResponse>\n", false},
	{"nothing", "", false},
}

func TestTheShortWayReadsWhatTheLongWayDoes(t *testing.T) {
	for _, c := range tables {
		t.Run(c.name, func(t *testing.T) {
			if _, ok := readTable([]byte(c.body)); ok != c.short {
				t.Errorf("the short way read it: %v, want %v", ok, c.short)
			}
			compareWays(t, []byte(c.body))
		})
	}
}

// FuzzTable is TestTheShortWayReadsWhatTheLongWayDoes for any answer.
func FuzzTable(f *testing.F) {
	for _, c := range tables {
		f.Add([]byte(c.body))
	}
	members, _ := whole()
	f.Add([]byte(table(members)))
	f.Fuzz(compareWays)
}

func compareWays(t *testing.T, body []byte) {
	short, ok := readTable(body)
	if !ok {
		return
	}
	var long []processInfo
	if err := decodeAny(body, &long); err != nil {
		t.Fatalf("the short way read %q, the long way says %v", body, err)
	}
	if !reflect.DeepEqual(short, long) {
		t.Errorf("the short way read %q as %+v, the long way as %+v", body, short, long)
	}
}
