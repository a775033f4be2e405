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

// Decide against the rules of contract.md §6, for every combination. The rules below are about words ("allowed", "left
// out"), from which the records are made; they do not look at the records. Exactly one of them applies to each case, so
// their order says nothing.

// past is everything that can have been decided about a scope.
var past = []string{
	"never", "allowed", "allowed up to later", "allowed up to now", "left out", "left out up to now", "denied", "denied up to now", "taken back",
	"allowed for this purpose", "allowed for it in another language", "allowed for a purpose that is gone", "allowed by an earlier version",
	"allowed to this publisher", "allowed to another publisher",
}

// purpose is what every scope is registered for, and gone what one was allowed for that is not any more: the text stands under
// another language, which the person did not read.
var (
	purpose = map[string]string{"en": "to write to you", "es": "para escribirte"}
	gone    = map[string]string{"en": purpose["es"]}
)

// keeps is what the record of an allow keeps of what the person was told.
var keeps = map[string]string{
	"allowed for this purpose":           told("a", "printco", "en", purpose),
	"allowed for it in another language": told("a", "printco", "es", purpose),
	"allowed for a purpose that is gone": told("a", "printco", "en", gone),
	"allowed by an earlier version":      "Wm9tZXRoaW5nIGVsc2Ugbw",
	"allowed to this publisher":          told("unionid", "printco", "", nil),
	"allowed to another publisher":       told("unionid", "otherco", "", nil),
}

// scene is one case: what was decided, what is requested, and how.
type scene struct {
	request                           []storage.ClientScope
	past                              []string // of each requested scope
	denials                           int      // whole requests denied in a row
	cooled                            bool     // the cooldown since the last of them is over
	firstParty, base, reask, answered bool
}

func everyScene(check func(s scene)) {
	requests := [][]string{
		{"a"}, {"a!"}, {"openid"}, {"user_session"}, {"unionid"}, {"a", "b"}, {"a!", "b"}, {"a", "b!"}, {"a!", "b!"}, {"openid", "b"}, {"openid", "a!", "b"},
	}
	for _, names := range requests {
		of := past
		if len(names) > 2 { // what ends and what changes is the same to the others
			of = []string{"never", "allowed", "left out", "denied"}
		}
		request := scopes(names...)
		for i := range request {
			request[i].Purpose = purpose
		}
		everyPast(of, len(names), nil, func(past []string) {
			for flags := range 1 << 5 {
				is := func(bit int) bool { return flags>>bit&1 == 1 }
				for denials := range 4 {
					check(scene{
						request: request, past: past, denials: denials, cooled: is(0),
						firstParty: is(1), base: is(2), reask: is(3), answered: is(4),
					})
				}
			}
		})
	}
}

// everyPast calls use with each list of n of these pasts.
func everyPast(of []string, n int, chosen []string, use func([]string)) {
	if n == 0 {
		use(slices.Clone(chosen))
		return
	}
	for _, p := range of {
		everyPast(of, n-1, append(chosen, p), use)
	}
}

// question puts a scene into records.
func (s scene) question() consent.Question {
	q := consent.Question{
		Scopes: s.request, Publisher: "printco", FirstParty: s.firstParty, BaseScope: s.base, Reask: s.reask, Now: noon, Cooldown: cooldown,
	}
	if s.answered {
		q.DecidedAt = begun
	}
	g := &storage.Grant{ID: "g", State: storage.GrantActive, Version: 1, Denials: s.denials}
	lastDenial := noon.Add(-time.Hour)
	if s.cooled {
		lastDenial = noon.Add(-cooldown)
	}
	if s.denials > 0 {
		g.DeniedAt = lastDenial
	}
	for i, p := range s.past {
		d := storage.Decision{Scope: s.request[i].Name, DecidedAt: lastDenial.Add(-time.Hour)}
		switch p {
		case "never":
			continue
		case "denied", "denied up to now":
			d.DecidedAt = lastDenial
		case "taken back":
			d.DecidedAt = lastDenial.Add(time.Minute)
		}
		d.Allowed, d.Purpose = strings.HasPrefix(p, "allowed"), keeps[p]
		switch p {
		case "allowed up to later":
			d.Until = noon.Add(1)
		case "allowed up to now", "left out up to now", "denied up to now":
			d.Until = noon
		}
		g.Decisions = append(g.Decisions, d)
	}
	if len(g.Decisions) > 0 || s.denials > 0 {
		q.Grant = g
	}
	return q
}

// A scope's standing: what its past means today.
func (s scene) standing(i int) string {
	switch p := s.past[i]; {
	case p == "never", p == "allowed up to now", p == "left out up to now", p == "denied up to now":
		return "open"
	case p == "allowed for a purpose that is gone" && s.must(i), p == "allowed to another publisher":
		return "open"
	case strings.HasPrefix(p, "allowed"):
		return "allowed"
	case p == "denied" && s.denials > 0:
		return "denied with everything"
	}
	return "left out"
}

// must reports whether a scope cannot be left out of a request.
func (s scene) must(i int) bool {
	return s.request[i].Required || s.request[i].Name == "openid" || s.request[i].Name == "user_session"
}

// those are the requested scopes with one of these standings.
func (s scene) those(standings ...string) (names []string) {
	for i, scope := range s.request {
		if slices.Contains(standings, s.standing(i)) {
			names = append(names, scope.Name)
		}
	}
	return names
}

func (s scene) everything() []string {
	return s.those("open", "allowed", "left out", "denied with everything")
}

// refused are the scopes that were refused and that a request for them opens again.
func (s scene) refused() (names []string) {
	for i, scope := range s.request {
		if s.standing(i) == "denied with everything" || s.standing(i) == "left out" && s.must(i) {
			names = append(names, scope.Name)
		}
	}
	return names
}

// questions are the scopes that a person has to be asked about, where no policy speaks for them.
func (s scene) questions() (names []string) {
	open, refused := s.those("open"), s.refused()
	for _, scope := range s.request {
		if slices.Contains(open, scope.Name) || slices.Contains(refused, scope.Name) {
			names = append(names, scope.Name)
		}
	}
	return names
}

// mustRefused reports whether a scope that cannot be left out was refused.
func (s scene) mustRefused() bool {
	for i := range s.request {
		if at := s.standing(i); s.must(i) && (at == "left out" || at == "denied with everything") {
			return true
		}
	}
	return false
}

// The four situations that a request can be in.
func (s scene) silenced() bool { return s.denials >= 2 && !s.cooled }
func (s scene) settling() bool { return !s.silenced() && s.answered }
func (s scene) reopening() bool {
	return !s.silenced() && !s.answered && s.reask
}
func (s scene) looking() bool { return !s.silenced() && !s.answered && !s.reask }

// byPolicy reports whether nobody has to be asked: the super app's own client that was refused nothing, or openid alone.
func (s scene) byPolicy() bool {
	own := s.firstParty && len(s.refused()) == 0
	base := s.base && s.denials == 0 && len(s.request) == 1 && s.request[0].Name == "openid"
	return (own || base) && len(s.those("open")) > 0
}

type rule struct {
	says string
	when func(s scene) bool
	then func(s scene) consent.Answer
}

func asks(names []string) consent.Answer { return consent.Answer{Verdict: consent.Ask, Ask: names} }

func refuses(scene) consent.Answer { return consent.Answer{Verdict: consent.Denied} }

var rules = []rule{
	{"after two denials in a row it is refused, whatever the prompt, the policy and what else was decided",
		scene.silenced, refuses},
	{"after an answer, a scope that cannot be left out and was refused refuses it all",
		func(s scene) bool { return s.settling() && s.mustRefused() }, refuses},
	{"after an answer, what nobody answered is asked",
		func(s scene) bool { return s.settling() && !s.mustRefused() && len(s.those("open")) > 0 },
		func(s scene) consent.Answer { return asks(s.those("open")) }},
	{"after an answer that leaves nothing, it is refused",
		func(s scene) bool {
			return s.settling() && !s.mustRefused() && len(s.those("open")) == 0 && len(s.those("allowed")) == 0
		}, refuses},
	{"after an answer, what is allowed is granted and nothing else",
		func(s scene) bool {
			return s.settling() && !s.mustRefused() && len(s.those("open")) == 0 && len(s.those("allowed")) > 0
		},
		func(s scene) consent.Answer {
			return consent.Answer{Verdict: consent.Allowed, Granted: s.those("allowed")}
		}},
	{"prompt=consent asks for everything",
		scene.reopening, func(s scene) consent.Answer { return asks(s.everything()) }},
	{"a policy allows what is open, which is to be recorded, beside what is allowed",
		func(s scene) bool { return s.looking() && s.byPolicy() },
		func(s scene) consent.Answer {
			return consent.Answer{Verdict: consent.Allowed, Granted: s.those("allowed", "open"), Unrecorded: s.those("open")}
		}},
	{"what is open, and what was refused and may be asked again, is asked",
		func(s scene) bool { return s.looking() && !s.byPolicy() && len(s.questions()) > 0 },
		func(s scene) consent.Answer { return asks(s.questions()) }},
	{"without a question, what is allowed is granted and what was left out stays out",
		func(s scene) bool { return s.looking() && len(s.questions()) == 0 && len(s.those("allowed")) > 0 },
		func(s scene) consent.Answer {
			return consent.Answer{Verdict: consent.Allowed, Granted: s.those("allowed")}
		}},
	{"only what was left out is a new question",
		func(s scene) bool { return s.looking() && len(s.questions()) == 0 && len(s.those("allowed")) == 0 },
		func(s scene) consent.Answer { return asks(s.everything()) }},
}

func TestDecideFollowsTheRulesInEveryCombination(t *testing.T) {
	count, seen := 0, make([]int, len(rules))
	everyScene(func(s scene) {
		count++
		applies := -1
		for i, r := range rules {
			if r.when(s) {
				if applies >= 0 {
					t.Fatalf("%+v: both %q and %q", s, rules[applies].says, r.says)
				}
				applies = i
			}
		}
		if applies < 0 {
			t.Fatalf("%+v: no rule applies", s)
		}
		seen[applies]++
		q := s.question()
		want, got := rules[applies].then(s), consent.Decide(q)
		if !sameAnswer(want, got) || !sameAnswer(got, consent.Decide(q)) {
			t.Fatalf("%+v: %s.\nwant %+v\ngot  %+v", s, rules[applies].says, want, got)
		}
		if count%97 == 0 {
			require.Equal(t, s.question(), q, "what was asked is left alone")
		}
	})
	require.Greater(t, count, 100_000)
	for i, r := range rules {
		require.Greater(t, seen[i], 100, r.says)
	}
}

func sameAnswer(a, b consent.Answer) bool {
	return a.Verdict == b.Verdict && slices.Equal(a.Granted, b.Granted) && slices.Equal(a.Ask, b.Ask) && slices.Equal(a.Unrecorded, b.Unrecorded)
}
