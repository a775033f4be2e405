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

const cooldown = 24 * time.Hour

var (
	noon  = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	begun = noon.Add(-time.Minute)
)

// scopes reads "openid! email points" as a request; an exclamation mark means required.
func scopes(list ...string) []storage.ClientScope {
	var out []storage.ClientScope
	for _, name := range list {
		bare, required := name, false
		if name[len(name)-1] == '!' {
			bare, required = name[:len(name)-1], true
		}
		out = append(out, storage.ClientScope{Name: bare, Required: required})
	}
	return out
}

// granted builds a grant of decisions made an hour ago: "+email" allowed, "-email" left out, "x email" denied with the
// last whole request, "+email?" run out, "+email*" allowed for a purpose that is not registered, "+unionid@" allowed to
// another publisher.
func granted(denials int, decisions ...string) *storage.Grant {
	g := &storage.Grant{ID: "g", State: storage.GrantActive, Version: 1, Denials: denials}
	if denials > 0 {
		g.DeniedAt = noon.Add(-time.Hour)
	}
	for _, d := range decisions {
		decision := storage.Decision{Scope: d[1:], Allowed: d[0] == '+', DecidedAt: noon.Add(-2 * time.Hour)}
		if d[0] == 'x' {
			decision.DecidedAt = g.DeniedAt
		}
		if name, is := strings.CutSuffix(decision.Scope, "?"); is {
			decision.Scope, decision.Until = name, noon
		}
		if name, is := strings.CutSuffix(decision.Scope, "*"); is {
			decision.Scope, decision.Purpose = name, "text:en:of-another-purpose"
		}
		if name, is := strings.CutSuffix(decision.Scope, "@"); is {
			decision.Scope, decision.Purpose = name, "publisher:another"
		}
		g.Decisions = append(g.Decisions, decision)
	}
	return g
}

func TestDecide(t *testing.T) {
	ask := func(scopes ...string) consent.Answer { return consent.Answer{Verdict: consent.Ask, Ask: scopes} }
	allowed := func(scopes ...string) consent.Answer {
		return consent.Answer{Verdict: consent.Allowed, Granted: scopes}
	}
	unrecorded := func(scopes ...string) consent.Answer {
		return consent.Answer{Verdict: consent.Allowed, Granted: scopes, Unrecorded: scopes}
	}
	denied := consent.Answer{Verdict: consent.Denied}
	base := func(denials int, decisions ...string) consent.Question {
		q := consent.Question{Scopes: scopes("openid"), BaseScope: true}
		if len(decisions) > 0 {
			q.Grant = granted(denials, decisions...)
		}
		return q
	}
	baseWith := base(0)
	baseWith.Scopes = scopes("openid", "email")
	baseReask := base(0)
	baseReask.Reask = true
	cooled := granted(2, "xopenid", "xemail")
	cooled.DeniedAt = noon.Add(-cooldown)
	cooled.Decisions[0].DecidedAt, cooled.Decisions[1].DecidedAt = cooled.DeniedAt, cooled.DeniedAt

	for name, row := range map[string]struct {
		q    consent.Question
		want consent.Answer
	}{
		"nothing decided asks for everything":                 {consent.Question{Scopes: scopes("openid", "email")}, ask("openid", "email")},
		"everything allowed goes through":                     {consent.Question{Grant: granted(0, "+openid", "+email"), Scopes: scopes("openid", "email")}, allowed("openid", "email")},
		"a smaller request goes through":                      {consent.Question{Grant: granted(0, "+openid", "+email"), Scopes: scopes("openid")}, allowed("openid")},
		"a new scope asks for itself only":                    {consent.Question{Grant: granted(0, "+openid"), Scopes: scopes("openid", "email")}, ask("email")},
		"an expired decision is asked again":                  {consent.Question{Grant: granted(0, "+openid", "+email?"), Scopes: scopes("openid", "email")}, ask("email")},
		"an expired denial is asked again":                    {consent.Question{Grant: granted(0, "+openid", "-email?"), Scopes: scopes("openid", "email")}, ask("email")},
		"what has all run out is asked again":                 {consent.Question{Grant: granted(0, "+openid?", "+email?"), Scopes: scopes("openid", "email")}, ask("openid", "email")},
		"a left-out scope stays out":                          {consent.Question{Grant: granted(0, "+openid", "-email"), Scopes: scopes("openid", "email")}, allowed("openid")},
		"only left-out scopes are asked again":                {consent.Question{Grant: granted(0, "+openid", "-email", "-phone"), Scopes: scopes("email", "phone")}, ask("email", "phone")},
		"a required scope that is denied is asked":            {consent.Question{Grant: granted(0, "+openid", "-email"), Scopes: scopes("openid", "email!")}, ask("email")},
		"openid is required without saying so":                {consent.Question{Grant: granted(0, "-openid", "+email"), Scopes: scopes("openid", "email")}, ask("openid")},
		"user_session is required without saying so":          {consent.Question{Grant: granted(0, "-user_session", "+points"), Scopes: scopes("user_session", "points")}, ask("user_session")},
		"one denial asks again":                               {consent.Question{Grant: granted(1, "xopenid", "xemail"), Scopes: scopes("openid", "email")}, ask("openid", "email")},
		"one denial asks again for what it denied":            {consent.Question{Grant: granted(1, "+openid", "-phone", "xemail"), Scopes: scopes("openid", "phone", "email")}, ask("email")},
		"two denials refuse":                                  {consent.Question{Grant: granted(2, "xopenid", "xemail"), Scopes: scopes("openid", "email")}, denied},
		"two denials refuse whatever the prompt":              {consent.Question{Grant: granted(2, "xopenid"), Scopes: scopes("openid"), Reask: true}, denied},
		"two denials refuse new scopes too":                   {consent.Question{Grant: granted(2, "xopenid"), Scopes: scopes("openid", "phone")}, denied},
		"two denials refuse a first party":                    {consent.Question{Grant: granted(2, "xopenid"), Scopes: scopes("openid"), FirstParty: true}, denied},
		"after the cooldown it may ask again":                 {consent.Question{Grant: cooled, Scopes: scopes("openid", "email")}, ask("openid", "email")},
		"prompt=consent asks for everything":                  {consent.Question{Grant: granted(0, "+openid", "+email"), Scopes: scopes("openid", "email"), Reask: true}, ask("openid", "email")},
		"prompt=consent is satisfied by a decision":           {consent.Question{Grant: granted(0, "+openid", "-email"), Scopes: scopes("openid", "email"), Reask: true, DecidedAt: noon}, allowed("openid")},
		"a denial in this interaction refuses":                {consent.Question{Grant: granted(1, "xopenid", "xemail"), Scopes: scopes("openid", "email"), DecidedAt: noon}, denied},
		"a denial of optional scopes only refuses":            {consent.Question{Grant: granted(1, "xemail"), Scopes: scopes("email"), DecidedAt: noon}, denied},
		"a decision forgotten meanwhile is asked":             {consent.Question{Scopes: scopes("openid"), DecidedAt: noon}, ask("openid")},
		"a first party is allowed by policy":                  {consent.Question{Scopes: scopes("openid", "email"), FirstParty: true}, unrecorded("openid", "email")},
		"a first party's allow on record is not stored again": {consent.Question{Grant: granted(0, "+openid"), Scopes: scopes("openid"), FirstParty: true}, allowed("openid")},
		"a first party's expired allow is stored again":       {consent.Question{Grant: granted(0, "+openid?"), Scopes: scopes("openid"), FirstParty: true}, unrecorded("openid")},
		"a first party is allowed only what is undecided": {consent.Question{Grant: granted(0, "+openid", "-email"), Scopes: scopes("openid", "email", "phone"), FirstParty: true},
			consent.Answer{Verdict: consent.Allowed, Granted: []string{"openid", "phone"}, Unrecorded: []string{"phone"}}},
		"a first party that was denied asks":             {consent.Question{Grant: granted(1, "xopenid"), Scopes: scopes("openid"), FirstParty: true}, ask("openid")},
		"a first party asks for what was left out alone": {consent.Question{Grant: granted(0, "-email"), Scopes: scopes("email"), FirstParty: true}, ask("email")},
		"a first party asks with prompt=consent":         {consent.Question{Scopes: scopes("openid"), FirstParty: true, Reask: true}, ask("openid")},
		"another purpose of a required scope is asked":   {consent.Question{Grant: granted(0, "+openid", "+email*"), Scopes: scopes("openid", "email!")}, ask("email")},
		"another purpose of an optional scope is not":    {consent.Question{Grant: granted(0, "+openid", "+email*"), Scopes: scopes("openid", "email")}, allowed("openid", "email")},
		"another purpose of what was left out is not":    {consent.Question{Grant: granted(0, "+openid", "-email*"), Scopes: scopes("openid", "email")}, allowed("openid")},
		"another purpose while a decision is made":       {consent.Question{Grant: granted(0, "+email*"), Scopes: scopes("email!"), DecidedAt: noon}, ask("email")},
		"another purpose of a first party is recorded":   {consent.Question{Grant: granted(0, "+email*"), Scopes: scopes("email!"), FirstParty: true}, unrecorded("email")},
		"two denials refuse another purpose too":         {consent.Question{Grant: granted(2, "+openid*", "xemail"), Scopes: scopes("openid"), FirstParty: true}, denied},
		"unionid of another publisher is asked":          {consent.Question{Grant: granted(0, "+openid", "+unionid@"), Scopes: scopes("openid", "unionid")}, ask("unionid")},
		"unionid that was left out stays out":            {consent.Question{Grant: granted(0, "+openid", "-unionid@"), Scopes: scopes("openid", "unionid")}, allowed("openid")},
		"the base scope passes alone":                    {base(0), unrecorded("openid")},
		"the base scope on record is not stored again":   {base(0, "+openid"), allowed("openid")},
		"the base scope that has run out is":             {base(0, "+openid?"), unrecorded("openid")},
		"the base scope passes beside other decisions":   {base(0, "+email", "-phone"), unrecorded("openid")},
		"the base scope with another one is asked":       {baseWith, ask("openid", "email")},
		"the base scope is asked with prompt=consent":    {baseReask, ask("openid")},
		"the base scope is asked after it was denied":    {base(1, "xopenid"), ask("openid")},
		"the base scope is asked after any denial":       {base(1, "xemail"), ask("openid")},
		"the base scope is refused after two":            {base(2, "xemail"), denied},
		"a request without scopes is asked":              {consent.Question{}, ask()},
		"a request without scopes is asked once":         {consent.Question{Grant: granted(0), DecidedAt: noon}, allowed()},
		"a request without scopes can be denied":         {consent.Question{Grant: granted(1), DecidedAt: noon}, denied},
	} {
		t.Run(name, func(t *testing.T) {
			row.q.Now, row.q.Cooldown = noon, cooldown
			got := consent.Decide(row.q)
			require.Equal(t, row.want.Verdict, got.Verdict)
			require.Equal(t, row.want.Unrecorded, got.Unrecorded)
			require.ElementsMatch(t, row.want.Granted, got.Granted)
			require.ElementsMatch(t, row.want.Ask, got.Ask)
		})
	}
}

// everyQuestion calls check with each combination of recorded, requested, required, expired, denied and policy for two
// scopes.
func everyQuestion(check func(q consent.Question)) {
	records := []string{"", "+", "-", "x", "+?", "-?", "x?"}
	requests := [][]string{{"a"}, {"a!"}, {"openid"}, {"a", "b"}, {"a!", "b"}, {"a", "b!"}, {"a!", "b!"}, {"openid", "b"}}
	for _, first := range records {
		for _, second := range records {
			for denials := range 4 {
				for _, request := range requests {
					for policy := range 16 {
						q := consent.Question{Scopes: scopes(request...), FirstParty: policy&1 > 0, Reask: policy&2 > 0, Now: noon, Cooldown: cooldown}
						if policy&4 > 0 {
							q.DecidedAt = begun
						}
						q.Grant = recorded(denials, q.Scopes, first, second)
						if q.Grant != nil && policy&8 > 0 {
							q.Grant.DeniedAt = noon.Add(-cooldown)
						}
						check(q)
					}
				}
			}
		}
	}
}

func recorded(denials int, request []storage.ClientScope, records ...string) *storage.Grant {
	var decisions []string
	for i, r := range records {
		if r != "" && i < len(request) {
			decisions = append(decisions, r[:1]+request[i].Name+r[1:])
		}
	}
	if len(decisions) == 0 && denials == 0 {
		return nil
	}
	return granted(denials, decisions...)
}

func TestDecideHoldsItsInvariantsForEveryCombination(t *testing.T) {
	count := 0
	everyQuestion(func(q consent.Question) {
		count++
		a := consent.Decide(q)
		ok := checkAnswer(q, a)
		require.Empty(t, ok, "%+v with %+v answers %+v", q, q.Grant, a)
	})
	require.Greater(t, count, 20_000)
}

// checkAnswer returns the invariant that an answer breaks, or nothing.
func checkAnswer(q consent.Question, a consent.Answer) string {
	inForce := func(name string) (allowed, decided bool) {
		if q.Grant == nil {
			return false, false
		}
		for _, d := range q.Grant.Decisions {
			if d.Scope == name && (d.Until.IsZero() || d.Until.After(noon)) {
				return d.Allowed, true
			}
		}
		return false, false
	}
	blocked := q.Grant != nil && q.Grant.Denials >= 2 && q.Grant.DeniedAt.Add(cooldown).After(noon)
	byPolicy := q.FirstParty && !q.Reask && q.DecidedAt.IsZero()
	if blocked != (a.Verdict == consent.Denied) && q.DecidedAt.IsZero() {
		return "outside its own interaction only the cooldown refuses, and always"
	}
	if (a.Verdict == consent.Ask) != (len(a.Ask) > 0) || (a.Verdict == consent.Allowed) != (len(a.Granted) > 0) {
		return "a verdict comes with its scopes and nothing else"
	}
	for _, s := range q.Scopes {
		allowed, decided := inForce(s.Name)
		asked, grants := slices.Contains(a.Ask, s.Name), slices.Contains(a.Granted, s.Name)
		required := s.Required || s.Name == "openid"
		switch {
		case grants && !allowed && (!byPolicy || decided):
			return "only what is allowed is granted, by the person or, undecided, by policy"
		case a.Verdict == consent.Allowed && allowed && !grants:
			return "all that is allowed is granted"
		case a.Verdict == consent.Allowed && required && !grants:
			return "nothing is granted without a required scope"
		case asked && decided && !q.DecidedAt.IsZero():
			return "what was decided in this interaction is not asked again"
		case asked && allowed && !q.Reask:
			return "what is allowed is not asked"
		case grants != allowed && grants != slices.Contains(a.Unrecorded, s.Name):
			return "what policy allows is to be recorded"
		case a.Verdict == consent.Ask && !asked && (q.Reask && q.DecidedAt.IsZero() || !decided):
			return "everything undecided is asked, with prompt=consent everything"
		case len(a.Unrecorded) > 0 && !byPolicy:
			return "only policy allows what is not on record"
		}
	}
	return ""
}

func TestRequestedKeepsToTheRegistration(t *testing.T) {
	client := &storage.Client{Scopes: scopes("openid", "email!", "points")}
	require.Equal(t, scopes("points", "email!"), consent.Requested(client, []string{"points", "admin", "email", "points"}))
	require.Empty(t, consent.Requested(client, nil))
}

func TestAllowedScopesAreThoseInForce(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	g := &storage.Grant{Decisions: []storage.Decision{
		{Scope: "points", Allowed: true, Until: now.Add(time.Hour)},
		{Scope: "email", Allowed: true, Until: now.Add(time.Minute)},
		{Scope: "phone"},
		{Scope: "gone", Allowed: true},
	}}
	client := &storage.Client{Scopes: scopes("email", "points", "phone", "profile")}
	require.Equal(t, []string{"email", "points"}, consent.AllowedScopes(g, client, now))
	require.Equal(t, []string{"points"}, consent.AllowedScopes(g, client, now.Add(time.Minute)))
	require.Empty(t, consent.AllowedScopes(g, client, now.Add(time.Hour)), "all have")
	require.Empty(t, consent.AllowedScopes(nil, client, now))
}
