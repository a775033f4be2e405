package templates

import (
	"embed"
	"encoding/json"
	"fmt"
	"html"
	"html/template"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"
)

// defaultLanguage is drawn for people who ask for none that we have.
const defaultLanguage = "en"

//go:embed lang/*.json
var catalogFiles embed.FS

// catalog is the texts of one language.
type catalog struct {
	tag      string // BCP 47, e.g. "pt-BR"
	messages map[string]message
}

// message is a text taken apart at its {placeholders}.
type message []part

// part is either text or the name of a placeholder.
type part struct{ text, arg string }

// loadCatalogs returns those of the embedded files: the default language first, the others by tag. They are read once, since
// nobody changes them.
var loadCatalogs = sync.OnceValues(readCatalogs)

func readCatalogs() ([]catalog, error) {
	entries, err := catalogFiles.ReadDir("lang")
	if err != nil {
		return nil, err
	}
	var all []catalog
	for _, e := range entries {
		raw, err := catalogFiles.ReadFile(path.Join("lang", e.Name()))
		if err != nil {
			return nil, err
		}
		c, err := parseCatalog(strings.TrimSuffix(e.Name(), ".json"), raw)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	slices.SortStableFunc(all, func(a, b catalog) int {
		if (a.tag == defaultLanguage) != (b.tag == defaultLanguage) {
			if a.tag == defaultLanguage {
				return -1
			}
			return 1
		}
		return strings.Compare(a.tag, b.tag)
	})
	return all, nil
}

// parseCatalog reads one file: a JSON object of key → text.
func parseCatalog(tag string, raw []byte) (catalog, error) {
	if _, err := language.Parse(tag); err != nil {
		return catalog{}, fmt.Errorf("templates: language %q: %w", tag, err)
	}
	var texts map[string]string
	if err := json.Unmarshal(raw, &texts); err != nil {
		return catalog{}, fmt.Errorf("templates: language %q: %w", tag, err)
	}
	c := catalog{tag: tag, messages: make(map[string]message, len(texts))}
	for key, text := range texts {
		m, err := parseMessage(text)
		if err != nil {
			return catalog{}, fmt.Errorf("templates: language %q: %q: %w", tag, key, err)
		}
		c.messages[key] = m
	}
	return c, nil
}

// parseMessage takes "Sign in to {app}" apart.
func parseMessage(text string) (message, error) {
	var m message
	for text != "" {
		before, rest, found := strings.Cut(text, "{")
		if before != "" {
			m = append(m, part{text: before})
		}
		if !found {
			break
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed || name == "" || strings.ContainsAny(name, "{ ") {
			return nil, fmt.Errorf("a placeholder is not closed: %q", text)
		}
		m = append(m, part{arg: name})
		text = after
	}
	return m, nil
}

// html fills the placeholders and escapes what is text.
func (m message) html(args map[string]template.HTML) (template.HTML, error) {
	var b strings.Builder
	for _, p := range m {
		if p.arg == "" {
			b.WriteString(html.EscapeString(p.text))
			continue
		}
		arg, ok := args[p.arg]
		if !ok {
			return "", fmt.Errorf("nothing for {%s}", p.arg)
		}
		b.WriteString(string(arg))
	}
	return template.HTML(b.String()), nil
}

// text fills the placeholders with plain text, for a title or an attribute.
func (m message) text(args map[string]string) (string, error) {
	var b strings.Builder
	for _, p := range m {
		arg, ok := args[p.arg]
		if p.arg != "" && !ok {
			return "", fmt.Errorf("nothing for {%s}", p.arg)
		}
		b.WriteString(p.text + arg)
	}
	return b.String(), nil
}

// name is what the language calls itself.
func (c catalog) name() string {
	s, _ := c.messages["language"].text(nil)
	return s
}

// dir is the direction of the language's script.
func (c catalog) dir() string {
	script, _ := language.Make(c.tag).Script()
	switch script.String() {
	case "Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm":
		return "rtl"
	}
	return "ltr"
}
