package main

import (
	"encoding/json"
	"html"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/storage"
)

// A secret that is sent to others is part of what is approved: a page on which nothing differs would be approved unseen.
func TestAReviewerSeesThatAVersionChangesOnlyAnOutboundSecret(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ dialect, path, was, is, shown string }{
		{"gam", "dialects.gam.signin_secret",
			`{"signin_url":"https://a.example/","signin_secret":"sealed:AAAA"}`, `{"signin_url":"https://a.example/","signin_secret":"sealed:BBBB"}`,
			`"signin_secret":"(another one)"`},
		{"gam", "dialects.gam.superapp.client_secret",
			`{"superapp":{"client_id":"x","client_secret":"sealed:AAAA"}}`, `{"superapp":{"client_id":"x","client_secret":"sealed:BBBB"}}`,
			`"client_secret":"(another one)"`},
		{"boxo", "dialects.boxo.platform.app_secret",
			`{"platform":{"app_secret":"sealed:AAAA"}}`, `{"platform":{"app_secret":"sealed:BBBB"}}`,
			`"app_secret":"(another one)"`},
	} {
		t.Run(c.path, func(t *testing.T) {
			t.Parallel()
			s := newTestServer(t, testdb.SQLite(t))
			with := func(settings string) func(*storage.Client) {
				return func(client *storage.Client) {
					client.Dialects = map[string]json.RawMessage{c.dialect: json.RawMessage(settings)}
				}
			}
			s.updateClient("photoprint", with(c.was))
			s.proposed("photoprint", with(c.is))

			_, page := s.inConsole("/admin/apps/photoprint", storage.RoleReviewer)
			text := html.UnescapeString(page.require(t, 200).body)
			require.NotContains(t, text, "Nothing differs")
			require.Contains(t, text, c.shown)
			require.NotContains(t, text, "sealed:")
			require.NotContains(t, text, "BBBB")

			answer := s.api(s.staff("rita@example.com", storage.RoleReviewer), "GET", "/clients/photoprint", nil).require(t, 200)
			version := answer.json(t)["version"].(map[string]any)
			require.Equal(t, []any{"dialects", c.path}, version["changed"])
			require.NotContains(t, answer.body, "sealed:")
		})
	}
}
