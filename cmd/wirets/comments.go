package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
)

// comments holds what the sources say of "Type" and of "Type.Field".
type comments map[string]string

// readComments parses the Go files of dir, tests left out.
func readComments(dir string) (comments, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", dir, err)
	}
	found := comments{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("read comments: %w", err)
		}
		for _, decl := range file.Decls {
			found.collect(decl)
		}
	}
	return found, nil
}

func (c comments) collect(decl ast.Decl) {
	types, ok := decl.(*ast.GenDecl)
	if !ok || types.Tok != token.TYPE {
		return
	}
	for _, spec := range types.Specs {
		named := spec.(*ast.TypeSpec)
		c[named.Name.Name] = types.Doc.Text()
		shape, ok := named.Type.(*ast.StructType)
		if !ok {
			continue
		}
		for _, field := range shape.Fields.List {
			for _, name := range field.Names {
				c[named.Name.Name+"."+name.Name] = field.Doc.Text()
			}
		}
	}
}
