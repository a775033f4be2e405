package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Some vendors put tokens into paths. An error page says nothing of them: it may be kept, photographed or sent to somebody.
func TestAnErrorPageNeverRepeatsATokenOfThePath(t *testing.T) {
	t.Parallel()
	s, token := newStore(t, furnished.SQLite(t))
	path := s.ticket(token, "new@acme.example")
	ticket := path[strings.LastIndexByte(path, '/')+1:]
	for target, status := range map[string]int{
		path + "/x":                              http.StatusNotFound,
		"/v1/oauth/redirect/" + ticket:           http.StatusNotFound,
		"/v1/oauth//redirect//x/" + ticket:       http.StatusNotFound,
		"/elsewhere/" + ticket:                   http.StatusNotFound,
		"/" + token:                              http.StatusNotFound,
		"/v1/oauth/redirect/stores/" + token:     http.StatusBadRequest,
		path + "?" + strings.Repeat("a", 13<<10): http.StatusRequestURITooLong,
	} {
		a := s.newBrowser().get(target)
		require.Equal(t, status, a.StatusCode, target)
		require.Contains(t, a.Header.Get("Content-Type"), "text/html", target)
		require.NotContains(t, a.body, ticket, target)
		require.NotContains(t, a.body, token, target)
	}
	require.Contains(t, s.newBrowser().get("/elsewhere/than/here").body, `value="/elsewhere/than/here"`, "other addresses lead back after a choice of language")
	require.Equal(t, http.StatusSeeOther, s.newBrowser().get(path).StatusCode, "nothing has burnt it")
	again := s.newBrowser().get(path)
	require.Equal(t, http.StatusBadRequest, again.StatusCode)
	require.NotContains(t, again.body, ticket)
}
