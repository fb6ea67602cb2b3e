package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"supervisor/server/api"
	"supervisor/server/wire"
)

// object is a JSON object. Its names come out sorted, so that the same types give
// the same text.
type object map[string]any

// describer makes schemas of wire types, each once, by name.
type describer struct {
	comments comments
	schemas  object
	err      error
}

var pathParameter = regexp.MustCompile(`\{(\w+)\}`)

// meanings of the parameters in paths.
var meanings = map[string]string{
	"name": "of a process, group:process; of an account or a token", "group": "of a group", "channel": "stdout or stderr",
	"id": "as the list of them has it",
}

// describe gives the OpenAPI document of the interface, from its operations and
// the types and comments in dir.
func describe(dir string) ([]byte, error) {
	found, err := readComments(dir)
	if err != nil {
		return nil, err
	}
	d := &describer{comments: found, schemas: object{}}
	paths := object{}
	for _, o := range api.Operations() {
		of, _ := paths[o.Path].(object)
		if of == nil {
			of = object{}
			paths[o.Path] = of
		}
		of[strings.ToLower(o.Method)] = d.operation(o)
	}
	document := object{
		"openapi": "3.0.3",
		"info": object{
			"title": "supervisord", "version": strconv.Itoa(wire.Version),
			"description": "What the page asks of supervisord, and anybody with curl may. Orders are POST, PUT and DELETE: they are JSON, or carry the header X-CSRF; X-Reason, or reason in the body, is kept in the trail; one that is sent again with the same Idempotency-Key is carried out once. What one may not see answers as if it did not exist. Times are Unix milliseconds unless said otherwise.",
		},
		"servers": []object{{"url": "."}},
		"paths":   paths,
		"components": object{
			"schemas": d.schemas,
			"securitySchemes": object{
				"password": object{"type": "http", "scheme": "basic"},
				"token":    object{"type": "http", "scheme": "bearer"},
			},
		},
		"security": []object{{"password": []string{}}, {"token": []string{}}, {}},
	}
	text, err := json.MarshalIndent(document, "", " ")
	if err != nil {
		return nil, err
	}
	return append(text, '\n'), d.err
}

func (d *describer) operation(o api.Operation) object {
	status := o.Status
	if status == 0 {
		status = 200
	}
	told := object{
		"tags": []string{o.About}, "summary": o.Summary,
		"responses": object{
			strconv.Itoa(status): object{"description": "It is so.", "content": d.content(o)},
			"default":            object{"description": "It is not; why.", "content": object{"application/json": object{"schema": d.schema(reflect.TypeFor[wire.Failure]())}}},
		},
	}
	if parameters := d.parameters(o); len(parameters) > 0 {
		told["parameters"] = parameters
	}
	if o.Body != nil {
		told["requestBody"] = object{"content": object{"application/json": object{"schema": d.schema(reflect.TypeOf(o.Body))}}}
	}
	return told
}

func (d *describer) content(o api.Operation) object {
	kind, schema := o.Kind, object{"type": "string"}
	if kind == "" {
		kind = "application/json"
	}
	if o.Answer != nil {
		schema = d.schema(reflect.TypeOf(o.Answer))
	}
	return object{kind: object{"schema": schema}}
}

func (d *describer) parameters(o api.Operation) []object {
	var all []object
	for _, match := range pathParameter.FindAllStringSubmatch(o.Path, -1) {
		name := match[1]
		if meanings[name] == "" {
			d.fail("nothing is said of {%s} in %s", name, o.Path)
		}
		all = append(all, object{"name": name, "in": "path", "required": true, "description": meanings[name], "schema": object{"type": "string"}})
	}
	for _, p := range o.Query {
		one := object{"name": p.Name, "in": "query", "description": p.Meaning, "schema": object{"type": "string"}}
		if p.Needed {
			one["required"] = true
		}
		all = append(all, one)
	}
	return all
}

// schema gives the schema of a use of t: a reference, for a type that has a name.
func (d *describer) schema(t reflect.Type) object {
	if t.Kind() == reflect.Pointer {
		return d.schema(t.Elem())
	}
	if t.PkgPath() == "" || !isName(t.Name()) {
		return d.plain(t)
	}
	if _, known := d.schemas[t.Name()]; !known {
		d.schemas[t.Name()] = nil // for types that hold themselves
		named := d.named(t)
		if text := strings.TrimSpace(d.comments[t.Name()]); text != "" {
			named["description"] = text
		}
		d.schemas[t.Name()] = named
	}
	return object{"$ref": "#/components/schemas/" + t.Name()}
}

// isName tells whether a type is told by its name: those of other packages, and
// what is nothing at all, begin small.
func isName(name string) bool { return name != "" && strings.ToUpper(name[:1]) == name[:1] }

func (d *describer) named(t reflect.Type) object {
	if list, ok := reflect.Zero(t).Interface().(enum); ok {
		return object{"type": "string", "enum": list.Values()}
	}
	if own, ok := reflect.Zero(t).Interface().(interface{ TypeScript() string }); ok {
		if own.TypeScript() != "number | null" {
			d.fail("no schema for %s", t)
		}
		return object{"type": "number", "nullable": true}
	}
	return d.plain(t)
}

func (d *describer) plain(t reflect.Type) object {
	switch t.Kind() {
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Int, reflect.Int64, reflect.Uint32, reflect.Uint64:
		return object{"type": "integer"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Slice:
		return object{"type": "array", "items": d.schema(t.Elem())}
	case reflect.Array:
		return object{"type": "array", "items": d.schema(t.Elem()), "minItems": t.Len(), "maxItems": t.Len()}
	case reflect.Struct:
		shape := object{"type": "object"}
		properties, required := object{}, []string{}
		d.fields(t, properties, &required)
		if len(properties) > 0 {
			shape["properties"] = properties
		}
		if len(required) > 0 {
			shape["required"] = required
		}
		return shape
	}
	d.fail("no schema for %s", t)
	return nil
}

func (d *describer) fields(owner reflect.Type, properties object, required *[]string) {
	for i := range owner.NumField() {
		f := owner.Field(i)
		if f.Anonymous && f.Type.Kind() == reflect.Struct {
			d.fields(f.Type, properties, required)
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || !f.IsExported() {
			d.fail("%s.%s has no name in JSON", owner.Name(), f.Name)
			continue
		}
		optional := strings.Contains(options, "omit")
		schema := d.field(f, optional)
		if text := strings.TrimSpace(d.comments[owner.Name()+"."+f.Name]); text != "" {
			schema["description"] = text
		}
		properties[name] = schema
		if !optional {
			*required = append(*required, name)
		}
	}
}

// field gives the schema of a field. What a reference says is taken as it is, so
// one that says more has it within.
func (d *describer) field(f reflect.StructField, optional bool) object {
	if f.Tag.Get("ts") == "[number, number][]" {
		pair := object{"type": "array", "items": object{"type": "integer"}, "minItems": 2, "maxItems": 2}
		return object{"type": "array", "items": pair}
	}
	schema := d.schema(f.Type)
	if _, named := schema["$ref"]; named {
		schema = object{"allOf": []object{schema}}
	}
	if f.Type.Kind() == reflect.Pointer && !optional {
		schema["nullable"] = true
	}
	return schema
}

func (d *describer) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf(format, args...)
	}
}
