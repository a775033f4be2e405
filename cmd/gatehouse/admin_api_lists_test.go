package main

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/admin"
	"gatehouse/storage"
)

// itemsOf reads a list page by page.
func (s *testServer) itemsOf(key, path string, limit int) (items []any) {
	s.t.Helper()
	for cursor := ""; ; {
		list := s.api(key, "GET", fmt.Sprintf("%s?limit=%d&cursor=%s", path, limit, url.QueryEscape(cursor)), nil).require(s.t, 200).json(s.t)
		part := list["items"].([]any)
		require.LessOrEqual(s.t, len(part), limit)
		items = append(items, part...)
		next, more := list["next"].(string)
		if !more {
			return items
		}
		require.Len(s.t, part, limit)
		cursor = next
	}
}

func TestCommentsAndVersionsComeInPages(t *testing.T) {
	t.Parallel()
	s, dev := developing(t, furnished.SQLite(t))
	reviewer := s.staff("reviewer@example.com", storage.RoleReviewer)
	s.api(dev, "POST", "/clients", newMiniApp).require(t, 201)
	for i := range 3 {
		if i > 0 {
			s.api(dev, "PATCH", "/clients/mini", map[string]any{"client_uri": fmt.Sprintf("https://mini.example/%d", i)}).require(t, 200)
		}
		s.api(dev, "POST", "/clients/mini/submit", nil).require(t, 200)
		s.api(reviewer, "POST", "/clients/mini/approve", nil).require(t, 200)
	}
	whole := s.api(dev, "GET", "/clients/mini/versions", nil).require(t, 200).json(t)["items"].([]any)
	require.Len(t, whole, 3)
	require.Equal(t, []any{"client_uri"}, whole[0].(map[string]any)["changed"])
	require.Equal(t, whole, s.itemsOf(dev, "/clients/mini/versions", 1), "what each changed is known across pages")
	require.Equal(t, whole, s.itemsOf(dev, "/clients/mini/versions", 2))

	for i := range admin.DefaultPage {
		s.api(dev, "POST", "/clients/mini/comments", map[string]any{"comment": fmt.Sprintf("said %d.", i)}).require(t, 201)
	}
	notes := s.itemsOf(dev, "/clients/mini/comments", 20)
	require.Len(t, notes, 6+admin.DefaultPage)
	require.Equal(t, "submit", notes[0].(map[string]any)["action"], "the oldest is first")
	require.Equal(t, fmt.Sprintf("said %d.", admin.DefaultPage-1), notes[len(notes)-1].(map[string]any)["comment"])
	s.api(dev, "GET", "/clients/mini/comments?cursor=other", nil).require(t, 400)

	s.api(dev, "POST", "/clients/mini/comments", map[string]any{"comment": "the last one"}).require(t, 201)
	b := s.newBrowser()
	s.give("bo@example.com", storage.RoleReviewer)
	page := b.signIn(b.get("/admin/apps/mini"), "bo@example.com")
	require.Contains(t, page.body, "the last one")
	require.Contains(t, page.body, "said 1.")
	require.NotContains(t, page.body, "said 0.", "a page shows the newest")
}

func TestAPersonHasSoManyLiveAPIKeys(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	boss := s.staff("admin@example.com", storage.RoleAdmin) // by a first key
	other := s.staff("other@example.com", storage.RoleAdmin)
	made := func(with map[string]any) answer {
		body := map[string]any{"name": "CI", "rights": []string{"*"}}
		for name, value := range with {
			body[name] = value
		}
		return s.api(boss, "POST", "/api-keys", body)
	}
	soon := s.now().Add(time.Hour).Format(time.RFC3339)
	first := made(map[string]any{"expires_at": soon}).require(t, 201).json(t)
	for range admin.MaxAPIKeys - 2 {
		made(nil).require(t, 201)
	}
	full := made(nil).require(t, 422)
	require.Equal(t, []string{"user_id"}, full.fields(t))
	require.Contains(t, full.body, "delete one that is not used")
	s.api(other, "POST", "/api-keys", map[string]any{"name": "CI", "rights": []string{"*"}, "user_id": first["user_id"]}).require(t, 422)
	s.api(other, "POST", "/api-keys", map[string]any{"name": "CI", "rights": []string{"*"}}).require(t, 201)
	s.api(boss, "DELETE", "/api-keys/"+first["id"].(string), nil).require(t, 204)
	made(map[string]any{"expires_at": soon}).require(t, 201)
	made(nil).require(t, 422)
	s.forward(2 * time.Hour)
	made(nil).require(t, 201)
}
