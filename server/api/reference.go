package api

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/go-chi/chi/v5"

	"supervisor/server/reply"
)

//go:embed openapi.json
var openAPI []byte

//go:embed reference.css
var referenceCSS []byte

//go:embed reference.html
var referenceHTML string

// reference puts the description of the interface on r: for programs, and for
// people. It tells of nothing that is somebody's.
func reference(r chi.Router) {
	serve := func(path, kind string, body func() ([]byte, error)) {
		r.Method(http.MethodGet, path, reply.Handler(func(w http.ResponseWriter, r *http.Request) error {
			text, err := body()
			if err != nil {
				return err
			}
			w.Header().Set("Content-Type", kind)
			_, _ = w.Write(text) // it fails when the client has left
			return nil
		}))
	}
	of := func(text []byte) func() ([]byte, error) { return func() ([]byte, error) { return text, nil } }
	serve("/openapi.json", "application/json", of(openAPI))
	serve("/reference.css", "text/css; charset=utf-8", of(referenceCSS))
	serve("/reference", "text/html; charset=utf-8", sync.OnceValues(referencePage))
}

// shown is the description as the page takes it.
type shown struct {
	Description string
	Parts       []shownPart
	Types       []shownType
}

type shownPart struct {
	Name       string
	Operations []shownOperation
}

type shownOperation struct {
	Method, Path, Summary string
	Query                 []Parameter
	Body, Answer, Media   string
}

type shownType struct {
	Name, Description string
	Fields            []shownField
	Values            []string
}

type shownField struct {
	Name, Type, Of, Description string
	Optional                    bool
}

// schema is what is read of a schema in the document.
type schema struct {
	Ref         string            `json:"$ref"`
	AllOf       []schema          `json:"allOf"`
	Type        string            `json:"type"`
	Nullable    bool              `json:"nullable"`
	Description string            `json:"description"`
	Enum        []string          `json:"enum"`
	Items       *schema           `json:"items"`
	Properties  map[string]schema `json:"properties"`
	Required    []string          `json:"required"`
}

// named gives the name of the type that a schema refers to, "" for none.
func (s schema) named() string {
	switch {
	case s.Ref != "":
		return s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
	case len(s.AllOf) == 1:
		return s.AllOf[0].named()
	case s.Items != nil:
		return s.Items.named()
	}
	return ""
}

// word gives the type of a value in a word or two, without the name it refers to.
func (s schema) word() string {
	switch {
	case s.Items != nil:
		return strings.TrimSpace("list of " + s.Items.word())
	case s.named() != "":
		return ""
	case s.Nullable:
		return s.Type + " or null"
	}
	return s.Type
}

// referencePage makes the page of the document that programs get, so that the two
// cannot tell different things.
func referencePage() ([]byte, error) {
	var document struct {
		Info       struct{ Description string }
		Components struct{ Schemas map[string]schema }
	}
	if err := json.Unmarshal(openAPI, &document); err != nil {
		return nil, fmt.Errorf("read openapi.json: %w", err)
	}
	page := shown{Description: document.Info.Description}
	for _, o := range Operations() {
		if len(page.Parts) == 0 || page.Parts[len(page.Parts)-1].Name != o.About {
			page.Parts = append(page.Parts, shownPart{Name: o.About})
		}
		part := &page.Parts[len(page.Parts)-1]
		part.Operations = append(part.Operations, shownOperation{
			Method: o.Method, Path: o.Path, Summary: o.Summary, Query: o.Query,
			Body: nameOf(o.Body), Answer: nameOf(o.Answer), Media: o.Kind,
		})
	}
	for _, name := range slices.Sorted(maps.Keys(document.Components.Schemas)) {
		page.Types = append(page.Types, typeShown(name, document.Components.Schemas[name]))
	}
	parsed, err := template.New("reference").Parse(referenceHTML)
	if err != nil {
		return nil, fmt.Errorf("read the reference: %w", err)
	}
	var out bytes.Buffer
	err = parsed.Execute(&out, page)
	return out.Bytes(), err
}

func typeShown(name string, s schema) shownType {
	told := shownType{Name: name, Description: s.Description, Values: s.Enum}
	for _, field := range slices.Sorted(maps.Keys(s.Properties)) {
		f := s.Properties[field]
		told.Fields = append(told.Fields, shownField{
			Name: field, Type: f.word(), Of: f.named(), Description: f.Description, Optional: !slices.Contains(s.Required, field),
		})
	}
	return told
}

// nameOf gives the name of the type of a value; "" for none, and for nothing.
func nameOf(value any) string {
	if _, empty := value.(nothing); value == nil || empty {
		return ""
	}
	name := fmt.Sprintf("%T", value)
	return name[strings.LastIndexByte(name, '.')+1:]
}
