package main

import (
	"bytes"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"supervisor/server/wire"
	"supervisor/supervise"
)

// bodies are the shapes of the API. Frames come from wire's own lists, and what
// any of them refers to is found by looking.
var bodies = []any{
	wire.Boot{}, wire.Identity{}, wire.ProcessList{}, wire.ProcessDetail{}, wire.Pools{}, wire.LogPage{},
	wire.Lives{}, wire.Crashes{}, wire.Crash{},
	wire.LogFiles{}, wire.SearchLine{}, wire.MergedPage{},
	wire.Accepted{}, wire.OrderRequest{}, wire.SignalRequest{}, wire.UpdateRequest{}, wire.Plan{}, wire.Preview{}, wire.ConfigFiles{}, wire.About{}, wire.Plugins{}, wire.Update{}, wire.Failure{},
	wire.ProcessMetrics{},
	wire.Activity{}, wire.EventGap{}, wire.Trail{}, wire.TrailCheck{}, wire.Settings{}, wire.RevealRequest{}, wire.InputRequest{},
	wire.LogIn{}, wire.PasswordChange{}, wire.WhoAmI{}, wire.Sessions{}, wire.Ended{},
	wire.Accounts{}, wire.AccountRequest{}, wire.TokenRequest{}, wire.NewToken{},
	wire.Links{}, wire.LinkRequest{}, wire.NewLink{},
}

// enum is a string type that lists its values.
type enum interface{ Values() []string }

// generator collects declarations in the order they are first needed.
type generator struct {
	comments comments
	seen     map[reflect.Type]bool
	names    map[string]bool
	kinds    map[reflect.Type]string // of frames: their "t"
	out      bytes.Buffer
	err      error
}

// generate gives the whole file, from the types and the comments in dir.
func generate(dir string) ([]byte, error) {
	found, err := readComments(dir)
	if err != nil {
		return nil, err
	}
	g := &generator{
		comments: found, seen: map[reflect.Type]bool{}, names: map[string]bool{}, kinds: map[reflect.Type]string{},
	}
	g.line("// Generated from server/wire by cmd/wirets. Do not edit: run `make gen`.")
	g.constants()
	var server, client []string
	for _, frame := range wire.ServerFrames {
		server = append(server, g.frame(frame, frame.Kind()))
	}
	for _, frame := range wire.ClientFrames {
		client = append(client, g.frame(frame, frame.Kind()))
	}
	g.union("ServerFrame", "What the server sends over /live.", server)
	g.union("ClientFrame", "What the page sends over /live.", client)
	for _, body := range bodies {
		g.need(reflect.TypeOf(body))
	}
	return g.out.Bytes(), g.err
}

func (g *generator) constants() {
	g.line("")
	g.line("/** Version of the protocol. */")
	g.line("export const WIRE_VERSION = %d;", wire.Version)
	g.line("")
	g.line("/** What a user may do, as bits of Caps. */")
	g.line("export const CAPS = {")
	for bit, verb := range supervise.Verbs {
		g.line("  %s: %d,", camel(string(verb)), 1<<bit)
	}
	g.line("} as const;")
}

// camel spells "clear-logs" as clearLogs.
func camel(verb string) string {
	words := strings.Split(verb, "-")
	for i, word := range words[1:] {
		words[i+1] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(words, "")
}

func (g *generator) frame(value any, kind string) string {
	t := reflect.TypeOf(value)
	g.kinds[t] = kind
	g.need(t)
	return typeName(t)
}

func (g *generator) union(name, comment string, members []string) {
	g.claim(name)
	g.line("")
	g.line("/** %s */", comment)
	g.line("export type %s =", name)
	for i, member := range members {
		end := ""
		if i == len(members)-1 {
			end = ";"
		}
		g.line("  | %s%s", member, end)
	}
}

// need declares a named type once, after the types it is made of.
func (g *generator) need(t reflect.Type) {
	if t.PkgPath() == "" || g.seen[t] {
		return
	}
	g.seen[t] = true
	g.claim(typeName(t))
	if t.Kind() != reflect.Struct {
		g.alias(t)
		return
	}
	var body bytes.Buffer
	if kind, ok := g.kinds[t]; ok {
		fmt.Fprintf(&body, "  t: %s;\n", strconv.Quote(kind))
	}
	for i := range t.NumField() {
		g.field(&body, t, t.Field(i))
	}
	g.comment("", g.comments[t.Name()])
	g.line("export interface %s {", typeName(t))
	g.out.Write(body.Bytes())
	g.line("}")
}

func (g *generator) alias(t reflect.Type) {
	if list, ok := reflect.Zero(t).Interface().(enum); ok {
		quoted := make([]string, 0, len(list.Values()))
		for _, value := range list.Values() {
			quoted = append(quoted, strconv.Quote(value))
		}
		g.comment("", g.comments[t.Name()])
		g.line("export type %s = %s;", typeName(t), strings.Join(quoted, " | "))
		return
	}
	base := g.underlying(t)
	if own, ok := reflect.Zero(t).Interface().(interface{ TypeScript() string }); ok {
		base = own.TypeScript() // what it is in JSON is not what it is in Go
	}
	g.comment("", g.comments[t.Name()])
	g.line("export type %s = %s;", typeName(t), base)
}

func (g *generator) field(body *bytes.Buffer, owner reflect.Type, f reflect.StructField) {
	if f.Anonymous && f.Type.Kind() == reflect.Struct { // its fields are the owner's own in JSON
		for i := range f.Type.NumField() {
			g.field(body, f.Type, f.Type.Field(i))
		}
		return
	}
	name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "" || !f.IsExported() {
		g.fail("%s.%s has no name in JSON", owner.Name(), f.Name)
		return
	}
	optional, text := "", ""
	if strings.Contains(options, "omit") { // omitempty or omitzero
		optional = "?"
	}
	if text = f.Tag.Get("ts"); text != "" {
		g.need(reflect.TypeFor[wire.Process]()) // the one type named by hand
	} else {
		text = g.ref(f.Type)
		if f.Type.Kind() == reflect.Pointer && optional == "" {
			text += " | null"
		}
	}
	if comment := g.comments[owner.Name()+"."+f.Name]; comment != "" {
		writeComment(body, "  ", comment)
	}
	fmt.Fprintf(body, "  %s%s: %s;\n", name, optional, text)
}

// ref gives the TypeScript for a use of t.
func (g *generator) ref(t reflect.Type) string {
	if t.PkgPath() != "" {
		g.need(t)
		return typeName(t)
	}
	return g.underlying(t)
}

func (g *generator) underlying(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "boolean"
	case reflect.String:
		return "string"
	case reflect.Int, reflect.Int64, reflect.Uint32, reflect.Uint64, reflect.Float64:
		return "number"
	case reflect.Pointer:
		return g.ref(t.Elem())
	case reflect.Slice:
		return g.ref(t.Elem()) + "[]"
	}
	g.fail("no TypeScript for %s", t)
	return "unknown"
}

// typeName is the name a type has in the page: frames get a suffix, because
// several of their names mean something else in a browser.
func typeName(t reflect.Type) string {
	for _, frame := range wire.ServerFrames {
		if reflect.TypeOf(frame) == t {
			return t.Name() + "Frame"
		}
	}
	for _, frame := range wire.ClientFrames {
		if reflect.TypeOf(frame) == t {
			return t.Name() + "Frame"
		}
	}
	return t.Name()
}

// claim makes sure that no two declarations share a name.
func (g *generator) claim(name string) {
	if g.names[name] {
		g.fail("two types would be called %s", name)
	}
	g.names[name] = true
}

func (g *generator) line(format string, args ...any) {
	if len(args) == 0 {
		g.out.WriteString(format)
	} else {
		fmt.Fprintf(&g.out, format, args...)
	}
	g.out.WriteByte('\n')
}

func (g *generator) comment(indent, text string) {
	g.line("")
	if text != "" {
		writeComment(&g.out, indent, text)
	}
}

func (g *generator) fail(format string, args ...any) {
	if g.err == nil {
		g.err = fmt.Errorf(format, args...)
	}
}

func writeComment(out *bytes.Buffer, indent, text string) {
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(text, "*/", "* /")), "\n")
	if len(lines) == 1 {
		fmt.Fprintf(out, "%s/** %s */\n", indent, lines[0])
		return
	}
	fmt.Fprintf(out, "%s/**\n", indent)
	for _, line := range lines {
		fmt.Fprintf(out, "%s\n", strings.TrimRight(indent+" * "+line, " "))
	}
	fmt.Fprintf(out, "%s */\n", indent)
}
