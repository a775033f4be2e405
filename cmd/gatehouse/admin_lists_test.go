package main

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/admin/api"
	"gatehouse/storage"
)

// What holds for every list of the API that comes page by page.

func pagedCalls() (paths []string) {
	for _, call := range new(api.API).Calls() {
		if call.Method == http.MethodGet && slices.Contains(call.Query, "cursor") {
			paths = append(paths, strings.Replace(call.Path, "{id}", "photoprint", 1)) // lists of a mini app: of this one
		}
	}
	return paths
}

func TestEveryListRefusesCursorsAndLimitsThatAreNone(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	token := s.staff("admin@example.com", storage.RoleAdmin)
	cursor := func(text string) string { return "cursor=" + base64.RawURLEncoding.EncodeToString([]byte(text)) }
	clients := s.api(token, "GET", "/clients?limit=1", nil).require(t, 200).json(t)["next"].(string)
	require.NotEmpty(t, pagedCalls())
	for _, path := range pagedCalls() {
		for _, query := range []string{
			"limit=0", "limit=-1", "limit=201", "limit=many", "cursor=abc", "cursor=%00", "cursor=photoprint", cursor("after photoprint"),
			cursor("00000000 after photoprint"), "cursor=" + clients,
		} {
			if path == "/clients" && query == "cursor="+clients {
				query += "&q=photo" // the same list, cut down otherwise
			}
			problem := s.api(token, "GET", path+"?"+query, nil).require(t, 400).json(t)
			require.Contains(t, problem["detail"], strings.SplitN(query, "=", 2)[0], "%s?%s", path, query)
		}
		for _, limit := range []string{"1", "200"} {
			s.api(token, "GET", path+"?limit="+limit, nil).require(t, 200)
		}
	}
}

func TestPagesOfTheConsoleRefuseAPlaceThatIsNone(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b, _ := s.inConsole("/admin/reviews", storage.RoleReviewer)
	for _, after := range []string{"x", "12", "12 ", "-1 photoprint", "one photoprint"} {
		page := b.get("/admin/reviews?after=" + url.QueryEscape(after))
		require.Equal(t, http.StatusBadRequest, page.StatusCode, after)
		require.Contains(t, page.body, "begin again at its first page")
	}
	require.Equal(t, http.StatusOK, b.get("/admin/reviews?after="+url.QueryEscape("12 photoprint")).StatusCode)
}

// However a list is cut down, its pages have together what one page has.
func TestPagesOfAListHaveEverythingOnce(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		token := s.staff("admin@example.com", storage.RoleAdmin)
		ana := s.users["ana@example.com"].ID
		for _, id := range []string{"photoprint", "other", "public"} {
			s.submitted("waits-"+id, "Photo "+id)
			s.allowIn(s.newBrowser(), "ana@example.com", request(id))
		}
		for _, path := range append(pagedCalls(), "/clients?q=pho", "/clients?status=approved", "/clients?status=submitted", "/users?q=a",
			"/grants?user="+ana, "/grants?client=photoprint", "/audit?action=client.", "/audit?actor=user:"+ana, "/audit?target=user:"+ana) {
			all, next := s.listPage(token, path, "200", "")
			require.Empty(t, next, path)
			walked := []any{}
			for cursor := ""; ; {
				page, next := s.listPage(token, path, "2", cursor)
				walked = append(walked, page...)
				if cursor = next; next == "" {
					break
				}
			}
			require.Equal(t, all, walked, path)
		}
	})
}

// listPage asks for one page of a list.
func (s *testServer) listPage(token, path, limit, cursor string) (items []any, next string) {
	s.t.Helper()
	glue := "?"
	if strings.Contains(path, "?") {
		glue = "&"
	}
	page := s.api(token, "GET", path+glue+"limit="+limit+"&cursor="+cursor, nil).require(s.t, 200).json(s.t)
	next, _ = page["next"].(string)
	return page["items"].([]any), next
}
