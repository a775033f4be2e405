package main

import (
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"gatehouse/registry"
	"gatehouse/storage"
	"gatehouse/templates"
)

// What a person reads about a scope is in the language of the page around it.

func TestScopesSpeakTheLanguagesOfThePages(t *testing.T) {
	t.Parallel()
	pages, err := templates.New(templates.Brand{}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	for _, s := range registry.BuiltInScopes {
		require.ElementsMatch(t, pages.Languages(), slices.Collect(maps.Keys(s.Title)), s.Name)
		require.ElementsMatch(t, pages.Languages(), slices.Collect(maps.Keys(s.Description)), s.Name)
	}
}

func TestTitlesOfScopesFollowTheLanguageOfThePage(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	own := map[string]string{"en": "Your stamps", "zh-TW": "你的集點", "zh-CN": "你的集点", "pt-PT": "Os seus selos", "ja": "スタンプ"}
	require.NoError(t, s.store.SaveScope(t.Context(), storage.Scope{Name: "stamps", Title: own, Description: own}))
	s.register(storage.Client{ID: "cards", Name: own["en"], Names: own, Scopes: []storage.ClientScope{
		{Name: "openid"}, {Name: "user_birthday", Purpose: own}, {Name: "stamps"},
	}})
	h := s.hostApp("ana@example.com")
	birthday := registry.NewCatalogue(nil).Scope("user_birthday")
	for asked, want := range map[string]struct{ page, own string }{
		"zh-TW": {"zh-Hant", "zh-TW"}, "zh-HK": {"zh-Hant", "zh-TW"}, "zh": {"zh-Hans", "zh-CN"}, "zh-SG": {"zh-Hans", "zh-CN"},
		"pt": {"pt-BR", "pt-PT"}, "pt-PT": {"pt-BR", "pt-PT"}, "ja-JP": {"ja", "ja"}, "th": {"th", "en"}, "fi": {"en", "en"},
	} {
		app := h.get("/apps/cards?ui_locales=" + asked)
		require.Equal(t, own[want.own], app["name"], asked)
		date, stamps := member(t, app["scopes"], "name", "user_birthday"), member(t, app["scopes"], "name", "stamps")
		require.Equal(t, []any{birthday.Title[want.page], birthday.Description[want.page], own[want.own]},
			[]any{date["title"], date["description"], date["purpose"]}, asked)
		require.Equal(t, []any{own[want.own], own[want.own]}, []any{stamps["title"], stamps["description"]}, asked)

		b := s.newBrowser()
		consent := b.signIn(b.authorize(request("cards", "scope", "openid user_birthday stamps", "ui_locales", asked)), "ana@example.com")
		page := b.get(consent.Header.Get("Location"))
		require.Equal(t, want.page, page.Header.Get("Content-Language"), asked)
		text := textOf(t, page)
		require.Contains(t, text, birthday.Title[want.page], asked)
		require.Contains(t, text, own[want.own], asked)
	}

	b := s.newBrowser()
	s.allowIn(b, "ana@example.com", request("cards", "scope", "openid user_birthday stamps"))
	for _, tag := range []string{"zh-Hant", "th", "ar"} {
		b.submit("/language", url.Values{"lang": {tag}, "return": {"/account/apps"}})
		text := textOf(t, b.get("/account/apps"))
		require.Contains(t, text, birthday.Title[tag])
		require.NotContains(t, text, birthday.Title["en"])
	}
}

// textOf is everything that a page says.
func textOf(t *testing.T, page answer) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page.body))
	require.NoError(t, err)
	var text strings.Builder
	for n := range root.Descendants() {
		if n.Type == html.TextNode {
			text.WriteString(n.Data + "\n")
		}
	}
	return text.String()
}
