package consent_test

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/interaction"
	"gatehouse/internal/testdb"
	"gatehouse/storage"
)

var acme = storage.Owner{CompanyID: "acme"}

func TestConsentPageShowsTheValuesThatUserinfoAnswers(t *testing.T) {
	h := newHouse(t)
	b := h.open("ana")
	ana, err := h.store.User(t.Context(), "ana")
	require.NoError(t, err)
	client, err := h.registry.Client(t.Context(), "photoprint")
	require.NoError(t, err)
	// How people read what is not a string.
	shown := map[string]string{"updated_at": "2025-11-03", "points": "1234.5", "address": "Canelones, Uruguay"}

	for _, scope := range []string{"openid email profile", "phone address", "points_read"} {
		page := b.visit(b.request("ana", "photoprint", scope))
		require.Equal(t, http.StatusOK, page.status, page.body)
		_, page.body, _ = strings.Cut(page.body, `<form id="consent"`)
		for _, all := range []string{"openid", "email", "profile", "phone", "address", "points_read"} {
			info, err := h.claims.UserInfo(t.Context(), ana, client, []string{all})
			require.NoError(t, err)
			for name, value := range info {
				text, known := shown[name]
				if !known {
					text = fmt.Sprint(value)
				}
				if name == "sub" || strings.HasSuffix(name, "_verified") || text == "Ana" || text == "Souza" {
					continue
				}
				require.Equal(t, strings.Contains(scope, all), strings.Contains(page.body, ">"+html.EscapeString(text)+"<"), "%s of %s in a request for %s: %s", name, all, scope, page.body)
			}
		}
	}
}

func TestConsentPageSaysWhatAPersonHasNot(t *testing.T) {
	b := newHouse(t).open("bob")
	page := b.visit(b.request("bob", "photoprint", "phone"))
	require.Contains(t, page.body, "You have not added this")
}

func TestConsentPageAsksAndShowsWhatContractNames(t *testing.T) {
	b := newHouse(t).open("ana")
	page := b.visit(b.request("ana", "photoprint", "openid email phone offline_access"))
	require.NotContains(t, page.body, `value="openid"`, "required scopes have no control")
	require.NotContains(t, page.body, `value="email"`)
	require.Contains(t, page.body, `name="scope" value="phone"`)
	require.NotContains(t, page.body, "checked")
	require.Contains(t, page.body, "because of phone")
	require.Contains(t, page.body, "photoprint.example")
	require.Contains(t, page.body, "can read this when you are not using it")
	require.Equal(t, "no-store", page.header.Get("Cache-Control"))
	require.Contains(t, page.header.Get("Content-Security-Policy"), "form-action 'self'")
}

func TestAllowGrantsRequiredAndChosenScopesAndGoesBack(t *testing.T) {
	h := newHouse(t)
	b := h.open("ana")
	began := h.now()
	back := b.returned(b.decideOn(b.visit(b.request("ana", "photoprint", "openid email phone profile")), "allow", "phone"))
	require.False(t, back.DecidedAt.Before(began.Truncate(time.Microsecond)))
	require.Equal(t, "ana", back.UserID)
	require.Empty(t, back.GrantID)
	require.Equal(t, []string{"openid", "email", "phone", "profile"}, back.Scopes())
	require.Equal(t, []string{"+email", "+openid", "+phone", "-profile"}, h.grant(ana, "photoprint"))

	again := b.returned(b.visit(b.request("ana", "photoprint", "openid email phone profile")))
	require.Zero(t, again.DecidedAt, "nothing to ask, so straight back, and nothing was decided")
}

func TestFormCannotGrantWhatWasNotAsked(t *testing.T) {
	h := newHouse(t)
	b := h.open("ana")
	page := b.visit(b.request("ana", "photoprint", "openid email phone"))
	for _, scope := range []string{"points_read", "admin", "", "phone "} {
		refused := b.decideOn(page, "allow", scope)
		require.Equal(t, http.StatusBadRequest, refused.status, scope)
		require.Contains(t, refused.body, `data-error="invalid_request"`)
	}
	require.Nil(t, h.grant(ana, "photoprint"))

	b.returned(b.decideOn(page, "allow", "openid"))
	require.Equal(t, []string{"+email", "+openid", "-phone"}, h.grant(ana, "photoprint"), "naming a required one says nothing new")
}

func TestFormNeverDecidesAboutAnotherRegistration(t *testing.T) {
	for name, change := range map[string]func(*storage.Client){
		"a scope that is gone":         func(c *storage.Client) { c.Scopes = c.Scopes[:3] },
		"a scope that became required": func(c *storage.Client) { c.Scopes[3].Required = true },
		"a scope for another purpose":  func(c *storage.Client) { c.Scopes[3].Purpose = map[string]string{"en": "to sell it"} },
	} {
		h := newHouse(t)
		b := h.open("ana")
		page := b.visit(b.request("ana", "photoprint", "openid phone"))
		client, err := h.registry.Client(t.Context(), "photoprint")
		require.NoError(t, err)
		changed := *client
		changed.Scopes = slices.Clone(client.Scopes)
		require.Equal(t, "phone", changed.Scopes[3].Name)
		change(&changed)
		require.NoError(t, h.registry.Update(t.Context(), changed, client.UpdatedAt))

		again := b.decideOn(page, "allow")
		require.Equal(t, http.StatusUnprocessableEntity, again.status, name)
		require.Nil(t, h.grant(ana, "photoprint"), name)
		require.NotZero(t, b.returned(b.decideOn(again, "allow")).DecidedAt, name)
	}
}

func TestANewScopeIsAskedByItselfAndLeavesTheOthersAlone(t *testing.T) {
	h := newHouse(t)
	b := h.open("ana")
	b.returned(b.decideOn(b.visit(b.request("ana", "photoprint", "openid email phone profile")), "allow", "phone"))
	page := b.visit(b.request("ana", "photoprint", "openid email phone profile points_read"))
	require.Contains(t, page.body, `value="points_read"`)
	require.NotContains(t, page.body, `value="phone"`)
	require.NotContains(t, page.body, `value="profile"`)
	require.Contains(t, page.body, "Already allowed")
	b.returned(b.decideOn(page, "allow", "points_read"))
	require.Equal(t, []string{"+email", "+openid", "+phone", "+points_read", "-profile"}, h.grant(ana, "photoprint"))
}

// What a person agreed to is a scope for a purpose. A scope that they could have left out is theirs to take back; one that
// they could not is asked again, once, and the tokens that it came with stay.
func TestAnotherPurposeOfARequiredScopeIsAskedByItself(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		h := newHouseOn(t, dsn)
		b := h.open("ana")
		request := b.request("ana", "photoprint", "openid email phone")
		b.returned(b.decideOn(b.visit(request), "allow", "phone"))
		first, err := h.store.Grant(t.Context(), ana, "photoprint")
		require.NoError(t, err)

		h.repurpose("photoprint", "phone", "to call you")
		require.Zero(t, b.returned(b.visit(request)).DecidedAt, "phone can be left out")
		h.repurpose("photoprint", "email", "to tell your friends")
		page := b.visit(request)
		require.Contains(t, page.body, "to tell your friends")
		require.NotContains(t, page.body, `value="phone"`)
		require.Equal(t, 1, strings.Count(page.body, "New purpose"), "and says why it asks again")
		require.NotZero(t, b.returned(b.decideOn(page, "allow")).DecidedAt)
		require.Zero(t, b.returned(b.visit(request)).DecidedAt, "once")
		second, err := h.store.Grant(t.Context(), ana, "photoprint")
		require.NoError(t, err)
		require.Equal(t, first.ID, second.ID)
		require.Equal(t, []string{"+email", "+openid", "+phone"}, marks(second))

		h.repurpose("photoprint", "email", "to sell it")
		b.returned(b.decideOn(b.visit(request), "deny"))
		require.Equal(t, []string{"-email", "-openid", "-phone"}, h.grant(ana, "photoprint"))
	})
}

// repurpose changes why a client wants a scope.
func (h *house) repurpose(clientID, scope, purpose string) {
	h.t.Helper()
	client, err := h.registry.Client(h.t.Context(), clientID)
	require.NoError(h.t, err)
	changed := *client
	changed.Scopes = slices.Clone(client.Scopes)
	i := slices.IndexFunc(changed.Scopes, func(s storage.ClientScope) bool { return s.Name == scope })
	changed.Scopes[i].Purpose = map[string]string{"en": purpose}
	require.NoError(h.t, h.registry.Update(h.t.Context(), changed, client.UpdatedAt))
}

func TestDenyIsARecordAndTwoInARowAreNotAskedAgain(t *testing.T) {
	h := newHouse(t)
	b := h.open("ana")
	request := b.request("ana", "photoprint", "openid email phone")
	require.NotZero(t, b.returned(b.decideOn(b.visit(request), "deny", "phone")).DecidedAt)
	require.Equal(t, []string{"-email", "-openid", "-phone"}, h.grant(ana, "photoprint"))
	b.returned(b.decideOn(b.visit(request), "deny"))
	require.Zero(t, b.returned(b.visit(request)).DecidedAt, "authorize knows what to say")
	h.pass(cooldown)
	require.Equal(t, http.StatusOK, b.visit(b.request("ana", "photoprint", "openid")).status)
}

func TestPromptConsentAsksAgainAndLeavingOutTakesAway(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		h := newHouseOn(t, dsn)
		b := h.open("ana")
		b.returned(b.decideOn(b.visit(b.request("ana", "photoprint", "openid email phone")), "allow", "phone"))
		first, err := h.store.Grant(t.Context(), ana, "photoprint")
		require.NoError(t, err)
		page := b.visit(b.request("ana", "photoprint", "openid email phone", "prompt", "consent"))
		require.Contains(t, page.body, `value="phone"`)
		b.returned(b.decideOn(page, "allow"))
		second, err := h.store.Grant(t.Context(), ana, "photoprint")
		require.NoError(t, err)
		require.NotEqual(t, first.ID, second.ID, "the tokens that may read the phone number are dead")
		require.Equal(t, []string{"+email", "+openid", "-phone"}, marks(second))
	})
}

func TestFirstPartyIsAskedOnlyWithPromptConsent(t *testing.T) {
	b := newHouse(t).open("ana")
	require.Zero(t, b.returned(b.visit(b.request("ana", "own", "openid"))).DecidedAt)
	require.Equal(t, http.StatusOK, b.visit(b.request("ana", "own", "openid", "prompt", "login consent")).status)
}

func TestInteractionOfAnotherPersonIsRefused(t *testing.T) {
	h := newHouse(t)
	b := h.open("bob")
	page := b.visit(b.request("bob", "photoprint", "openid"))
	b.signIn("ana")
	require.Zero(t, b.returned(b.decideOn(page, "allow")).DecidedAt)
	i := b.request("bob", "photoprint", "openid")
	i.DecidedAt = h.now()
	require.Zero(t, b.returned(b.visit(i)).DecidedAt, "what bob decided does not count for ana")
	require.Nil(t, h.grant(ana, "photoprint"))
	require.Nil(t, h.grant(storage.Owner{UserID: "bob"}, "photoprint"))

	nobody := h.open("")
	require.Zero(t, nobody.returned(nobody.visit(nobody.request("ana", "photoprint", "openid"))).DecidedAt)
}

func TestInteractionSealedForAnotherStepOrBrowserIsRefused(t *testing.T) {
	h := newHouse(t)
	b, other := h.open("ana"), h.open("ana")
	i := b.request("ana", "photoprint", "openid")
	for name, sealed := range map[string]string{
		"sealed for login":         h.sealer.Seal(b.id, interaction.StepLogin, i),
		"sealed for authorize":     h.sealer.Seal(b.id, interaction.StepAuthorize, i),
		"sealed for the account":   h.sealer.Seal(b.id, interaction.StepAccount, i),
		"sealed for other browser": h.sealer.Seal(other.id, interaction.StepConsent, i),
		"nothing":                  "",
		"the switch of the page":   b.visit(i).field(t, "switch-account", "interaction"),
	} {
		form := url.Values{"interaction": {sealed}, "decision": {"allow"}}
		for _, a := range []answer{b.post("/consent", form), b.get("/consent?" + form.Encode())} {
			require.Equal(t, http.StatusBadRequest, a.status, name)
			require.Contains(t, a.body, `data-error="invalid_request"`, name)
		}
	}
	require.Nil(t, h.grant(ana, "photoprint"))
}

func TestSwitchForgetsWhoWasHere(t *testing.T) {
	b := newHouse(t).open("ana")
	i := b.request("ana", "photoprint", "openid", "state", "xyz")
	i.LoginAt, i.Chosen = b.now(), true
	another, err := b.sealer.Open(b.id, interaction.StepLogin, b.visit(i).field(t, "switch-account", "interaction"))
	require.NoError(t, err)
	require.Equal(t, interaction.Interaction{ID: i.ID, Route: i.Route, Request: i.Request, Began: i.Began}, another)
}

func TestExpiredInteractionExplainsAndLeadsToTheStart(t *testing.T) {
	h := newHouse(t)
	b := h.open("ana")
	page := b.visit(b.request("ana", "photoprint", "openid"))
	h.pass(interaction.Lifetime)
	late := b.decideOn(page, "allow")
	require.Equal(t, http.StatusBadRequest, late.status)
	require.Contains(t, late.body, `data-error="expired"`)
	require.Contains(t, late.body, "https://photoprint.example/start?x=1")
	require.Nil(t, h.grant(ana, "photoprint"))
}

func TestSecondSubmitOfAFormDoesNothingNew(t *testing.T) {
	for _, decision := range []string{"allow", "deny"} {
		for _, prompt := range []string{"", "consent"} {
			h := newHouse(t)
			b := h.open("ana")
			b.returned(b.decideOn(b.visit(b.request("ana", "photoprint", "openid profile")), "allow", "profile"))
			page := b.visit(b.request("ana", "photoprint", "openid email phone profile", "prompt", prompt))
			chosen := []string{"phone"}
			require.NotZero(t, b.returned(b.decideOn(page, decision, chosen...)).DecidedAt)
			before, err := h.store.Grant(t.Context(), ana, "photoprint")
			require.NoError(t, err)
			require.NotZero(t, b.returned(b.decideOn(page, decision, chosen...)).DecidedAt)
			after, err := h.store.Grant(t.Context(), ana, "photoprint")
			require.NoError(t, err)
			require.Equal(t, before, after, "%s %s", decision, prompt)
		}
	}
}

func TestFormOfAnEarlierStateIsDrawnAgain(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		h := newHouseOn(t, dsn)
		b := h.open("ana")
		old := b.visit(b.request("ana", "photoprint", "openid email phone"))
		b.returned(b.decideOn(b.visit(b.request("ana", "photoprint", "openid")), "allow"))

		again := b.decideOn(old, "allow", "phone")
		require.Equal(t, http.StatusUnprocessableEntity, again.status)
		require.Contains(t, again.body, "Your choices changed")
		require.Equal(t, []string{"+openid"}, h.grant(ana, "photoprint"))
		require.NotZero(t, b.returned(b.decideOn(again, "allow", "phone")).DecidedAt)
		require.Equal(t, []string{"+email", "+openid", "+phone"}, h.grant(ana, "photoprint"))

		// The same version of another grant is another state.
		old = b.visit(b.request("ana", "photoprint", "openid email points_read", "prompt", "consent"))
		b.post("/account/apps", b.appForm("photoprint", "disconnect"))
		b.returned(b.decideOn(b.visit(b.request("ana", "photoprint", "openid")), "allow"))
		require.Equal(t, http.StatusUnprocessableEntity, b.decideOn(old, "allow", "points_read").status)
		require.Equal(t, []string{"+openid"}, h.grant(ana, "photoprint"))
	})
}

func TestOppositeDecisionsAtOnceHaveOneWinner(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		h := newHouseOn(t, dsn)
		b := h.open("ana")
		page := b.visit(b.request("ana", "photoprint", "openid email phone"))
		answers := make([]answer, 20)
		var all sync.WaitGroup
		for n := range answers {
			all.Go(func() {
				if n%2 == 0 {
					answers[n] = b.decideOn(page, "allow", "phone")
				} else {
					answers[n] = b.decideOn(page, "deny")
				}
			})
		}
		all.Wait()
		g, err := h.store.Grant(t.Context(), ana, "photoprint")
		require.NoError(t, err)
		require.EqualValues(t, 1, g.Version)
		for n, a := range answers {
			won := (n%2 == 0) == g.Decisions[0].Allowed
			switch {
			case won:
				require.NotZero(t, b.returned(a).DecidedAt)
			case a.status == http.StatusSeeOther: // everything is allowed: no question is left
				require.Zero(t, b.returned(a).DecidedAt)
			default:
				require.Equal(t, http.StatusUnprocessableEntity, a.status)
			}
		}
	})
}

func TestNeitherAllowNorDenyIsAskedAgain(t *testing.T) {
	h := newHouse(t)
	b := h.open("ana")
	page := b.visit(b.request("ana", "photoprint", "openid phone"))
	for _, decision := range []string{"", "ALLOW", "yes"} {
		a := b.decideOn(page, decision, "phone")
		require.Equal(t, http.StatusUnprocessableEntity, a.status)
		require.NotContains(t, a.body, "Your choices changed")
	}
	twice := url.Values{"interaction": {page.field(t, "consent", "interaction")}, "decision": {"deny", "allow"}}
	require.Equal(t, http.StatusUnprocessableEntity, b.post("/consent", twice).status)
	require.Nil(t, h.grant(ana, "photoprint"))
}

func TestOnlyACompanyAdminDecidesForTheCompany(t *testing.T) {
	h := newHouse(t)
	company := func(b *browser, user string) interaction.Interaction {
		i := b.request(user, "photoprint", "user_session email")
		i.Company = true
		return i
	}
	bob := h.open("bob")
	require.Zero(t, bob.returned(bob.visit(company(bob, "bob"))).DecidedAt)
	require.Nil(t, h.grant(acme, "photoprint"))

	b := h.open("ana")
	page := b.visit(company(b, "ana"))
	require.Contains(t, page.body, "Acme Ltd")
	_, form, _ := strings.Cut(page.body, `<form id="consent"`)
	require.NotContains(t, form, "ana@example.com", "a company's authorization shares nothing of the person")
	b.returned(b.decideOn(page, "allow"))
	g, err := h.store.Grant(t.Context(), acme, "photoprint")
	require.NoError(t, err)
	require.Equal(t, "ana", g.AllowedBy)
	require.Equal(t, []string{"+email", "+user_session"}, marks(g))
	require.Nil(t, h.grant(ana, "photoprint"))
}

func TestClientThatLostItsApprovalIsNotAskedFor(t *testing.T) {
	h := newHouse(t)
	b := h.open("ana")
	page := b.visit(b.request("ana", "photoprint", "openid"))
	client, err := h.registry.Client(t.Context(), "photoprint")
	require.NoError(t, err)
	suspended := *client
	suspended.Status = storage.StatusSuspended
	require.NoError(t, h.registry.Update(t.Context(), suspended, client.UpdatedAt))
	require.Zero(t, b.returned(b.decideOn(page, "allow")).DecidedAt)
	require.Nil(t, h.grant(ana, "photoprint"))
}

func TestFormsThatAreNoTextOrTooLargeAreRefused(t *testing.T) {
	b := newHouse(t).open("ana")
	for _, path := range []string{"/consent", "/account/apps"} {
		for name, body := range map[string]string{"NUL": "decision=%00", "invalid UTF-8": "decision=%ff", "bad escape": "decision=%", "NUL in a name": "%00=1", "semicolon": "a=1;b=2"} {
			require.Equal(t, http.StatusBadRequest, b.send(path, body).status, "%s %s", path, name)
		}
		require.Equal(t, http.StatusRequestEntityTooLarge, b.send(path, "decision="+strings.Repeat("a", 64<<10)).status, path)
	}
	require.Equal(t, http.StatusBadRequest, b.get("/consent?interaction=%00").status)
}

func TestOutageIs503WithRetryAfter(t *testing.T) {
	h := newHouse(t)
	b := h.open("ana")
	page := b.visit(b.request("ana", "photoprint", "openid"))
	require.NoError(t, h.store.Close())
	for _, a := range []answer{b.decideOn(page, "allow"), b.visit(b.request("ana", "photoprint", "openid")), b.get("/account/apps")} {
		require.Equal(t, http.StatusServiceUnavailable, a.status)
		require.NotEmpty(t, a.header.Get("Retry-After"))
		require.Contains(t, a.body, `data-error="temporarily_unavailable"`)
	}
}
