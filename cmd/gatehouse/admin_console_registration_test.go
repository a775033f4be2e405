package main

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/registry"
	"gatehouse/storage"
)

func TestAnAdminRegistersChangesAndDeletesAMiniAppInTheConsole(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		require.NoError(t, s.store.SavePublisher(t.Context(), storage.Publisher{ID: "printing", Name: "Printing"}))
		b, page := s.inConsole("/admin/new/apps", storage.RoleAdmin)
		bad := b.press(page, "create", "create", "name", "Kiosk", "publisher", "printing", "redirect_uris", "http://kiosk.example/cb",
			"use:email", "required", "purpose:email:en", "short", "access_token_lifetime", "soon", "name:de", "K\tK")
		require.Equal(t, http.StatusUnprocessableEntity, bad.StatusCode, bad.body)
		require.Contains(t, bad.body, `<a href="#create-access_token_lifetime"><code>access_token_lifetime</code></a>`)
		require.Contains(t, bad.body, `value="short"`, "what was typed stays")
		bad = b.press(page, "create", "create", "name", "Kiosk", "publisher", "printing", "redirect_uris", "http://kiosk.example/cb",
			"use:email", "required", "purpose:email:en", "short")
		require.Equal(t, http.StatusUnprocessableEntity, bad.StatusCode, bad.body)
		require.Contains(t, bad.body, `<a href="#create-redirect_uris"><code>redirect_uris[0]</code></a>`)
		require.Contains(t, bad.body, `<code>purpose:email:en</code></a>`, "the problem leads to the control of the purpose")

		made := b.press(page, "create", "create", "client_id", "kiosk", "name", "Kiosk", "publisher", "printing",
			"redirect_uris", "https://kiosk.example/cb\r\nhttps://kiosk.example/two", "use:openid", "required", "use:email", "optional",
			"purpose:email:en", "to send your order status", "name:de", "Kasse", "access_token_lifetime", "5m", "contacts", "dev@kiosk.example", "pkce", "required")
		require.Equal(t, http.StatusSeeOther, made.StatusCode, made.body)
		c, err := s.store.Client(t.Context(), "kiosk")
		require.NoError(t, err)
		require.Equal(t, storage.StatusApproved, c.Status)
		require.Equal(t, []string{"https://kiosk.example/cb", "https://kiosk.example/two"}, c.RedirectURIs)
		require.Equal(t, map[string]string{"de": "Kasse"}, c.Names)
		require.Equal(t, []storage.ClientScope{{Name: "email", Purpose: map[string]string{"en": "to send your order status"}}, {Name: "openid", Required: true}}, c.Scopes)
		require.Empty(t, c.Secrets, "the first secret is made when somebody asks for it")

		record := b.get(made.Header.Get("Location"))
		require.Contains(t, record.body, `href="/admin/apps/kiosk/edit"`)
		edit := b.get("/admin/apps/kiosk/edit")
		same := b.fillIn(edit, "change", "save", nil)
		require.Equal(t, http.StatusSeeOther, same.StatusCode, same.body)
		unchanged, err := s.store.Client(t.Context(), "kiosk")
		require.NoError(t, err)
		require.Empty(t, registry.Changed(c, unchanged), "a form that is sent as it was drawn changes nothing")

		saved := b.fillIn(edit, "change", "save", url.Values{"name": {"Kiosk 2"}, "use:email": {""}, "token_endpoint_auth_method": {""}, "public": {"true"}})
		require.Equal(t, http.StatusSeeOther, saved.StatusCode, saved.body)
		c, err = s.store.Client(t.Context(), "kiosk")
		require.NoError(t, err)
		require.Equal(t, "Kiosk 2", c.Name)
		require.True(t, c.Public)
		require.Equal(t, []storage.ClientScope{{Name: "openid", Required: true}}, c.Scopes)
		require.Equal(t, http.StatusConflict, b.fillIn(edit, "change", "save", nil).StatusCode, "the form was about it before")
		for _, was := range [][]string{nil, {""}, {"a", "b"}} {
			require.Equal(t, http.StatusConflict, b.fillIn(edit, "change", "save", url.Values{"was": was}).StatusCode, "it does not say what it was about")
		}
		require.Equal(t, http.StatusConflict, b.press(edit, "delete", "delete").StatusCode)
		require.Equal(t, http.StatusSeeOther, b.press(b.get("/admin/apps/kiosk/edit"), "delete", "delete").StatusCode)
		_, err = s.store.Client(t.Context(), "kiosk")
		require.ErrorIs(t, err, storage.ErrNotFound)
	})
}

func TestWhoeverSavesWhatSomebodyChangedMeanwhileSeesWhatTheyWouldReplace(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b, edit := s.inConsole("/admin/apps/photoprint/edit", storage.RoleAdmin)
	first := b.fillIn(edit, "change", "save", url.Values{"redirect_uris": {"https://kept.example/cb"}, "pkce": {"optional"}, "use:profile": {"required"}, "purpose:profile:en": {"to greet you by your name"}})
	require.Equal(t, http.StatusSeeOther, first.StatusCode, first.body)
	second := b.fillIn(edit, "change", "save", url.Values{"name": {"Renamed"}})
	require.Equal(t, http.StatusConflict, second.StatusCode)
	text := html.UnescapeString(second.body)
	for control, now := range map[string]string{"redirect_uris": "https://kept.example/cb", "pkce": "optional", "use:profile": "required", "name": "PhotoPrint"} {
		require.Contains(t, text, `<code>`+control+`</code></a>: <bdi>is now: `+now+`</bdi>`)
	}
	require.NotContains(t, text, "<code>client_uri</code></a>")
}

func TestAFormOfTheConsoleLeavesTheSecretsThatItDoesNotShow(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		app, superApp := sealed(t, "photoprint", "one"), sealed(t, "photoprint", "two")
		s.updateClient("photoprint", func(c *storage.Client) {
			c.Dialects = map[string]json.RawMessage{
				"boxo": json.RawMessage(`{"platform":{"token_url":"https://a.example/","app_secret":"` + app + `"}}`),
				"gam":  json.RawMessage(`{"superapp":{"url":"https://a.example","client_secret":"` + superApp + `"}}`),
			}
		})
		secrets := func() (string, string) {
			t.Helper()
			c, err := s.store.Client(t.Context(), "photoprint")
			require.NoError(t, err)
			boxo, _ := registry.BoxoOf(&c)
			gam, _ := registry.GAMOf(&c)
			return boxo.Platform.AppSecret, gam.SuperApp.ClientSecret
		}
		b, edit := s.inConsole("/admin/apps/photoprint/edit", storage.RoleAdmin)
		require.NotContains(t, edit.body, "sealed:")
		require.Equal(t, http.StatusSeeOther, b.fillIn(edit, "change", "save", url.Values{"name": {"Renamed"}}).StatusCode)
		first, second := secrets()
		require.Equal(t, app, first)
		require.Equal(t, superApp, second)

		emptied := `{"boxo":{"platform":{"token_url":"https://a.example/","app_secret":null}},"gam":{"superapp":{"url":"https://a.example"}}}`
		saved := b.fillIn(b.get("/admin/apps/photoprint/edit"), "change", "save", url.Values{"dialects": {emptied}})
		require.Equal(t, http.StatusSeeOther, saved.StatusCode, saved.body)
		first, second = secrets()
		require.Empty(t, first)
		require.Equal(t, superApp, second)
	})
}

// fillIn sends a form of the console as a browser has it, with some controls changed.
func (b *browser) fillIn(page answer, form, action string, changed url.Values) answer {
	b.s.t.Helper()
	target, values := typed(b.s.t, page, form)
	for name, v := range changed {
		values[name] = v
	}
	values.Set("action", action)
	return b.submit(target, values)
}

func TestReviewersRegisterNothing(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	for _, roles := range [][]string{{storage.RoleReviewer}, {storage.RoleReviewer, storage.RoleDeveloper}} {
		b, page := s.inConsole("/admin/apps/photoprint", roles...)
		require.NotContains(t, page.body, "/admin/apps/photoprint/edit")
		require.NotContains(t, b.get("/admin/apps").body, "/admin/new/apps")
		require.Equal(t, http.StatusForbidden, b.get("/admin/new/apps").StatusCode)
		require.Equal(t, http.StatusForbidden, b.get("/admin/apps/photoprint/edit").StatusCode)
		require.Equal(t, http.StatusForbidden, b.submit("/admin/apps/photoprint/edit", url.Values{"action": {"save"}, "name": {"Mine"}}).StatusCode)
	}
}

func TestAnEmptyServerSaysWhatToDo(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	clients, err := s.store.FindClients(t.Context(), storage.ClientQuery{}, "", 100)
	require.NoError(t, err)
	for _, c := range clients {
		require.NoError(t, s.store.DeleteClient(t.Context(), c.ID))
	}
	b, page := s.inConsole("/admin/apps", storage.RoleAdmin)
	require.Contains(t, page.body, "There is no mini app yet.")
	require.Contains(t, page.body, `href="/admin/new/apps"`)
	require.Contains(t, b.get("/admin/apps?search=none").body, "Nothing matches.")
	refused := b.get("/developer")
	require.Equal(t, http.StatusForbidden, refused.StatusCode)
	for _, way := range []string{`href="/admin/people"`, `href="/admin/publishers"`} {
		require.True(t, strings.Contains(refused.body, way), refused.body)
	}
}
