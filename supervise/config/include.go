//go:build unix

package config

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"supervisor/supervise"
)

// include reads the files that [include] names into the document, in order. A
// later file wins over an earlier one; [include] in an included file does
// nothing.
func (l *loader) include() error {
	if !l.doc.has("include") {
		return nil
	}
	// Files are named relative to where the main file is. From here on a literal
	// %(here)s means the directory of the file it stands in.
	if err := l.doc.replaceHere(l.here, l.doc.sections()); err != nil {
		return err
	}
	patterns, err := l.includePatterns()
	if err != nil {
		return err
	}
	for _, pattern := range patterns {
		if err := l.includeMatches(joinPath(l.here, pattern)); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) includePatterns() ([]string, error) {
	files, found := l.doc.get("include", "files")
	if !found {
		err := fail(l.doc.sectionAt["include"], ".ini file has [include] section, but no files setting")
		err.Section, err.Option = "include", "files"
		return nil, err
	}
	vars := l.env.with(l.hereVars()).with(variables{"host_node_name": textVar(l.host)})
	files, err := expand(files, vars, "include.files")
	if err != nil {
		return nil, locate(err, l.doc.at("include", "files"), "include", "files")
	}
	return fields(files), nil
}

func (l *loader) includeMatches(pattern string) error {
	matches := glob(pattern)
	if len(matches) == 0 {
		l.warnf("include", "files", `No file matches via include "%s"`, pattern)
		return nil
	}
	slices.Sort(matches)
	for _, file := range matches {
		l.cfg.Infos = append(l.cfg.Infos, fmt.Sprintf(`Included extra file "%s" during parsing`, file))
		if err := l.doc.include(file); err != nil {
			return err
		}
	}
	return nil
}

// joinPath joins without cleaning, because the result is shown.
func joinPath(dir, name string) string {
	if strings.HasPrefix(name, "/") {
		return name
	}
	return strings.TrimSuffix(dir, "/") + "/" + name
}

// glob finds the paths that match, as Python's glob.glob does: *, ? and [...]
// within one part of a path, names with a leading dot only when the pattern says
// the dot, no escapes. filepath.Glob differs in the last two.
func glob(pattern string) []string {
	if !supervise.IsGlob(pattern) {
		if exists(pattern) {
			return []string{pattern}
		}
		return nil
	}
	slash := strings.LastIndexByte(pattern, '/')
	dir, base := pattern[:slash+1], pattern[slash+1:]
	if trimmed := strings.TrimRight(dir, "/"); trimmed != "" {
		dir = trimmed
	}
	var found []string
	for _, d := range glob(dir) {
		for _, name := range matchingNames(d, base) {
			found = append(found, joinPath(d, name))
		}
	}
	return found
}

// exists follows no link at the end; a path that ends in a slash must be a
// directory.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func matchingNames(dir, pattern string) []string {
	if !supervise.IsGlob(pattern) {
		if exists(joinPath(dir, pattern)) {
			return []string{pattern}
		}
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // as one that is empty
	}
	var names []string
	for _, e := range entries {
		hidden := strings.HasPrefix(e.Name(), ".") && !strings.HasPrefix(pattern, ".")
		if !hidden && supervise.MatchGlob(pattern, e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names
}
