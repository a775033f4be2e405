package seed

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxFile is the largest seed file in bytes.
const maxFile = 64 << 20

// Seed is what was read from seed files, not yet compared with a database.
type Seed struct {
	companies  []record[Company]
	users      []record[User]
	scopes     []record[Scope]
	publishers []record[Publisher]
	clients    []record[Client]
}

// record is one entry of a file, and where it stands.
type record[T any] struct {
	value T
	place place
}

// place is an entry in a document.
type place struct {
	file string
	node *yaml.Node // the entry
	path string     // of the entry: clients[2]
}

// at names a field of the entry, or the nearest thing around it that is written down. The field is spelled as
// registry.Problems do: redirect_uris[0], scopes[1].name.
func (p place) at(field string) string {
	line, node := p.node.Line, p.node
	for part := range strings.SplitSeq(strings.ReplaceAll(field, "[", ".["), ".") {
		if node = child(node, part); node == nil {
			break
		}
		line = node.Line
	}
	return fmt.Sprintf("%s line %d, %s", p.file, line, strings.TrimSuffix(p.path+"."+field, "."))
}

// child returns the value under a key, or at [index]; nil when there is none.
func child(n *yaml.Node, part string) *yaml.Node {
	if n == nil {
		return nil
	}
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if index, ok := strings.CutPrefix(part, "["); ok {
		i, err := strconv.Atoi(strings.TrimSuffix(index, "]"))
		if err != nil || n.Kind != yaml.SequenceNode || i >= len(n.Content) {
			return nil
		}
		return n.Content[i]
	}
	for i := 0; i+1 < len(n.Content) && n.Kind == yaml.MappingNode; i += 2 {
		if n.Content[i].Value == part {
			return n.Content[i+1]
		}
	}
	return nil
}

// Read reads seed files; - is stdin. Problems when one is not as it should be.
func Read(paths []string, stdin io.Reader) (*Seed, error) {
	s := new(Seed)
	for _, path := range paths {
		raw, err := readFile(path, stdin)
		if err != nil {
			return nil, fmt.Errorf("the seed file cannot be read: %w; correct its name", err)
		}
		if err := s.Add(path, raw); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func readFile(path string, stdin io.Reader) ([]byte, error) {
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		stdin = f
	}
	raw, err := io.ReadAll(io.LimitReader(stdin, maxFile+1))
	if err == nil && len(raw) > maxFile {
		err = fmt.Errorf("%s has more than %d bytes", path, maxFile)
	}
	return raw, err
}

// Add adds the documents of one file, called name in errors. Problems when one is not as it should be.
func (s *Seed) Add(name string, raw []byte) error {
	for decoder := yaml.NewDecoder(bytes.NewReader(raw)); ; {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return Problems{{At: name, Text: "is not YAML: " + strings.TrimPrefix(err.Error(), "yaml: ")}}
		}
		if err := s.addDocument(name, document.Content[0]); err != nil {
			return err
		}
	}
}

func (s *Seed) addDocument(name string, root *yaml.Node) error {
	var file File
	if err := decode(name, root, &file); err != nil {
		return err
	}
	s.companies = append(s.companies, records(name, root, "companies", file.Companies)...)
	s.users = append(s.users, records(name, root, "users", file.Users)...)
	s.scopes = append(s.scopes, records(name, root, "scopes", file.Scopes)...)
	s.publishers = append(s.publishers, records(name, root, "publishers", file.Publishers)...)
	s.clients = append(s.clients, records(name, root, "clients", file.Clients)...)
	return nil
}

// decode decodes a node into what into points to, strictly.
func decode(name string, n *yaml.Node, into any) error {
	in := inspector{file: name}
	in.inspect(n, reflect.TypeOf(into).Elem(), "")
	if len(in.problems) > 0 {
		return in.problems
	}
	if err := n.Decode(into); err != nil { // what inspect cannot see, such as an anchor inside itself
		return Problems{{At: name, Text: strings.TrimPrefix(err.Error(), "yaml: ")}}
	}
	return nil
}

func records[T any](name string, root *yaml.Node, key string, values []T) []record[T] {
	var all []record[T]
	for i, v := range values {
		index := "[" + strconv.Itoa(i) + "]"
		node := child(child(root, key), index)
		if node == nil { // it comes from a merge
			node = root
		}
		all = append(all, record[T]{v, place{name, node, key + index}})
	}
	return all
}
