package consent_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/consent"
	"gatehouse/storage"
)

var ana = storage.Owner{UserID: "ana"}

// byAna is a decision of a person at noon about a mini app, by which nobody was shown a purpose.
var byAna = consent.Act{Owner: ana, Client: &storage.Client{ID: "app"}, By: "ana", At: noon}

// marks writes a grant's decisions as "+email -phone", in their order.
func marks(g storage.Grant) []string {
	var list []string
	for _, d := range g.Decisions {
		mark := "-"
		if d.Allowed {
			mark = "+"
		}
		list = append(list, mark+d.Scope)
	}
	return list
}

func recordedBy(t *testing.T, unit storage.Unit) storage.Grant {
	g, ok := consent.Recorded(unit)
	require.True(t, ok)
	return g
}

func TestAllowRecordsRequiredAndChosenScopesAndDeniesTheOthers(t *testing.T) {
	unit := consent.Allow(nil, scopes("openid", "phone", "email", "profile!"), []string{"email"}, byAna)
	require.Len(t, unit, 1)
	require.Zero(t, unit[0].(storage.SaveGrant).IfVersion)
	g := recordedBy(t, unit)
	require.Equal(t, []string{"+email", "+openid", "-phone", "+profile"}, marks(g))
	require.Equal(t, ana, g.Owner)
	require.Equal(t, "app", g.ClientID)
	require.Equal(t, storage.GrantActive, g.State)
	require.EqualValues(t, 1, g.Version)
	require.Equal(t, noon, g.CreatedAt)
	require.Empty(t, g.AllowedBy, "a person's grant says who by its owner")
	require.Len(t, g.ID, 36)
}

func TestAllowExtendsTheSameGrantAndForgetsDenials(t *testing.T) {
	was := granted(1, "+openid", "-phone", "xemail")
	unit := consent.Allow(was, scopes("email"), []string{"email"}, byAna)
	require.Len(t, unit, 1)
	require.EqualValues(t, 1, unit[0].(storage.SaveGrant).IfVersion)
	g := recordedBy(t, unit)
	require.Equal(t, "g", g.ID)
	require.EqualValues(t, 2, g.Version)
	require.Equal(t, []string{"+email", "+openid", "-phone"}, marks(g))
	require.Zero(t, g.Denials)
	require.Zero(t, g.DeniedAt)
	require.Equal(t, granted(1, "+openid", "-phone", "xemail"), was, "the grant that was read is left alone")
}

func TestDenyOfWhatWasNeverAllowedLeavesTheTokensAlone(t *testing.T) {
	unit := consent.Deny(granted(1, "+openid", "xemail"), scopes("email", "phone!"), byAna)
	require.Len(t, unit, 1)
	g := recordedBy(t, unit)
	require.Equal(t, "g", g.ID)
	require.Equal(t, []string{"-email", "+openid", "-phone"}, marks(g))
	require.Equal(t, 2, g.Denials)
	require.Equal(t, noon, g.DeniedAt)
}

func TestADenyOfEverythingIsAboutAllThatIsAllowedAndCountsOnce(t *testing.T) {
	act := byAna
	act.Client = &storage.Client{ID: "app", Scopes: scopes("openid", "email", "superapp", "user_session")}
	g := recordedBy(t, consent.DenyAll(granted(0, "+openid", "+gone", "+superapp", "-left"), act))
	require.Equal(t, []string{"-email", "-gone", "-left", "-openid", "-superapp"}, marks(g))
	require.Equal(t, 1, g.Denials)
	first := recordedBy(t, consent.DenyAll(nil, act))
	require.Equal(t, []string{"-email", "-openid"}, marks(first))

	again := act
	again.At = noon.Add(time.Second)
	for _, denied := range []storage.Grant{g, first} {
		require.Empty(t, consent.DenyAll(&denied, again))
	}
	later := act
	later.At = noon.Add(10 * time.Minute)
	require.Equal(t, 2, recordedBy(t, consent.DenyAll(&first, later)).Denials, "nobody retries for that long")
	page := recordedBy(t, consent.Deny(&first, scopes("email"), again))
	require.Equal(t, 3, recordedBy(t, consent.DenyAll(&page, again)).Denials, "it is more than what was denied last")
	asks := again
	asks.Client = &storage.Client{ID: "app", Scopes: scopes("openid", "email", "phone")}
	require.Equal(t, 2, recordedBy(t, consent.DenyAll(&first, asks)).Denials, "more is asked now")
}

func TestTakingAwayAScopeEndsTheGrantAndKeepsTheOtherDecisions(t *testing.T) {
	was := granted(0, "+openid", "+email", "-phone", "+points?")
	for name, unit := range map[string]storage.Unit{
		"by a deny":                     consent.Deny(was, scopes("email"), byAna),
		"by leaving it out of an allow": consent.Allow(was, scopes("email"), nil, byAna),
	} {
		require.Len(t, unit, 3, name)
		require.Equal(t, int64(1), unit[0].(storage.SaveGrant).IfVersion, "it conflicts when the grant has moved")
		require.Equal(t, storage.EndGrant{ID: "g", At: noon, Kept: []string{"openid"}}, unit[1], name)
		g := recordedBy(t, unit)
		require.NotEqual(t, "g", g.ID, name)
		require.EqualValues(t, 1, g.Version, name)
		require.Equal(t, []string{"-email", "+openid", "-phone"}, marks(g), name)
	}
}

func TestWithdrawDeniesOneScopeAndLeavesTheRestAsItWasDecided(t *testing.T) {
	client := &storage.Client{Scopes: scopes("openid", "email!", "phone", "points")}
	was := granted(1, "+email", "+openid", "+phone", "xpoints")
	was.Decisions[0].Until = noon.Add(time.Hour)
	unit, ok := consent.Withdraw(*was, client, "phone", "ana", noon)
	require.True(t, ok)
	require.Len(t, unit, 3)
	require.EqualValues(t, 1, unit[0].(storage.SaveGrant).IfVersion, "it conflicts when the grant has moved")
	require.Equal(t, storage.EndGrant{ID: "g", At: noon, Kept: []string{"email", "openid"}}, unit[1])
	g := recordedBy(t, unit)
	require.NotEqual(t, "g", g.ID)
	require.Equal(t, []string{"+email", "+openid", "-phone", "-points"}, marks(g))
	require.Equal(t, was.Decisions[0], g.Decisions[0])
	require.Equal(t, 1, g.Denials, "taking back is no answer to a request")
	require.Equal(t, was.DeniedAt, g.DeniedAt)
	for _, d := range g.Decisions {
		require.Equal(t, d.Scope == "phone", d.DecidedAt.Equal(noon), d.Scope)
	}

	next := consent.Decide(consent.Question{Grant: &g, Scopes: scopes("openid", "email!", "phone"), Now: noon, Cooldown: cooldown})
	require.Equal(t, consent.Answer{Verdict: consent.Allowed, Granted: []string{"openid", "email"}}, next, "nobody is asked for it again")
}

func TestWithdrawRefusesWhatGoesOnlyWithTheWholeApp(t *testing.T) {
	client := &storage.Client{Scopes: scopes("openid", "email!", "phone", "address")}
	was := granted(0, "+openid", "+email", "+phone?", "-address", "+gone")
	for _, scope := range []string{"openid", "email", "phone", "address", "points", ""} {
		_, ok := consent.Withdraw(*was, client, scope, "ana", noon)
		require.False(t, ok, scope)
	}
	_, ok := consent.Withdraw(*was, client, "gone", "ana", noon)
	require.True(t, ok, "no registration wants it any more")
	_, ok = consent.Withdraw(*was, nil, "email", "ana", noon)
	require.True(t, ok, "the client has gone")
	_, ok = consent.Withdraw(*granted(0, "+gone?"), nil, "gone", "ana", noon)
	require.False(t, ok, "it has run out")
}

func TestAnEndIsThatOfTheDecisionsOfOneAnswer(t *testing.T) {
	end := noon.Add(time.Hour)
	act := byAna
	act.Until = end
	ends := func(g storage.Grant) map[string]time.Time {
		all := map[string]time.Time{}
		for _, d := range g.Decisions {
			all[d.Scope] = d.Until
		}
		return all
	}
	none := time.Time{}
	first := recordedBy(t, consent.Allow(granted(0, "+points", "-address"), scopes("openid", "email", "phone"), []string{"email"}, act))
	require.Equal(t, "g", first.ID)
	require.Equal(t, map[string]time.Time{"points": none, "address": none, "openid": end, "email": end, "phone": end}, ends(first), "what was decided before keeps its end")
	more := recordedBy(t, consent.Allow(&first, scopes("phone"), []string{"phone"}, byAna))
	require.Equal(t, map[string]time.Time{"points": none, "address": none, "openid": end, "email": end, "phone": none}, ends(more))
	less := recordedBy(t, consent.Allow(&more, scopes("points"), nil, byAna))
	require.NotEqual(t, more.ID, less.ID)
	require.Equal(t, ends(more), ends(less), "also where another grant takes the place")
	again := recordedBy(t, consent.Allow(&first, scopes("openid", "email", "phone"), []string{"email"}, byAna))
	require.Equal(t, "g", again.ID)
	require.Equal(t, map[string]time.Time{"points": none, "address": none, "openid": none, "email": none, "phone": none}, ends(again), "an allow without an end takes the end away")
	require.Equal(t, end, ends(recordedBy(t, consent.Deny(&first, scopes("phone"), act)))["openid"])
	require.Zero(t, ends(recordedBy(t, consent.Deny(&first, scopes("phone"), act)))["phone"], "a denial has no end")
}

func TestAGrantThatIsOverIsNeverRevived(t *testing.T) {
	act := byAna
	act.Client = &storage.Client{ID: "app", Scopes: scopes("email!", "phone", "points")}
	for name, was := range map[string]*storage.Grant{
		"all of it has run out":                  granted(1, "+phone?", "+points?"),
		"a required scope has run out":           granted(1, "+email?", "+phone"),
		"openid has":                             granted(1, "+openid?", "+phone"),
		"all has but what is not allowed anyhow": granted(1, "+phone?", "-points"),
	} {
		unit := consent.Allow(was, scopes("phone"), []string{"phone"}, act)
		require.Len(t, unit, 3, name)
		g := recordedBy(t, unit)
		require.NotEqual(t, "g", g.ID, name)
		require.NotContains(t, marks(g), "+email", name)
		require.Contains(t, marks(g), "+phone", name)
		denied := recordedBy(t, consent.Deny(was, scopes("phone"), act))
		require.Equal(t, 2, denied.Denials, "denials are counted across grants")
	}
	unit := consent.Allow(granted(0, "+email", "+phone?"), scopes("phone"), []string{"phone"}, act)
	require.Equal(t, "g", recordedBy(t, unit).ID, "an optional scope alone is no end")
	require.Equal(t, "g", recordedBy(t, consent.Allow(granted(0, "-phone?"), scopes("phone"), nil, act)).ID)
}

// What a client knows a grant by is not to come alive again after it named nothing.
func TestAGrantKeepsItsPublicIDOnlyWhileSomethingIsAllowed(t *testing.T) {
	act := byAna
	act.Client = &storage.Client{ID: "app", Scopes: scopes("openid", "email", "phone")}
	allow := func(scope string) func(*storage.Grant) storage.Unit {
		return func(g *storage.Grant) storage.Unit { return consent.Allow(g, scopes(scope), []string{scope}, act) }
	}
	deny := func(names ...string) func(*storage.Grant) storage.Unit {
		return func(g *storage.Grant) storage.Unit { return consent.Deny(g, scopes(names...), act) }
	}
	for name, c := range map[string]struct {
		was  *storage.Grant
		do   func(*storage.Grant) storage.Unit
		keep bool
	}{
		"more is allowed":                       {granted(0, "+openid"), allow("email"), true},
		"a part is taken back":                  {granted(0, "+openid", "+email"), deny("email"), true},
		"a required scope ran out, others live": {granted(0, "+openid?", "+email"), allow("phone"), true},
		"everything is denied":                  {granted(0, "+openid", "+email"), deny("openid", "email"), false},
		"all of it had run out":                 {granted(0, "+openid?", "+email?"), allow("email"), false},
		"what is left had run out":              {granted(0, "+openid?", "+email"), deny("email"), false},
	} {
		g := recordedBy(t, c.do(c.was))
		if c.keep {
			require.Equal(t, "g", g.PublicID(), name)
			continue
		}
		require.NotEqual(t, "g", g.PublicID(), name)
		again := recordedBy(t, allow("openid")(&g))
		require.NotEqual(t, "g", again.PublicID(), name)
		require.Equal(t, g.PublicID(), again.PublicID(), name)
	}
}

func TestACompanysGrantSaysWhoDecided(t *testing.T) {
	acme := storage.Owner{CompanyID: "acme"}
	act := byAna
	act.Owner = acme
	g := recordedBy(t, consent.Allow(nil, scopes("user_session"), nil, act))
	require.Equal(t, acme, g.Owner)
	require.Equal(t, "ana", g.AllowedBy)
	act.By = "bob"
	g = recordedBy(t, consent.Deny(&g, scopes("user_session"), act))
	require.Equal(t, "bob", g.AllowedBy)
}

// told is what a decision keeps of what the person was told.
func told(scope, publisher, lang string, texts map[string]string) string {
	act := byAna
	act.Client, act.Lang = &storage.Client{ID: "app", PublisherID: publisher}, lang
	request := []storage.ClientScope{{Name: scope, Purpose: texts}}
	g, _ := consent.Recorded(consent.Allow(nil, request, nil, act))
	return g.Decisions[0].Purpose
}

func TestDecisionsKeepAFingerprintOfThePurposeInTheLanguageOfThePerson(t *testing.T) {
	texts := map[string]string{"en": "to write to you", "es": "para escribirte"}
	english := told("email", "p", "en", texts)
	require.NotContains(t, english, "write")
	require.Equal(t, english, told("email", "p", "de", texts), "where there is none, the one that the page shows instead")
	require.Equal(t, english, told("email", "q", "en-GB", map[string]string{"en": texts["en"]}))
	require.NotEqual(t, english, told("email", "p", "es", texts))
	require.NotEqual(t, english, told("email", "p", "en", map[string]string{"en": "to sell it"}))
	require.Empty(t, told("email", "p", "", texts), "nobody read anything")
	require.NotEmpty(t, told("email", "p", "en", nil), "they read that there is none")
	require.NotEqual(t, english, told("email", "p", "tlh", map[string]string{"tlh": texts["en"]}), "it says which of the texts it was")
	require.NotEqual(t, told("unionid", "p", "", nil), told("unionid", "q", "", nil), "unionid is for a publisher, whatever was read")
}

func TestClearForgetsDenialsAndKeepsWhatIsAllowed(t *testing.T) {
	g := recordedBy(t, consent.Clear(*granted(2, "+openid", "xemail"), noon))
	require.Equal(t, []string{"+openid"}, marks(g))
	require.Zero(t, g.Denials)
	require.Zero(t, g.DeniedAt)
	requireEnds(t, consent.Clear(*granted(2, "xopenid", "xemail"), noon))
}

// requireEnds checks that a unit ends the grant g and that no other takes its place, unless g has moved.
func requireEnds(t *testing.T, unit storage.Unit) {
	t.Helper()
	require.Len(t, unit, 2)
	require.EqualValues(t, 1, unit[0].(storage.SaveGrant).IfVersion, "it conflicts when the grant has moved")
	require.Equal(t, storage.EndGrant{ID: "g", At: noon}, unit[1])
	_, ok := consent.Recorded(unit)
	require.False(t, ok)
}

func TestDisconnectEndsTheGrant(t *testing.T) {
	requireEnds(t, consent.Disconnect(*granted(0, "+openid"), noon))
}

// A deny and what it means for the next request, over time.
func TestTwoDenialsInARowSilenceAMiniAppForTheCooldown(t *testing.T) {
	request := scopes("openid", "email")
	decide := func(g *storage.Grant, at time.Time) consent.Verdict {
		return consent.Decide(consent.Question{Grant: g, Scopes: request, Now: at, Cooldown: cooldown}).Verdict
	}
	once := recordedBy(t, consent.Deny(nil, request, byAna))
	require.Equal(t, consent.Ask, decide(&once, noon))
	later := byAna
	later.At = noon.Add(time.Hour)
	twice := recordedBy(t, consent.Deny(&once, request, later))
	require.Equal(t, consent.Denied, decide(&twice, noon.Add(time.Hour)))
	require.Equal(t, consent.Denied, decide(&twice, noon.Add(time.Hour+cooldown-1)))
	require.Equal(t, consent.Ask, decide(&twice, noon.Add(time.Hour+cooldown)))
	allowed := recordedBy(t, consent.Allow(&once, request, nil, byAna))
	denied := recordedBy(t, consent.Deny(&allowed, request, byAna))
	require.Equal(t, consent.Ask, decide(&denied, noon), "an allow in between starts the count anew")
}
