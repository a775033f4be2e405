package consent_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/interaction"
	"gatehouse/storage"
)

// appForm is form#app-CLIENT_ID with another button than the page may show.
func (b *browser) appForm(client, action string) url.Values {
	page := b.get("/account/apps")
	return url.Values{"interaction": {page.field(b.t, "app-"+client, "interaction")}, "client_id": {client}, "action": {action}}
}

func (b *browser) allow(user, client, scope string, chosen ...string) {
	b.returned(b.decideOn(b.visit(b.request(user, client, scope)), "allow", chosen...))
}

func TestConnectedAppsListWhatIsAllowedAndDenied(t *testing.T) {
	h := newHouse(t)
	b := h.open("ana")
	require.Contains(t, b.get("/account/apps").body, "No app is connected")
	b.allow("ana", "photoprint", "openid email phone points_read", "points_read")
	b.returned(b.decideOn(b.visit(b.request("ana", "pairwise", "openid profile")), "deny"))
	page := b.get("/account/apps")
	require.Equal(t, http.StatusOK, page.status)
	for _, text := range []string{"PhotoPrint", "Your points balance", "Your phone number", "Pairs", "Your profile", `id="app-photoprint"`, `id="app-pairwise"`} {
		require.Contains(t, page.body, text)
	}
	require.NotContains(t, page.body, "cannot ask you again")
	require.Contains(t, h.open("bob").get("/account/apps").body, "No app is connected")
}

func TestDisconnectEndsTheGrantAtOnce(t *testing.T) {
	h := newHouse(t)
	b := h.open("ana")
	b.allow("ana", "photoprint", "openid")
	form := b.appForm("photoprint", "disconnect")
	for range 2 { // a second submit does nothing new
		a := b.post("/account/apps", form)
		require.Equal(t, http.StatusSeeOther, a.status)
		require.Nil(t, h.grant(ana, "photoprint"))
		require.Contains(t, b.get(a.location).body, "The app is disconnected")
	}
	require.Equal(t, http.StatusOK, b.visit(b.request("ana", "photoprint", "openid")).status, "it is asked again")
}

func TestClearLetsADeniedAppAskAgain(t *testing.T) {
	h := newHouse(t)
	b := h.open("ana")
	request := b.request("ana", "photoprint", "openid")
	b.returned(b.decideOn(b.visit(request), "deny"))
	b.returned(b.decideOn(b.visit(request), "deny"))
	require.Contains(t, b.get("/account/apps").body, "cannot ask you again")
	require.Equal(t, http.StatusSeeOther, b.post("/account/apps", b.appForm("photoprint", "clear")).status)
	require.Equal(t, http.StatusOK, b.visit(request).status)
}

func TestClearKeepsWhatIsAllowed(t *testing.T) {
	h := newHouse(t)
	b := h.open("ana")
	b.allow("ana", "photoprint", "openid phone")
	require.Equal(t, http.StatusSeeOther, b.post("/account/apps", b.appForm("photoprint", "clear")).status)
	require.Equal(t, []string{"+openid"}, h.grant(ana, "photoprint"))
}

func TestConnectedAppsRefuseFormsOfOthers(t *testing.T) {
	h := newHouse(t)
	b := h.open("ana")
	b.allow("ana", "photoprint", "openid")
	form := b.appForm("photoprint", "disconnect")
	for name, i := range map[string]interaction.Interaction{
		"another person's": {UserID: "bob", Began: h.now()},
		"nobody's":         {Began: h.now()},
	} {
		form.Set("interaction", h.sealer.Seal(b.id, interaction.StepAccount, i))
		require.Equal(t, http.StatusBadRequest, b.post("/account/apps", form).status, name)
	}
	form.Set("interaction", h.sealer.Seal(b.id, interaction.StepConsent, interaction.Interaction{UserID: "ana", Began: h.now()}))
	require.Equal(t, http.StatusBadRequest, b.post("/account/apps", form).status)
	form = b.appForm("photoprint", "explode")
	require.Equal(t, http.StatusBadRequest, b.post("/account/apps", form).status)
	form.Set("action", "disconnect")
	h.pass(interaction.Lifetime)
	late := b.post("/account/apps", form)
	require.Equal(t, http.StatusBadRequest, late.status)
	require.Contains(t, late.body, `href="/account/apps"`)
	require.Equal(t, []string{"+openid"}, h.grant(ana, "photoprint"))

	nobody := h.open("")
	require.True(t, strings.HasPrefix(nobody.get("/account/apps").location, "/login?interaction="))
	require.True(t, strings.HasPrefix(nobody.post("/account/apps", form).location, "/login?interaction="))
}

func TestCompanysAppsAreItsAdminsToEnd(t *testing.T) {
	h := newHouse(t)
	b := h.open("ana")
	i := b.request("ana", "photoprint", "user_session")
	i.Company = true
	b.returned(b.decideOn(b.visit(i), "allow"))
	require.Equal(t, "company", b.get("/account/apps").field(t, "app-photoprint", "owner"), "alone on the page")
	b.allow("ana", "photoprint", "openid")

	bob := h.open("bob")
	require.NotContains(t, bob.get("/account/apps").body, "PhotoPrint")
	form := url.Values{"client_id": {"photoprint"}, "action": {"disconnect"}, "owner": {"company"}}
	form.Set("interaction", h.sealer.Seal(bob.id, interaction.StepAccount, interaction.Interaction{UserID: "bob", Began: h.now()}))
	require.Equal(t, http.StatusBadRequest, bob.post("/account/apps", form).status)
	require.NotNil(t, h.grant(acme, "photoprint"))

	page := b.get("/account/apps")
	require.Contains(t, page.body, "Acme Ltd")
	form.Set("interaction", page.field(t, "app-photoprint:company", "interaction"))
	require.Equal(t, "company", page.field(t, "app-photoprint:company", "owner"))
	require.Equal(t, http.StatusSeeOther, b.post("/account/apps", form).status)
	require.Nil(t, h.grant(acme, "photoprint"))
	require.Equal(t, []string{"+openid"}, h.grant(ana, "photoprint"))
	require.Nil(t, h.grant(storage.Owner{UserID: "bob"}, "photoprint"))
}
