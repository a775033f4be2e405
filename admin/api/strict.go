package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/nearest"
	"gatehouse/registry"
)

// into turns an object into a struct. Members that it does not have, and those of another kind, are problems.
func into[T any](o object) (T, error) {
	var value T
	var in inspector
	in.inspect(o, reflect.TypeFor[T](), "")
	if len(in.problems) > 0 {
		return value, invalid(in.problems)
	}
	raw, err := json.Marshal(o)
	if err != nil {
		return value, err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	return value, decoder.Decode(&value)
}

// inspector compares what was sent with the Go type that it is decoded into.
type inspector struct{ problems registry.Problems }

func (in *inspector) report(path, format string, args ...any) {
	in.problems = append(in.problems, registry.Problem{Field: path, Text: fmt.Sprintf(format, args...)})
}

var (
	unmarshaler = reflect.TypeFor[json.Unmarshaler]()
	rawType     = reflect.TypeFor[json.RawMessage]()
	timeType    = reflect.TypeFor[time.Time]()
)

func (in *inspector) inspect(v any, t reflect.Type, path string) {
	switch {
	case v == nil || t == rawType || t.Kind() == reflect.Interface:
		return // null is as if it were left out
	case t == timeType:
		text, is := v.(string)
		if _, err := time.Parse(time.RFC3339, text); !is || err != nil {
			in.report(path, "must be a time such as 2026-01-31T12:00:00Z")
		}
	case reflect.PointerTo(t).Implements(unmarshaler):
		raw, err := json.Marshal(v)
		if err == nil {
			err = json.Unmarshal(raw, reflect.New(t).Interface())
		}
		if err != nil {
			in.report(path, "%s", err)
		}
	case t.Kind() == reflect.Pointer:
		in.inspect(v, t.Elem(), path)
	case t.Kind() == reflect.Slice:
		in.inspectList(v, t.Elem(), path)
	case t.Kind() == reflect.Map:
		in.inspectMap(v, t.Elem(), path)
	case t.Kind() == reflect.Struct:
		in.inspectStruct(v, t, path)
	default:
		in.inspectScalar(v, t, path)
	}
}

func (in *inspector) inspectScalar(v any, t reflect.Type, path string) {
	switch t.Kind() {
	case reflect.String:
		if _, is := v.(string); !is {
			in.report(path, "must be a text")
		}
	case reflect.Bool:
		if _, is := v.(bool); !is {
			in.report(path, "must be true or false")
		}
	default:
		n, is := v.(json.Number)
		if _, err := n.Int64(); !is || err != nil {
			in.report(path, "must be a whole number")
		}
	}
}

func (in *inspector) inspectList(v any, elem reflect.Type, path string) {
	list, is := v.([]any)
	if !is {
		in.report(path, "must be a list")
		return
	}
	for i, item := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		if item == nil {
			in.report(at, "must not be null")
			continue
		}
		in.inspect(item, elem, at)
	}
}

func (in *inspector) inspectMap(v any, elem reflect.Type, path string) {
	o, is := v.(object)
	if !is {
		in.report(path, "must be an object")
		return
	}
	for _, name := range sortedKeys(o) {
		in.inspect(o[name], elem, join(path, name))
	}
}

func (in *inspector) inspectStruct(v any, t reflect.Type, path string) {
	o, is := v.(object)
	if !is {
		in.report(path, "must be an object")
		return
	}
	fields := fieldsOf(t)
	for _, name := range sortedKeys(o) {
		field, known := fields[name]
		if !known {
			in.report(join(path, name), "is not a member; %s", nearest.Hint(name, sortedKeys(fields)))
			continue
		}
		in.inspect(o[name], field, join(path, name))
	}
}

// fieldsOf returns the types of a struct's fields by their names in JSON.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := make(map[string]reflect.Type)
	for f := range t.Fields() {
		if f.Anonymous {
			maps.Copy(fields, fieldsOf(f.Type))
			continue
		}
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			fields[name] = f.Type
		}
	}
	return fields
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
