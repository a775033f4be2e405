package seed

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"gatehouse/storage"
)

// value is a type of a seed file that reads itself. The error says what to write.
type value interface {
	parse(n *yaml.Node) error
}

// Duration is a span of time, written as a Go duration or as a whole number of seconds.
type Duration time.Duration

func (d *Duration) parse(n *yaml.Node) error {
	text := strings.TrimSpace(n.Value)
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil && n.Kind == yaml.ScalarNode {
		if seconds > math.MaxInt64/int64(time.Second) || seconds < math.MinInt64/int64(time.Second) {
			return errors.New("is too long; write never where no end is meant")
		}
		*d = Duration(seconds) * Duration(time.Second)
		return nil
	}
	parsed, err := time.ParseDuration(text)
	if err != nil || n.Kind != yaml.ScalarNode {
		return errors.New("must be a number of seconds or a duration such as 90s, 5m or 720h")
	}
	*d = Duration(parsed)
	return nil
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (d *Duration) UnmarshalYAML(n *yaml.Node) error { return d.parse(n) }

// MarshalText writes a Go duration without parts that are zero at its end: 5m, not 5m0s.
func (d Duration) MarshalText() ([]byte, error) {
	text := time.Duration(d).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return []byte(text), nil
}

// UnmarshalText reads what MarshalText wrote.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}

// Lifetime is a Duration of at least a second, or "never"; zero means that it was left out.
type Lifetime storage.Lifetime

const never = "never"

func (l *Lifetime) parse(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode && n.Value == never {
		*l = Lifetime(storage.Never)
		return nil
	}
	var d Duration
	if err := d.parse(n); err != nil {
		return fmt.Errorf("%w, or never", err)
	}
	if d <= 0 {
		return errors.New("must be at least one second, or never")
	}
	*l = Lifetime(d)
	return nil
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (l *Lifetime) UnmarshalYAML(n *yaml.Node) error { return l.parse(n) }

// MarshalText is the inverse of UnmarshalYAML.
func (l Lifetime) MarshalText() ([]byte, error) {
	if l == Lifetime(storage.Never) {
		return []byte(never), nil
	}
	return Duration(l).MarshalText()
}

// Attributes is a map of values as JSON has them; numbers are json.Number, so that none loses a digit.
type Attributes map[string]any

func (a *Attributes) parse(n *yaml.Node) error {
	v, err := plain(n, 0)
	if err != nil {
		return err
	}
	m, ok := v.(map[string]any)
	if !ok && v != nil {
		return errors.New("must be a map")
	}
	*a = m
	return nil
}

// UnmarshalYAML implements yaml.Unmarshaler. It replaces the map as a whole.
func (a *Attributes) UnmarshalYAML(n *yaml.Node) error { return a.parse(n) }

// MarshalYAML implements yaml.Marshaler.
func (a Attributes) MarshalYAML() (any, error) {
	if len(a) == 0 {
		return map[string]any{}, nil
	}
	raw, err := json.Marshal(map[string]any(a))
	if err != nil {
		return nil, err
	}
	var n yaml.Node // JSON is YAML, and a node keeps its numbers as they are written
	if err := yaml.Unmarshal(raw, &n); err != nil {
		return nil, err
	}
	unquoted(&n)
	return n.Content[0], nil
}

// unquoted drops JSON's style, so that the encoder quotes only what it must.
func unquoted(n *yaml.Node) {
	n.Style = 0
	for _, child := range n.Content {
		unquoted(child)
	}
}

// maxDepth is how deep values may be nested.
const maxDepth = 32

// plain returns a node as JSON would hold it.
func plain(n *yaml.Node, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("is nested deeper than %d levels", maxDepth)
	}
	switch n.Kind {
	case yaml.AliasNode:
		return nil, errors.New("has an alias (*) inside; write the value in full")
	case yaml.SequenceNode:
		list := []any{}
		for _, item := range n.Content {
			v, err := plain(item, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case yaml.MappingNode:
		return plainMap(n, depth)
	case yaml.ScalarNode:
		return plainScalar(n)
	}
	return nil, errors.New("is not a value")
}

func plainMap(n *yaml.Node, depth int) (any, error) {
	m := map[string]any{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" || key.Value == "" {
			return nil, errors.New("has a key that is not a text")
		}
		if _, twice := m[key.Value]; twice {
			return nil, fmt.Errorf("has the key %q twice; leave one out", key.Value)
		}
		v, err := plain(n.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		m[key.Value] = v
	}
	return m, nil
}

func plainScalar(n *yaml.Node) (any, error) {
	switch n.Tag {
	case "!!null":
		return nil, nil
	case "!!bool":
		var b bool
		err := n.Decode(&b)
		return b, err
	case "!!int":
		var i int64
		if err := n.Decode(&i); err != nil {
			return nil, fmt.Errorf("has %s, which is too large for a number; write it in quotes", n.Value)
		}
		return json.Number(strconv.FormatInt(i, 10)), nil
	case "!!float":
		var f float64
		if err := n.Decode(&f); err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return nil, fmt.Errorf("has %s, which JSON cannot hold; write it in quotes", n.Value)
		}
		return number(f), nil
	}
	return n.Value, nil // also what YAML takes for a date: JSON has none
}

// number is the shortest JSON spelling of f, without a fraction where there is none.
func number(f float64) json.Number {
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return json.Number(strconv.FormatInt(int64(f), 10))
	}
	return json.Number(strconv.FormatFloat(f, 'g', -1, 64))
}

// settled returns v with every number in one spelling, so that equal values compare equal whichever database they come
// from.
func settled(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for key, item := range v {
			m[key] = settled(item)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = settled(item)
		}
		return list
	case json.Number:
		if i, err := strconv.ParseInt(string(v), 10, 64); err == nil {
			return json.Number(strconv.FormatInt(i, 10))
		}
		if f, err := v.Float64(); err == nil {
			return number(f)
		}
	case float64:
		return number(v)
	case int:
		return json.Number(strconv.Itoa(v))
	}
	return v
}
