package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/identity"
	"gatehouse/storage"
)

func TestACompanyAdminSeesTheirCompanyAndEndsItsDecisions(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	for _, id := range []string{"acme", "rival"} {
		require.NoError(t, s.store.SaveCompany(t.Context(), storage.Company{ID: id, Name: "The " + id}))
		g := storage.Grant{ID: "g-" + id, ClientID: "photoprint", Owner: storage.Owner{CompanyID: id}, State: storage.GrantActive, CreatedAt: s.now(), UpdatedAt: s.now(),
			Decisions: []storage.Decision{{Scope: "email", Allowed: true, DecidedAt: s.now()}}}
		require.NoError(t, s.store.Apply(t.Context(), storage.Unit{storage.SaveGrant{Grant: g}}))
	}
	s.join(identity.NewUser{Email: "chief@example.com", CompanyID: "acme", Roles: []string{storage.RoleCompanyAdmin}})
	b := s.newBrowser()
	b.signIn(b.get("/admin"), "chief@example.com")
	home := b.get("/admin")
	require.Equal(t, "/admin/companies", home.Header.Get("Location"))
	list := b.get("/admin/companies")
	require.Contains(t, list.body, "The acme")
	require.NotContains(t, list.body, "The rival")
	require.NotContains(t, list.body, `href="/admin/apps"`)
	page := b.get("/admin/companies/acme")
	require.NotContains(t, page.body, "/admin/people")
	require.NotContains(t, page.body, `form id="change"`)
	require.Contains(t, []int{http.StatusForbidden, http.StatusNotFound}, b.get("/admin/companies/rival").StatusCode)
	require.Equal(t, http.StatusForbidden, b.get("/admin/decisions?company=rival").StatusCode)
	require.Contains(t, b.get("/admin/decisions").body, "PhotoPrint")
}

func TestWhatNobodyApprovedStandsNotBesideApproved(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	require.NoError(t, s.store.SavePublisher(t.Context(), storage.Publisher{ID: "printing", Name: "Printing"}))
	s.updateClient("photoprint", func(c *storage.Client) { c.PublisherID = "printing" })
	s.proposed("photoprint", func(c *storage.Client) { c.Name = "Another Name" })
	reviewer, page := s.inConsole("/admin/apps/photoprint", storage.RoleReviewer)
	require.Contains(t, page.body, "<h1><bdi>PhotoPrint</bdi>")
	require.Contains(t, page.body, "Another Name", "the difference says what is asked for")
	require.Contains(t, reviewer.get("/admin/reviews").body, "<bdi>PhotoPrint</bdi></a>")
	b := s.aDeveloper("bo@example.com", "printing")
	require.Contains(t, b.get("/developer").body, `/developer/apps/photoprint"><bdi>PhotoPrint</bdi></a>`)
	require.Contains(t, b.get("/developer/apps/photoprint").body, "<h1><bdi>PhotoPrint</bdi>")
}
