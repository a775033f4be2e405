package seed

import (
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Key is one key of an entry, as a command line needs it.
type Key struct {
	Name  string
	Truth bool // true or false
	List  bool // may be given several times
}

// Keys lists the keys of an entry such as Client, in order.
func Keys[T any]() []Key {
	var keys []Key
	for f := range reflect.TypeFor[T]().Fields() {
		truth := f.Type.Kind() == reflect.Bool || f.Type.Kind() == reflect.Pointer && f.Type.Elem().Kind() == reflect.Bool
		keys = append(keys, Key{Name: keyOf(f), Truth: truth, List: f.Type.Kind() == reflect.Slice})
	}
	return keys
}

// ReadEntry reads a file with the keys of one entry; - is stdin. Problems when it is not as it should be.
func ReadEntry[T any](path string, stdin io.Reader) (T, error) {
	var entry T
	root, err := readNode(path, stdin)
	if err != nil {
		return entry, err
	}
	return entry, decode(path, root, &entry)
}

func readNode(path string, stdin io.Reader) (*yaml.Node, error) {
	raw, err := readFile(path, stdin)
	if err != nil {
		return nil, fmt.Errorf("the file cannot be read: %w; correct its name", err)
	}
	root, err := parse(string(raw))
	if err != nil {
		return nil, Problems{{At: path, Text: err.Error()}}
	}
	return root, nil
}

// Entry makes an entry of texts by key. A text for a list is one item of it; for what has parts of its own it is YAML,
// such as {name: email, required: true}, or just the name. Problems when one is not as it should be.
func Entry[T any](texts map[string][]string) (T, error) {
	var entry T
	root, err := entryNode[T](texts)
	if err != nil {
		return entry, err
	}
	return entry, decode("", root, &entry)
}

// Amend replaces the keys of an entry that texts name, each as a whole; the others stay. One empty text empties a key.
func Amend[T any](entry *T, texts map[string][]string) error {
	root, err := entryNode[T](texts)
	if err != nil {
		return err
	}
	return amend("", root, entry)
}

// AmendFrom does the same with the keys in a file; - is stdin.
func AmendFrom[T any](entry *T, path string, stdin io.Reader) error {
	root, err := readNode(path, stdin)
	if err != nil {
		return err
	}
	return amend(path, root, entry)
}

func amend[T any](name string, root *yaml.Node, entry *T) error {
	for f := range reflect.TypeFor[T]().Fields() {
		if child(root, keyOf(f)) != nil { // else a map would keep the keys that are not named
			reflect.ValueOf(entry).Elem().FieldByIndex(f.Index).SetZero()
		}
	}
	return decode(name, root, entry)
}

// entryNode is the entry that texts by key describe.
func entryNode[T any](texts map[string][]string) (*yaml.Node, error) {
	root := &yaml.Node{Kind: yaml.MappingNode}
	for f := range reflect.TypeFor[T]().Fields() {
		given := texts[keyOf(f)]
		if len(given) == 0 {
			continue
		}
		if i := slices.IndexFunc(given, severalNames.MatchString); i >= 0 && f.Type.Kind() == reflect.Slice {
			return nil, Problems{{At: keyOf(f), Text: fmt.Sprintf("%q is several; give each by itself, as in %s", given[i], eachItself(keyOf(f), given[i]))}}
		}
		value, err := valueOf(f.Type, given)
		if err != nil {
			return nil, Problems{{At: keyOf(f), Text: err.Error()}}
		}
		root.Content = append(root.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: keyOf(f)}, value)
	}
	return root, nil
}

// severalNames is a list of names that somebody gave for one item. A URI, which may have a comma, is none.
var severalNames = regexp.MustCompile(`^[a-z0-9_.-]+([, ] *[a-z0-9_.-]+)+$`)

// eachItself gives a key several times in the way of a command line.
func eachItself(key, text string) string {
	var flags []string
	for name := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		flags = append(flags, "--"+strings.ReplaceAll(key, "_", "-")+" "+name)
	}
	return strings.Join(flags, " ")
}

func valueOf(t reflect.Type, texts []string) (*yaml.Node, error) {
	if len(texts) == 1 && texts[0] == "" {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}, nil
	}
	if t.Kind() != reflect.Slice {
		return scalarOr(t, texts[len(texts)-1])
	}
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for _, text := range texts {
		item, err := scalarOr(t.Elem(), text)
		if err != nil {
			return nil, err
		}
		if t.Elem().Kind() == reflect.Struct && item.Kind == yaml.ScalarNode {
			item = &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Tag: "!!str", Value: "name"}, item}}
		}
		list.Content = append(list.Content, item)
	}
	return list, nil
}

// scalarOr is a text as it is where t is a text, else the YAML in it.
func scalarOr(t reflect.Type, text string) (*yaml.Node, error) {
	if t.Kind() == reflect.String {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}, nil
	}
	return parse(text)
}

func parse(text string) (*yaml.Node, error) {
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		return nil, fmt.Errorf("is not YAML: %w", err)
	}
	if len(document.Content) == 0 {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}, nil
	}
	return document.Content[0], nil
}

// CheckSecret says whether the entry's secret can be taken: Problems as in a seed file.
func (c Client) CheckSecret() error {
	var p planner
	p.checkSecret(record[Client]{value: c, place: place{node: &yaml.Node{}}})
	if len(p.problems) > 0 {
		return Problems{{At: "client_secret", Text: p.problems[0].Text}}
	}
	return nil
}
