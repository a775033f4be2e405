package seed

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"gatehouse/registry"
	"gatehouse/storage"
)

// value is a type of a seed file that reads itself. The error says what to write.
type value interface {
	parse(n *yaml.Node) error
}

// Duration is a span of time, written as a Go duration or as a whole number of seconds.
type Duration time.Duration

func (d *Duration) parse(n *yaml.Node) error {
	span, err := registry.ParseSpan(scalar(n))
	*d = Duration(span)
	return err
}

// scalar is the text of a value; nothing for a map or a list, which no time is written as.
func scalar(n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.Value
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

func (l *Lifetime) parse(n *yaml.Node) error {
	lifetime, err := registry.ParseLifetime(scalar(n))
	*l = Lifetime(lifetime)
	return err
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (l *Lifetime) UnmarshalYAML(n *yaml.Node) error { return l.parse(n) }

// MarshalText is the inverse of UnmarshalYAML.
func (l Lifetime) MarshalText() ([]byte, error) {
	if l == Lifetime(storage.Never) {
		return []byte(registry.NeverText), nil
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
