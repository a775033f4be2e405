package seed

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gatehouse/internal/nearest"
)

var valueType = reflect.TypeFor[value]()

// Problem is one thing that is wrong with a seed file.
type Problem struct {
	At   string // the file, the line and the path in it
	Text string // what to do about it
}

// Problems is the error of seed files that cannot be applied.
type Problems []Problem

// Error is one line for one problem; for several it is their number, and a line for each.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.At + ": " + problem.Text
	}
	if len(lines) == 1 {
		return lines[0]
	}
	return fmt.Sprintf("%d mistakes; nothing was changed\n  %s", len(lines), strings.Join(lines, "\n  "))
}

// maxNodes is how many values a document may have, aliases followed, so that a small file cannot stand for a huge one.
const maxNodes = 1_000_000

// inspector compares a document with the Go type that it is decoded into.
type inspector struct {
	file     string
	problems Problems
	nodes    int
	fields   map[reflect.Type]map[string]reflect.Type
}

func (in *inspector) report(n *yaml.Node, path, format string, args ...any) {
	at := path
	if in.file != "" {
		at = strings.TrimSuffix(fmt.Sprintf("%s line %d, %s", in.file, n.Line, path), ", ")
	}
	in.problems = append(in.problems, Problem{At: at, Text: fmt.Sprintf(format, args...)})
}

// inspect reports every key that t does not have and every value of another kind than t's. Whatever it lets pass can be
// decoded into a t.
func (in *inspector) inspect(n *yaml.Node, t reflect.Type, path string) {
	if in.nodes++; in.nodes > maxNodes {
		if in.nodes == maxNodes+1 {
			in.report(n, path, "the document has more than %d values; split it", maxNodes)
		}
		return
	}
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return // as if the key were left out
	}
	if reflect.PointerTo(t).Implements(valueType) {
		if err := reflect.New(t).Interface().(value).parse(n); err != nil {
			in.report(n, path, "%s", err)
		}
		return
	}
	switch {
	case t.Kind() == reflect.Pointer:
		in.inspect(n, t.Elem(), path)
	case t.Kind() == reflect.Slice:
		in.inspectList(n, t.Elem(), path)
	case t.Kind() == reflect.Map:
		in.inspectMap(n, t.Elem(), path)
	case t.Kind() == reflect.Struct && !isScalar(t):
		in.inspectStruct(n, t, path, nil)
	case n.Kind != yaml.ScalarNode || !readable(n, t):
		in.report(n, path, "must be %s", describe(t))
	}
}

// readable reports whether a scalar can be decoded into a t.
func readable(n *yaml.Node, t reflect.Type) bool {
	return t.Kind() == reflect.String && n.Tag == "!!str" || n.Decode(reflect.New(t).Interface()) == nil
}

// isScalar reports whether a struct, such as a time, is written as one text.
func isScalar(t reflect.Type) bool { return t.PkgPath() == "time" }

func describe(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	}
	return "a time such as 2026-01-31T12:00:00Z"
}

func (in *inspector) inspectList(n *yaml.Node, elem reflect.Type, path string) {
	if n.Kind != yaml.SequenceNode {
		in.report(n, path, "must be a list, as in [a, b]")
		return
	}
	for i, item := range n.Content {
		at := fmt.Sprintf("%s[%d]", path, i)
		if item.Kind == yaml.ScalarNode && item.Tag == "!!null" {
			in.report(item, at, "must not be empty")
			continue
		}
		in.inspect(item, elem, at)
	}
}

func (in *inspector) inspectMap(n *yaml.Node, elem reflect.Type, path string) {
	if n.Kind != yaml.MappingNode {
		in.report(n, path, "must be a map, as in {en: text}")
		return
	}
	var seen []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode || key.Tag != "!!str" || slices.Contains(seen, key.Value) {
			in.report(key, path, "each key must be a text, and there once")
			continue
		}
		seen = append(seen, key.Value)
		in.inspect(n.Content[i+1], elem, path+"."+key.Value)
	}
}

// inspectStruct follows merge keys (<<) too; outer are the merges that it is inside of.
func (in *inspector) inspectStruct(n *yaml.Node, t reflect.Type, path string, outer []*yaml.Node) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.MappingNode || slices.Contains(outer, n) {
		in.report(n, path, "must be a map of %s", strings.Join(keysOf(t), ", "))
		return
	}
	var seen []string
	fields := in.fieldsOf(t)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := strings.TrimPrefix(path+"."+key.Value, ".")
		field, known := fields[key.Value]
		switch {
		case key.Tag == "!!merge" && path != "":
			in.inspectStruct(value, t, path, append(outer, n))
		case key.Kind != yaml.ScalarNode:
			in.report(key, path, "each key must be a text")
		case !known:
			in.report(key, at, "is not a key; %s", nearest.Hint(key.Value, keysOf(t)))
		case slices.Contains(seen, key.Value):
			in.report(key, at, "is there twice; leave one out")
		default:
			in.inspect(value, field, at)
		}
		seen = append(seen, key.Value)
	}
}

// keyOf is the name of a field in a seed file.
func keyOf(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return name
}

func keysOf(t reflect.Type) []string {
	var keys []string
	for f := range t.Fields() {
		keys = append(keys, keyOf(f))
	}
	return keys
}

// fieldsOf returns the types of a struct's fields by key.
func (in *inspector) fieldsOf(t reflect.Type) map[string]reflect.Type {
	if fields, known := in.fields[t]; known {
		return fields
	}
	fields := make(map[string]reflect.Type)
	for f := range t.Fields() {
		fields[keyOf(f)] = f.Type
	}
	if in.fields == nil {
		in.fields = make(map[reflect.Type]map[string]reflect.Type)
	}
	in.fields[t] = fields
	return fields
}
