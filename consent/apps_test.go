package consent_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/consent"
	"gatehouse/internal/interaction"
	"gatehouse/internal/testdb"
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

// app is the part of a page that is the article of one app.
func (a answer) app(t *testing.T, id string) string {
	for _, article := range strings.Split(a.body, "<article")[1:] {
		article, _, _ = strings.Cut(article, "</article>")
		if strings.Contains(article, `<form id="app-`+id+`"`) {
			return article
		}
	}
	require.Fail(t, "no app "+id, a.body)
	return ""
}

func TestConnectedAppsShowWhatIsReadAndWhy(t *testing.T) {
	h := newHouse(t)
	b := h.open("ana")
	b.allow("ana", "photoprint", "openid email phone points_read", "points_read")
	app := b.get("/account/apps").app(t, "photoprint")
	for _, text := range []string{"ana@example.com", "1234.5", "because of email", "because of points_read", "Your phone number", "Your profile", "Not all decided",
		`<input type="hidden" name="scope" value="points_read">`} {
		require.Contains(t, app, text)
	}
	for _, text := range []string{"+59899123456", `name="scope" value="email"`, `name="scope" value="openid"`} {
		require.NotContains(t, app, text, "neither what is refused nor a way to take back what is required")
	}
	user, err := h.store.User(t.Context(), "ana")
	require.NoError(t, err)
	was := user.UpdatedAt
	user.Email, user.UpdatedAt = "ana.souza@example.com", h.now()
	require.NoError(t, h.store.UpdateUser(t.Context(), user, was))
	require.Contains(t, b.get("/account/apps").app(t, "photoprint"), "ana.souza@example.com", "the values are those of now")
}

func TestConnectedAppsGoByTheirNamesInTheLanguageOfThePage(t *testing.T) {
	h := newHouse(t)
	client, err := h.registry.Client(t.Context(), "photoprint")
	require.NoError(t, err)
	named := *client
	named.Names = map[string]string{"es": "FotoPrint"}
	require.NoError(t, h.registry.Update(t.Context(), named, client.UpdatedAt))
	b := h.open("ana")
	in := func(lang string) string {
		return b.visit(b.request("ana", "photoprint", "openid email", "ui_locales", lang, "prompt", "consent")).body
	}
	person, err := h.store.User(t.Context(), "ana")
	require.NoError(t, err)
	for locale, want := range map[string]string{"es-UY": "FotoPrint", "fr": "PhotoPrint"} {
		was := person.UpdatedAt
		person.Locale, person.UpdatedAt = locale, was.Add(time.Second)
		require.NoError(t, h.store.UpdateUser(t.Context(), person, was))
		require.Contains(t, in(locale), want)
		b.allow("ana", "photoprint", "openid email")
		require.Contains(t, b.get("/account/apps").app(t, "photoprint"), want)
		b.post("/account/apps", b.appForm("photoprint", "disconnect"))
	}
}

func TestOneScopeIsTakenBackAndNotAskedAgain(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		h := newHouseOn(t, dsn)
		b := h.open("ana")
		b.allow("ana", "photoprint", "openid email points_read address", "points_read", "address")
		before, err := h.store.Grant(t.Context(), ana, "photoprint")
		require.NoError(t, err)
		form := b.appForm("photoprint", "withdraw")
		form.Set("scope", "points_read")
		for range 2 { // a second submit does nothing new
			a := b.post("/account/apps", form)
			require.Equal(t, http.StatusSeeOther, a.status, a.body)
			require.Equal(t, []string{"+address", "+email", "+openid", "-points_read"}, h.grant(ana, "photoprint"))
			require.Contains(t, b.get(a.location).body, "can no longer see this")
		}
		after, err := h.store.Grant(t.Context(), ana, "photoprint")
		require.NoError(t, err)
		require.NotEqual(t, before.ID, after.ID, "and with the grant its tokens have ended")
		require.NotContains(t, b.get("/account/apps").app(t, "photoprint"), "1234.5")
		again := b.visit(b.request("ana", "photoprint", "openid email points_read address"))
		require.Equal(t, http.StatusSeeOther, again.status, "nobody is asked")
	})
}

func TestARequiredScopeIsNotTakenBackAlone(t *testing.T) {
	h := newHouse(t)
	b := h.open("ana")
	b.allow("ana", "photoprint", "openid email")
	form := b.appForm("photoprint", "withdraw")
	for _, scope := range []string{"openid", "email"} {
		form.Set("scope", scope)
		require.Equal(t, http.StatusBadRequest, b.post("/account/apps", form).status, scope)
	}
	for _, scope := range []string{"", "phone", "nothing"} { // not allowed: as the person wants it
		form.Set("scope", scope)
		require.Equal(t, http.StatusSeeOther, b.post("/account/apps", form).status, scope)
	}
	require.Equal(t, []string{"+email", "+openid"}, h.grant(ana, "photoprint"))
}

func TestAnAppSaysItsStateAndUntilWhen(t *testing.T) {
	h := newHouse(t)
	b := h.open("ana")
	client, err := h.registry.Client(t.Context(), "photoprint")
	require.NoError(t, err)
	end := h.now().UTC().Add(10 * 24 * time.Hour).Truncate(time.Microsecond)
	unit := consent.Allow(nil, consent.Shareable(client), []string{"phone"},
		consent.Act{Owner: ana, Client: client, By: "ana", At: h.now().UTC(), Until: end})
	require.NoError(t, h.store.Apply(t.Context(), unit))
	app := b.get("/account/apps").app(t, "photoprint")
	for _, text := range []string{"Partly allowed", "Connected since", "Access until", end.Format("2006-01-02"), `value="disconnect"`} {
		require.Contains(t, app, text)
	}
	h.pass(11 * 24 * time.Hour)
	app = h.open("ana").get("/account/apps").app(t, "photoprint")
	require.Contains(t, app, "Expired")
	require.Contains(t, app, `value="disconnect"`, "tokens may live, and it can be forgotten")
	require.NotContains(t, app, "ana@example.com")
}

func TestWhatACompanySharesIsNothingOfThePerson(t *testing.T) {
	h := newHouse(t)
	b := h.open("ana")
	i := b.request("ana", "photoprint", "user_session email points_read")
	i.Company = true
	b.returned(b.decideOn(b.visit(i), "allow", "points_read"))
	page := b.get("/account/apps")
	app := page.app(t, "photoprint")
	require.Contains(t, app, `name="owner" value="company"`)
	require.Contains(t, app, ">Allowed<")
	require.NotContains(t, app, "1234.5")
	require.NotContains(t, app, "ana@example.com")
	form := url.Values{"interaction": {page.field(t, "app-photoprint", "interaction")}, "client_id": {"photoprint"},
		"owner": {"company"}, "action": {"withdraw"}, "scope": {"points_read"}}
	require.Equal(t, http.StatusSeeOther, b.post("/account/apps", form).status)
	require.Contains(t, h.grant(acme, "photoprint"), "-points_read")
	g, err := h.store.Grant(t.Context(), acme, "photoprint")
	require.NoError(t, err)
	require.Equal(t, "ana", g.AllowedBy)
	require.Contains(t, b.get("/account/apps").app(t, "photoprint"), "Partly allowed")
}

// Or a mini app could read everything about a person by signing them in.
func TestWhoCameByATicketSeesNoValues(t *testing.T) {
	h := newHouse(t)
	admin := h.open("ana")
	admin.allow("ana", "photoprint", "openid email points_read", "points_read")
	company := admin.request("ana", "photoprint", "user_session email")
	company.Company = true
	admin.returned(admin.decideOn(admin.visit(company), "allow")) // which lets the mini app sign the company's people in
	b := h.open("")
	require.Equal(t, http.StatusOK, b.post("/test/vouch/ana", nil).status)
	page := b.get("/account/apps")
	require.Contains(t, page.app(t, "photoprint"), "Your points balance")
	for _, value := range []string{"1234.5", "E&lt;123&gt;100", "(verified)"} {
		require.NotContains(t, page.body, value)
	}
	require.NotContains(t, page.app(t, "photoprint"), "ana@example.com")
	require.Contains(t, page.body, `href="/login?interaction=`)
	a := b.get("/account/export")
	require.Equal(t, http.StatusSeeOther, a.status)
	require.True(t, strings.HasPrefix(a.location, "/login?interaction="), a.location)
}

func TestExportIsEverythingAndNoSecret(t *testing.T) {
	h := newHouse(t)
	require.True(t, strings.HasPrefix(h.open("").get("/account/export").location, "/login?interaction="))
	h.open("bob").allow("bob", "photoprint", "openid")
	b := h.open("ana")
	require.NoError(t, h.store.SetPassword(t.Context(), "ana", "", "$argon2id$recognisable", h.now(), false, ""))
	b.allow("ana", "pairwise", "openid email phone")
	i := b.request("ana", "photoprint", "user_session")
	i.Company = true
	b.returned(b.decideOn(b.visit(i), "allow"))
	a := b.get("/account/export")
	require.Equal(t, http.StatusOK, a.status)
	require.Equal(t, "application/json", a.header.Get("Content-Type"))
	require.Regexp(t, `^attachment; filename="account-\d{4}-\d\d-\d\d\.json"$`, a.header.Get("Content-Disposition"))
	require.Equal(t, "no-store", a.header.Get("Cache-Control"))

	var got struct {
		Profile    map[string]any   `json:"profile"`
		Attributes map[string]any   `json:"attributes"`
		Apps       []map[string]any `json:"apps"`
		Sessions   []map[string]any `json:"sessions"`
	}
	require.NoError(t, json.Unmarshal([]byte(a.body), &got), a.body)
	require.Equal(t, "ana@example.com", got.Profile["email"])
	require.Equal(t, true, got.Profile["has_password"])
	require.Equal(t, map[string]any{"points": 1234.5, "EmployeeID": "E<123>100", "address": map[string]any{"locality": "Canelones", "country": "Uruguay"}}, got.Attributes)
	require.Len(t, got.Apps, 2)
	pairs := got.Apps[0]
	require.Equal(t, "pairwise", pairs["client_id"])
	require.Equal(t, h.claims.Subject("ana", &storage.Client{ID: "pairwise", SubjectType: "pairwise"}), pairs["sub"])
	require.Equal(t, "incomplete", pairs["status"])
	words := map[any]any{}
	for _, d := range pairs["decisions"].([]any) {
		d := d.(map[string]any)
		words[d["scope"]] = d["decision"]
		decided, err := time.Parse(time.RFC3339, d["decided_at"].(string))
		require.NoError(t, err)
		require.WithinDuration(t, h.now(), decided, time.Minute)
	}
	require.Equal(t, map[any]any{"openid": "allowed", "email": "allowed", "phone": "denied"}, words)
	require.Equal(t, "acme", got.Apps[1]["company_id"])
	require.Len(t, got.Sessions, 1)
	require.Equal(t, true, got.Sessions[0]["current"])

	sessions, err := h.store.UserSessions(t.Context(), "ana", h.now())
	require.NoError(t, err)
	for _, secret := range []string{"recognisable", sessions[0].ID, "bob"} {
		require.NotContains(t, a.body, secret)
	}
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
	form.Set("interaction", page.field(t, "app-photoprint", "interaction"))
	require.Equal(t, "company", page.field(t, "app-photoprint", "owner"))
	require.Equal(t, http.StatusSeeOther, b.post("/account/apps", form).status)
	require.Nil(t, h.grant(acme, "photoprint"))
	require.Equal(t, []string{"+openid"}, h.grant(ana, "photoprint"))
	require.Nil(t, h.grant(storage.Owner{UserID: "bob"}, "photoprint"))
}
