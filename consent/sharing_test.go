package consent_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/consent"
	"gatehouse/storage"
)

// sharing is SharingWith for a client that is registered for scopes.
func sharing(q consent.Question) consent.Sharing {
	return consent.SharingWith(&storage.Client{Scopes: q.Scopes, FirstParty: q.FirstParty}, q.Grant, noon, cooldown)
}

func TestSharingInAWord(t *testing.T) {
	cooled := granted(2, "xopenid", "xemail")
	cooled.DeniedAt = noon.Add(-cooldown)

	for name, row := range map[string]struct {
		grant   *storage.Grant
		scopes  []storage.ClientScope
		status  string
		allowed bool
		missing []string
	}{
		"nothing was ever decided":                       {nil, scopes("openid", "email"), "none", false, []string{"openid", "email"}},
		"decisions about other scopes only":              {granted(0, "+phone"), scopes("email"), "none", false, []string{"email"}},
		"everything is allowed":                          {granted(0, "+openid", "+email"), scopes("openid", "email"), "allowed", true, nil},
		"an optional scope was left out":                 {granted(0, "+openid", "-email"), scopes("openid", "email"), "partial", true, nil},
		"all optional scopes were left out":              {granted(0, "-email", "-phone"), scopes("email", "phone"), "denied", false, nil},
		"everything was denied":                          {granted(1, "xopenid", "xemail"), scopes("openid", "email"), "denied", false, nil},
		"everything was denied twice":                    {granted(2, "xopenid", "xemail"), scopes("openid", "email"), "denied", false, nil},
		"a denial whose cooldown is over":                {cooled, scopes("openid", "email"), "denied", false, nil},
		"a new scope after everything was denied":        {granted(1, "xopenid"), scopes("openid", "email"), "denied", false, []string{"email"}},
		"more was asked and denied once":                 {granted(1, "+openid", "xemail"), scopes("openid", "email"), "partial", true, nil},
		"more was asked and denied twice":                {granted(2, "+openid", "xemail"), scopes("openid", "email"), "denied", false, nil},
		"a new required scope":                           {granted(0, "+openid"), scopes("openid", "email!"), "incomplete", false, []string{"email"}},
		"a new optional scope":                           {granted(0, "+openid"), scopes("openid", "email"), "incomplete", true, []string{"email"}},
		"a new optional scope beside one left out":       {granted(0, "+openid", "-phone"), scopes("openid", "phone", "email"), "incomplete", true, []string{"email"}},
		"openid was never asked":                         {granted(0, "+email"), scopes("openid", "email"), "incomplete", false, []string{"openid"}},
		"a scope that was left out is required now":      {granted(0, "+openid", "-email"), scopes("openid", "email!"), "incomplete", false, []string{"email"}},
		"a required scope was denied with all that came": {granted(1, "+openid", "xemail"), scopes("openid", "email!"), "denied", false, nil},
		"everything has run out":                         {granted(0, "+openid?", "-email?"), scopes("openid", "email"), "expired", false, []string{"openid", "email"}},
		"a required decision has run out":                {granted(0, "+openid?", "+email"), scopes("openid", "email"), "expired", false, []string{"openid"}},
		"an optional decision has run out":               {granted(0, "+openid", "+email?"), scopes("openid", "email"), "incomplete", true, []string{"email"}},
		"all optional decisions have run out":            {granted(0, "+phone?", "+email?"), scopes("phone", "email"), "expired", false, []string{"phone", "email"}},
		"all that was allowed has run out":               {granted(0, "+phone?", "-email"), scopes("phone", "email"), "expired", false, []string{"phone"}},
		"a required one has, beside one left out":        {granted(0, "+openid?", "-email"), scopes("openid", "email"), "expired", false, []string{"openid"}},
		"what was left out may be asked again":           {granted(0, "-email?", "-phone?"), scopes("email", "phone"), "none", false, []string{"email", "phone"}},
		"unionid was allowed to another publisher":       {granted(0, "+openid", "+unionid@"), scopes("openid", "unionid"), "incomplete", true, []string{"unionid"}},
		"and cannot be left out":                         {granted(0, "+openid", "+unionid@"), scopes("openid", "unionid!"), "incomplete", false, []string{"unionid"}},
		"a required scope is for another purpose now":    {granted(0, "+openid", "+email*", "-phone"), scopes("openid", "phone", "email!"), "incomplete", false, []string{"email"}},
		"an optional scope is for another purpose now":   {granted(0, "+openid", "+email*", "-phone*"), scopes("openid", "email", "phone"), "partial", true, nil},
		"it has run out, and is for another purpose now": {granted(0, "+openid", "+email*?"), scopes("openid", "email!"), "expired", false, []string{"email"}},
		"a decision about a scope that is gone":          {granted(0, "+openid", "-email"), scopes("openid"), "allowed", true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := sharing(consent.Question{Grant: row.grant, Scopes: row.scopes})
			require.Equal(t, row.status, got.Status)
			require.Equal(t, row.allowed, got.Allowed)
			require.Equal(t, row.missing, got.Missing)
		})
	}
}

func TestSharingIsAboutWhatAPersonDecides(t *testing.T) {
	c := &storage.Client{Scopes: scopes("openid", "user_session!", "superapp!", "admin", "email!")}
	c.Scopes[4].Purpose = map[string]string{"en": "to write"}
	got := consent.SharingWith(c, granted(0, "+openid", "-email"), noon, cooldown)
	require.Equal(t, []consent.SharedScope{
		{Name: "openid", Required: true, Decision: "allowed"},
		{Name: "email", Required: true, Decision: "denied", Purpose: map[string]string{"en": "to write"}},
	}, got.Scopes)
	require.Len(t, c.Scopes, 5, "the registration is left alone")
}

// What sharing says agrees with what Decide would do, for every combination of recorded, requested, required, expired,
// denied, ended and policy.
func TestSharingAgreesWithDecide(t *testing.T) {
	seen := map[string]int{}
	everyQuestion(func(q consent.Question) {
		if q.Reask || !q.DecidedAt.IsZero() {
			return
		}
		grants := []*storage.Grant{q.Grant}
		if q.Grant != nil {
			over := *q.Grant
			over.Decisions = slices.Clone(over.Decisions)
			for i := range over.Decisions {
				over.Decisions[i].Until = noon
			}
			grants = append(grants, &over)
		}
		for _, q.Grant = range grants {
			s := sharing(q)
			seen[s.Status]++
			require.Empty(t, checkSharing(q, s), "%+v with %+v answers %+v", q, q.Grant, s)
		}
	})
	require.Len(t, seen, 6, "every status there is: %v", seen)
}

// checkSharing returns the invariant that an answer breaks, or nothing.
func checkSharing(q consent.Question, s consent.Sharing) string {
	counts := map[string]bool{"none": false, "denied": false, "expired": false, "allowed": true, "partial": true}
	if want, settled := counts[s.Status]; settled && want != s.Allowed {
		return "the status says whether it is allowed"
	}
	ask := consent.Question{Grant: q.Grant, Scopes: consent.Requested(&storage.Client{Scopes: q.Scopes}, s.Granted), FirstParty: q.FirstParty, Now: noon, Cooldown: cooldown}
	for _, scope := range s.Scopes {
		if scope.Required && !slices.Contains(s.Granted, scope.Name) {
			ask.Scopes = append(ask.Scopes, storage.ClientScope{Name: scope.Name, Required: true})
		}
		undecided := scope.Decision == consent.ScopeUndecided
		if undecided && !slices.Contains(s.Missing, scope.Name) || scope.Decision == consent.ScopeAllowed && slices.Contains(s.Missing, scope.Name) {
			return "what is undecided is missing, and what is allowed is not"
		}
		if s.Status == consent.SharingAllowed && scope.Decision != consent.ScopeAllowed || s.Status == consent.SharingNone && !undecided {
			return "allowed and none are about everything"
		}
	}
	decided := consent.Decide(ask)
	switch {
	case len(s.Granted) > 0 && (decided.Verdict == consent.Allowed) != s.Allowed, len(s.Granted) == 0 && s.Allowed:
		return "it is allowed if and only if Decide asks nothing about what is allowed and what is required"
	case s.Allowed && !slices.Equal(decided.Granted, s.Granted):
		return "what Decide grants is what is allowed"
	case s.Status == consent.SharingIncomplete && len(s.Missing) == 0, s.Status == consent.SharingPartial && len(s.Missing) > 0:
		return "incomplete says what is missing, and partial that nothing is"
	}
	return ""
}

func TestAnAuthorizationEndsWithTheFirstScopeThatItCannotDoWithoutElseWithTheLast(t *testing.T) {
	client := &storage.Client{Scopes: scopes("openid", "email!", "phone", "profile")}
	ends := []storage.ScopeEnd{{Scope: "openid", At: noon.Add(3)}, {Scope: "email", At: noon.Add(2)}, {Scope: "phone", At: noon.Add(1)}}
	for scope, end := range map[string]time.Time{
		"openid email phone": noon.Add(2), "openid phone": noon.Add(3), "phone": noon.Add(1), "profile": {},
		"phone profile": {}, "email profile": noon.Add(2), "": {},
	} {
		require.Equal(t, end, consent.EndOf(client, strings.Fields(scope), ends), scope)
	}
	require.Equal(t, noon.Add(2), consent.EndOf(nil, []string{"email", "phone"}, ends), "whose registration has gone")
}
