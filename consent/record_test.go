package consent_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/consent"
	"gatehouse/storage"
)

var ana = storage.Owner{UserID: "ana"}

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
	unit := consent.Allow(nil, ana, "app", scopes("openid", "phone", "email", "profile!"), []string{"email"}, "ana", noon)
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
	unit := consent.Allow(was, ana, "app", scopes("email"), []string{"email"}, "ana", noon)
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
	unit := consent.Deny(granted(1, "+openid", "xemail"), ana, "app", scopes("email", "phone!"), "ana", noon)
	require.Len(t, unit, 1)
	g := recordedBy(t, unit)
	require.Equal(t, "g", g.ID)
	require.Equal(t, []string{"-email", "+openid", "-phone"}, marks(g))
	require.Equal(t, 2, g.Denials)
	require.Equal(t, noon, g.DeniedAt)
}

func TestTakingAwayAScopeEndsTheGrantAndKeepsTheOtherDecisions(t *testing.T) {
	was := granted(0, "+openid", "+email", "-phone", "+points?")
	for name, unit := range map[string]storage.Unit{
		"by a deny":                     consent.Deny(was, ana, "app", scopes("email"), "ana", noon),
		"by leaving it out of an allow": consent.Allow(was, ana, "app", scopes("email"), nil, "ana", noon),
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
	was.Until = noon.Add(time.Hour)
	unit, ok := consent.Withdraw(*was, client, "phone", "ana", noon)
	require.True(t, ok)
	require.Len(t, unit, 3)
	require.EqualValues(t, 1, unit[0].(storage.SaveGrant).IfVersion, "it conflicts when the grant has moved")
	require.Equal(t, storage.EndGrant{ID: "g", At: noon, Kept: []string{"email", "openid"}}, unit[1])
	g := recordedBy(t, unit)
	require.NotEqual(t, "g", g.ID)
	require.Equal(t, []string{"+email", "+openid", "-phone", "-points"}, marks(g))
	require.Equal(t, was.Until, g.Until)
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
	was.Until = noon
	_, ok = consent.Withdraw(*was, nil, "gone", "ana", noon)
	require.False(t, ok, "the grant has run out")
}

func TestARunOutGrantIsNeverRevived(t *testing.T) {
	was := granted(1, "+openid", "+email")
	was.Until = noon
	unit := consent.Allow(was, ana, "app", scopes("openid"), nil, "ana", noon)
	require.Len(t, unit, 3)
	g := recordedBy(t, unit)
	require.NotEqual(t, "g", g.ID)
	require.Zero(t, g.Until)
	require.Equal(t, []string{"+openid"}, marks(g))

	denied := recordedBy(t, consent.Deny(was, ana, "app", scopes("openid"), "ana", noon))
	require.Equal(t, 2, denied.Denials, "denials are counted across grants")
}

func TestACompanysGrantSaysWhoDecided(t *testing.T) {
	acme := storage.Owner{CompanyID: "acme"}
	g := recordedBy(t, consent.Allow(nil, acme, "app", scopes("user_session"), nil, "ana", noon))
	require.Equal(t, acme, g.Owner)
	require.Equal(t, "ana", g.AllowedBy)
	g = recordedBy(t, consent.Deny(&g, acme, "app", scopes("user_session"), "bob", noon))
	require.Equal(t, "bob", g.AllowedBy)
}

func TestDecisionsKeepAFingerprintOfThePurposeShown(t *testing.T) {
	purpose := func(texts map[string]string) string {
		request := []storage.ClientScope{{Name: "email", Purpose: texts}}
		return recordedBy(t, consent.Allow(nil, ana, "app", request, nil, "ana", noon)).Decisions[0].Purpose
	}
	shown := purpose(map[string]string{"en": "to write to you", "es": "para escribirte"})
	require.Equal(t, shown, purpose(map[string]string{"es": "para escribirte", "en": "to write to you"}))
	require.NotEqual(t, shown, purpose(map[string]string{"en": "to sell it", "es": "para escribirte"}))
	require.NotContains(t, shown, "write")
	require.Empty(t, purpose(nil))
}

func TestClearForgetsDenialsAndKeepsWhatIsAllowed(t *testing.T) {
	g := recordedBy(t, consent.Clear(*granted(2, "+openid", "xemail"), noon))
	require.Equal(t, []string{"+openid"}, marks(g))
	require.Zero(t, g.Denials)
	require.Zero(t, g.DeniedAt)
	require.Equal(t, storage.Unit{storage.EndGrant{ID: "g", At: noon}}, consent.Clear(*granted(2, "xopenid", "xemail"), noon))
}

func TestDisconnectEndsTheGrant(t *testing.T) {
	unit := consent.Disconnect(*granted(0, "+openid"), noon)
	require.Equal(t, storage.Unit{storage.EndGrant{ID: "g", At: noon}}, unit)
	_, ok := consent.Recorded(unit)
	require.False(t, ok)
}

// A deny and what it means for the next request, over time.
func TestTwoDenialsInARowSilenceAMiniAppForTheCooldown(t *testing.T) {
	request := scopes("openid", "email")
	decide := func(g *storage.Grant, at time.Time) consent.Verdict {
		return consent.Decide(consent.Question{Grant: g, Scopes: request, Now: at, Cooldown: cooldown}).Verdict
	}
	once := recordedBy(t, consent.Deny(nil, ana, "app", request, "ana", noon))
	require.Equal(t, consent.Ask, decide(&once, noon))
	twice := recordedBy(t, consent.Deny(&once, ana, "app", request, "ana", noon.Add(time.Hour)))
	require.Equal(t, consent.Denied, decide(&twice, noon.Add(time.Hour)))
	require.Equal(t, consent.Denied, decide(&twice, noon.Add(time.Hour+cooldown-1)))
	require.Equal(t, consent.Ask, decide(&twice, noon.Add(time.Hour+cooldown)))
	allowed := recordedBy(t, consent.Allow(&once, ana, "app", request, nil, "ana", noon))
	denied := recordedBy(t, consent.Deny(&allowed, ana, "app", request, "ana", noon))
	require.Equal(t, consent.Ask, decide(&denied, noon), "an allow in between starts the count anew")
}
