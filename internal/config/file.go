package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gatehouse/internal/nearest"
)

// fromFile reads the settings file: one map of names in lower case to texts, or lists of texts. No file is no settings.
func fromFile(path string, problems *Error) layer {
	l := make(layer)
	if path == "" {
		return l
	}
	f, err := os.Open(path)
	if err != nil {
		problems.add("the settings file cannot be read: %v; correct --config or %s", err, ConfigVariable)
		return l
	}
	defer f.Close()
	var document yaml.Node
	decoder := yaml.NewDecoder(f)
	if err := decoder.Decode(&document); err != nil {
		if !errors.Is(err, io.EOF) {
			problems.add("%s is not YAML: %s", path, strings.TrimPrefix(err.Error(), "yaml: "))
		}
		return l
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		problems.add("%s has more than one document; put all settings in the first", path)
	}
	readMap(document.Content[0], path, l, problems)
	return l
}

func readMap(m *yaml.Node, path string, l layer, problems *Error) {
	if m.Kind == yaml.ScalarNode && m.Tag == "!!null" {
		return // a file of comments
	}
	if m.Kind != yaml.MappingNode {
		problems.add("%s line %d: write one setting per line, as in issuer: https://id.example", path, m.Line)
		return
	}
	known := append(names(), fileNames()...)
	for i := 0; i+1 < len(m.Content); i += 2 {
		key, value := m.Content[i], m.Content[i+1]
		at := fmt.Sprintf("%s (%s line %d)", key.Value, path, key.Line)
		name := strings.ToUpper(key.Value)
		text, readable := scalar(value)
		switch _, twice := l[name]; {
		case key.Value != strings.ToLower(key.Value) || !slices.Contains(known, name):
			problems.add("%s is not a setting; %s", at, settingHint(name, known))
		case twice:
			problems.add("%s is set twice; leave one out", at)
		case !readable:
			problems.add("%s must be a text or a list of texts", at)
		case text != "": // as in the environment, an empty setting is one that is not made
			l[name] = setting{value: text, origin: at}
		}
	}
}

// settingHint says which setting was meant, or where all of them are named: they are too many for an error.
func settingHint(name string, known []string) string {
	if meant := nearest.Name(name, known); meant != "" {
		return "did you mean " + strings.ToLower(meant) + "?"
	}
	return "gatehouse serve --help names all that there are"
}

// scalar returns a value as the environment would spell it: lists are separated by commas.
func scalar(n *yaml.Node) (string, bool) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch {
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		return "", true
	case n.Kind == yaml.ScalarNode:
		return n.Value, true
	case n.Kind != yaml.SequenceNode:
		return "", false
	}
	var items []string
	for _, item := range n.Content {
		if item.Kind != yaml.ScalarNode {
			return "", false
		}
		items = append(items, item.Value)
	}
	return strings.Join(items, ","), true
}
