package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// learned is the values that a transcript has learned.
type learned map[string]string

func (n learned) clone() learned { return maps.Clone(n) }

// shortestSecret is from how long on a value without spaces is taken for something that must not be logged.
const shortestSecret = 20

func (n learned) secret(name string) bool {
	given := []string{"ISSUER", "MIB", "PASSWORD", "PEER"}
	return len(n[name]) >= shortestSecret && !strings.Contains(n[name], " ") && !slices.Contains(given, name) && !strings.HasPrefix(name, "PLAIN_")
}

var nameInText = regexp.MustCompile(`\$(\$|\{\w+\}|\w+)`)

// expand replaces every $name by its value. An error for one without a value.
func (n learned) expand(text string) (string, error) {
	var missing error
	expanded := nameInText.ReplaceAllStringFunc(text, func(found string) string {
		name := strings.Trim(found[1:], "{}")
		value, known := n[name]
		switch {
		case found == "$$":
			return "$"
		case !known:
			missing = fmt.Errorf("$%s has no value", name)
		}
		return value
	})
	return expanded, missing
}

var wholeName = regexp.MustCompile(`^\$(\{\w+\}|\w+)$`)

// types are the words that match by type, of JSON values as json.Decoder.UseNumber reads them.
var types = map[string]func(any) bool{
	"int": func(v any) bool {
		number, ok := v.(json.Number)
		return ok && !strings.ContainsAny(string(number), ".eE")
	},
	"number": func(v any) bool { _, ok := v.(json.Number); return ok },
	"string": func(v any) bool { s, ok := v.(string); return ok && s != "" },
	"bool":   func(v any) bool { _, ok := v.(bool); return ok },
	"object": func(v any) bool { _, ok := v.(map[string]any); return ok },
	"array":  func(v any) bool { _, ok := v.([]any); return ok },
	"any":    func(any) bool { return true },
}

// match compares a text with what is wanted, which may be a name to learn or a type.
func (n learned) match(want string, got any) error {
	if wholeName.MatchString(want) {
		return n.matchName(strings.Trim(want[1:], "{}"), got)
	}
	expanded, err := n.expand(want)
	if err == nil && got != any(expanded) {
		err = fmt.Errorf("is %s, not %q", show(got), expanded)
	}
	return err
}

func (n learned) matchName(name string, got any) error {
	if is, isType := types[name]; isType {
		if !is(got) {
			return fmt.Errorf("is %s, which is no %s", show(got), name)
		}
		return nil
	}
	text, isText := got.(string)
	value, known := n[name]
	switch {
	case !isText || text == "":
		return fmt.Errorf("is %s, which cannot be $%s", show(got), name)
	case known && value != text:
		return fmt.Errorf("is %q, not the value of $%s, %q", text, name, value)
	}
	n[name] = text
	return nil
}

func show(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(raw)
}

// matchJSON compares two JSON values exactly, but for names and types.
func (n learned) matchJSON(at string, want, got any) error {
	switch want := want.(type) {
	case string:
		if err := n.match(want, got); err != nil {
			return fmt.Errorf("%s %w", at, err)
		}
		return nil
	case map[string]any:
		return n.matchObject(at, want, got)
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return fmt.Errorf("%s is %s, not a list of %d", at, show(got), len(want))
		}
		for i := range want {
			if err := n.matchJSON(fmt.Sprintf("%s[%d]", at, i), want[i], list[i]); err != nil {
				return err
			}
		}
		return nil
	}
	if want != got {
		return fmt.Errorf("%s is %s, not %s", at, show(got), show(want))
	}
	return nil
}

func (n learned) matchObject(at string, want map[string]any, got any) error {
	object, ok := got.(map[string]any)
	if !ok {
		return fmt.Errorf("%s is %s, not an object", at, show(got))
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if _, wanted := want[key]; !wanted {
			return fmt.Errorf("%s has the key %s, which it should not: %s", at, key, show(object[key]))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		value, there := object[key]
		if !there {
			return fmt.Errorf("%s lacks the key %s", at, key)
		}
		if err := n.matchJSON(at+"."+key, want[key], value); err != nil {
			return err
		}
	}
	return nil
}

// decodeJSON reads one JSON value with numbers as they are written.
func decodeJSON(text string) (any, error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return nil, err
	}
	if decoder.More() {
		return nil, fmt.Errorf("there is more than one JSON value")
	}
	return v, nil
}

// matchURL compares two URLs, the query by its parameters.
func (n learned) matchURL(want, got string) error {
	wanted, err := url.Parse(want)
	if err != nil {
		return err
	}
	found, err := url.Parse(got)
	if err != nil {
		return err
	}
	sent, expected := found.Query(), wanted.Query()
	found.RawQuery, wanted.RawQuery = "", ""
	base, err := url.PathUnescape(wanted.String()) // a $ is escaped
	if err != nil {
		return err
	}
	if err := n.match(base, found.String()); err != nil {
		return fmt.Errorf("leads elsewhere: %w", err)
	}
	for name := range sent {
		if !expected.Has(name) {
			return fmt.Errorf("has the parameter %s=%s, which it should not", name, sent.Get(name))
		}
	}
	for name, values := range expected {
		if len(sent[name]) != len(values) {
			return fmt.Errorf("lacks the parameter %s", name)
		}
		for i, value := range values {
			if err := n.match(value, sent[name][i]); err != nil {
				return fmt.Errorf("parameter %s %w", name, err)
			}
		}
	}
	return nil
}
