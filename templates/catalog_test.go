package templates

import (
	"gatehouse/registry"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

func TestCatalogsHaveTheSameKeysAndPlaceholders(t *testing.T) {
	catalogs, err := loadCatalogs()
	require.NoError(t, err)
	want := catalogs[0]
	require.Equal(t, defaultLanguage, want.tag)
	for _, c := range catalogs[1:] {
		require.Equal(t, slices.Sorted(maps.Keys(want.messages)), slices.Sorted(maps.Keys(c.messages)), c.tag)
		for key, m := range want.messages {
			require.Equal(t, placeholders(m), placeholders(c.messages[key]), "%s: %s", c.tag, key)
			require.NotEmpty(t, c.messages[key], "%s: %s", c.tag, key)
		}
	}
}

func placeholders(m message) []string {
	var names []string
	for _, p := range m {
		if p.arg != "" {
			names = append(names, p.arg)
		}
	}
	slices.Sort(names)
	return names
}

func TestCatalogsHaveTwelveMonthsAndTheirOwnName(t *testing.T) {
	catalogs, err := loadCatalogs()
	require.NoError(t, err)
	names := map[string]string{}
	for _, c := range catalogs {
		_, err := c.date(drawn)
		require.NoError(t, err)
		require.Empty(t, names[c.name()], "%s and %s have one name", c.tag, names[c.name()])
		names[c.name()] = c.tag
	}
}

func TestCatalogsHoldNothingThatNoPageShows(t *testing.T) {
	var sources strings.Builder
	for _, pattern := range []string{"html/*.html", "*.go"} {
		names, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, name := range names {
			raw, err := os.ReadFile(name)
			require.NoError(t, err)
			sources.Write(raw)
		}
	}
	catalogs, err := loadCatalogs()
	require.NoError(t, err)
	for key := range catalogs[0].messages {
		group, _, _ := strings.Cut(key, ".")
		if !slices.Contains([]string{"problem", "saved", "error", "claim", "field"}, group) { // named by other packages
			require.Contains(t, sources.String(), `"`+key+`"`)
		}
	}
}

func TestCatalogsHoldNoMarkup(t *testing.T) {
	catalogs, err := loadCatalogs()
	require.NoError(t, err)
	for _, c := range catalogs {
		for key, m := range c.messages {
			for _, p := range m {
				require.False(t, strings.ContainsAny(p.text, "<>&\u202a\u202b\u202c\u202d\u202e"), "%s: %s", c.tag, key)
			}
		}
	}
}

func TestParseMessageRefusesAnOpenPlaceholder(t *testing.T) {
	for _, text := range []string{"{", "{}", "{a", "{a b}", "x {a {b}"} {
		_, err := parseMessage(text)
		require.Error(t, err, text)
	}
}

// Pseudo-locales: English that is longer and marked, and the same from right to left. What is not marked is not in the
// catalogs.
func pseudoCatalogs(t *testing.T) []catalog {
	catalogs, err := loadCatalogs()
	require.NoError(t, err)
	out := []catalog{catalogs[0]}
	for _, tag := range []string{"en-XA", "ar-XB"} {
		c := catalog{tag: tag, messages: map[string]message{}}
		for key, m := range catalogs[0].messages {
			c.messages[key] = pseudo(key, m)
		}
		out = append(out, c)
	}
	return out
}

func pseudo(key string, m message) message {
	if strings.HasPrefix(key, "date.") || key == "list.comma" || key == "language" {
		return m
	}
	var out message
	for _, p := range m {
		if p.text != "" {
			p.text = "⟦" + strings.NewReplacer("a", "áá", "e", "éé", "o", "óó", "i", "íí", "u", "úú").Replace(p.text) + "⟧"
		}
		out = append(out, p)
	}
	return out
}

func TestEveryTextComesFromTheCatalogsOrFromOutside(t *testing.T) {
	p, err := newPages(Brand{Name: "«Orbit»"}, pseudoCatalogs(t), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	outside := func(s string) string { return "«" + s + "»" }
	for _, lang := range []string{"en-XA", "ar-XB"} {
		for name, page := range samples(outside) {
			doc, err := html.Parse(draw(p, lang, page).Body)
			require.NoError(t, err)
			for text := range texts(doc) {
				require.Empty(t, unmarked(text), "%s: %s: %q", lang, name, text)
			}
		}
	}
}

// texts yields the texts that people see, without dates, technical names and the names of languages.
func texts(doc *html.Node) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for n := range doc.Descendants() {
			if n.Type == html.TextNode && !shownAsItIs(n) && !yield(n.Data) {
				return
			}
		}
	}
}

func shownAsItIs(n *html.Node) bool {
	for a := range n.Ancestors() {
		if a.Data == "time" || a.Data == "code" || attr(a, "aria-hidden") == "true" || attr(a, "class") == "languages" {
			return true
		}
	}
	return false
}

// unmarked returns the letters outside of ⟦…⟧ and «…».
func unmarked(text string) string {
	depth := 0
	return strings.Map(func(r rune) rune {
		switch r {
		case '⟦', '«':
			depth++
		case '⟧', '»':
			depth--
		default:
			if depth == 0 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
				return r
			}
		}
		return -1
	}, text)
}

func TestEveryClaimOfABuiltInScopeHasALabelInEveryLanguage(t *testing.T) {
	catalogs, err := loadCatalogs()
	require.NoError(t, err)
	for _, scope := range registry.BuiltInScopes {
		for _, claim := range scope.Claims {
			for _, c := range catalogs {
				require.Contains(t, c.messages, "claim."+claim, c.tag)
			}
		}
	}
}
