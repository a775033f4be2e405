package main

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// GET /superapp/v1/apps, a page at a time.

// pages walks through the whole list and returns the IDs on each page. between is called before each page but the first.
func (h hostApp) pages(query string, between func(page int)) (pages [][]string) {
	h.s.t.Helper()
	for cursor := ""; ; {
		list := h.get("/apps?" + query + "&cursor=" + cursor)
		pages = append(pages, column(list["apps"], "client_id"))
		next, more := list["next"]
		if !more {
			return pages
		}
		require.NotEmpty(h.s.t, next)
		cursor = next.(string)
		between(len(pages))
	}
}

func lengths(pages [][]string) (n []int) {
	for _, page := range pages {
		n = append(n, len(page))
	}
	return n
}

// manyApps registers apps app-000 and so on, each of a publisher of its own.
func (s *testServer) manyApps(n int) {
	s.t.Helper()
	for i := range n {
		id := fmt.Sprintf("app-%03d", i)
		require.NoError(s.t, s.store.SavePublisher(s.t.Context(), storage.Publisher{ID: "of-" + id, Name: "Publisher of " + id}))
		s.register(storage.Client{ID: id, Name: "App " + id, PublisherID: "of-" + id, Scopes: scopesOf("openid", "email")})
	}
}

func TestTheListOfMiniAppsComesInPagesThatMissNothing(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		s.manyApps(120)
		h, nothing := s.hostApp("ana@example.com"), func(int) {}
		all := h.pages("limit=500", nothing)
		require.Len(t, all, 1)
		total := len(all[0])
		require.Greater(t, total, 120)
		require.True(t, slices.IsSorted(all[0]))

		require.Equal(t, []int{100, total - 100}, lengths(h.pages("", nothing)), "without limit")
		for limit, want := range map[int][]int{total: {total}, total - 1: {total - 1, 1}, 50: {50, 50, total - 100}} {
			pages := h.pages(fmt.Sprint("limit=", limit), nothing)
			require.Equal(t, want, lengths(pages))
			require.Equal(t, all[0], slices.Concat(pages...))
		}
		page := h.get("/apps?limit=1&ui_locales=es")
		require.Equal(t, map[string]any{"id": "of-app-000", "name": "Publisher of app-000", "verified": false}, page["apps"].([]any)[0].(map[string]any)["publisher"])
		require.NotContains(t, page["next"], "app-000", "a cursor says nothing to its reader")

		// What comes and goes meanwhile is there or not; nothing else is missing, and nothing comes twice.
		h.decides("app-019", `{"decision":"allow","scopes":["openid"]}`)
		fresh := hostApp{s.beside(), h.token}
		pages := fresh.pages("limit=20", func(page int) {
			if page == 1 {
				s.updateClient("app-018", func(c *storage.Client) { c.Status = storage.StatusArchived })
				s.updateClient("app-019", func(c *storage.Client) { c.Status = storage.StatusArchived }) // where the cursor is
				s.register(storage.Client{ID: "app-000a", Name: "Before"})
				s.register(storage.Client{ID: "app-050a", Name: "After"})
				fresh.s = s.beside()
			}
		})
		seen := slices.Concat(pages...)
		require.Equal(t, seen, slices.Compact(slices.Clone(seen)))
		for _, id := range all[0] {
			require.Contains(t, seen, id)
		}
	})
}

func TestAPageThatCannotBeAskedForIsRefused(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	h := s.hostApp("ana@example.com")
	for query, member := range map[string]string{
		"limit=0": "limit", "limit=-1": "limit", "limit=501": "limit", "limit=ten": "limit", "limit=1e2": "limit", "limit=99999999999999999999": "limit",
		"cursor=photoprint": "cursor", "cursor=%00": "cursor", "cursor=YWZ0": "cursor",
		"cursor=" + base64.RawURLEncoding.EncodeToString([]byte("photoprint")): "cursor",
		"cursor=" + base64.URLEncoding.EncodeToString([]byte("after x")):       "cursor",
	} {
		a := h.call(http.MethodGet, "/apps?"+query, "")
		require.Equal(t, http.StatusBadRequest, a.StatusCode, "%s: %s", query, a.body)
		require.Equal(t, "invalid_request", a.json(t)["error"], query)
		require.True(t, strings.HasPrefix(a.json(t)["error_description"].(string), "The parameter "+member+" has to be "), query)
	}
	far := h.get("/apps?cursor=" + base64.RawURLEncoding.EncodeToString([]byte("after zzz")))
	require.Equal(t, map[string]any{"apps": []any{}}, far)
	require.Equal(t, http.StatusUnauthorized, s.send(http.MethodGet, "/superapp/v1/apps?limit=0", "").StatusCode, "who asks comes first")
}

// However long a page is, the database is asked for the token, the person and their grants; and what the registry caches is
// read in few pieces.
func TestTheListOfMiniAppsCostsTheDatabaseTheSameForOneAndForAll(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		s.manyApps(120)
		h := s.hostApp("ana@example.com")
		reads := func(query string) int {
			s.count.reset()
			h.get("/apps?" + query)
			done := work(s.count.seen())
			require.Zero(t, done.transactions)
			return done.reads
		}
		require.LessOrEqual(t, reads("limit=500"), 3+3, "the first time: clients, publishers and scopes too")
		for _, query := range []string{"limit=1", "limit=500", "limit=50&cursor=" + base64.RawURLEncoding.EncodeToString([]byte("after app-050"))} {
			require.Equal(t, 3, reads(query), query)
		}
	})
}
