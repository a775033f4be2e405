package consent

import (
	"slices"
	"time"

	"gatehouse/registry"
	"gatehouse/storage"
)

// blockedFrom is how many whole requests denied in a row silence a mini app until the cooldown is over.
const blockedFrom = 2

// Verdict is what a request needs.
type Verdict int

const (
	Ask     Verdict = iota // the person has to be asked
	Allowed                // go ahead with Answer.Granted
	Denied                 // access_denied, without a question
)

// Question is everything that a decision hangs on.
type Question struct {
	Grant      *storage.Grant        // the active grant of the owner for the client; nil: nothing was decided
	Scopes     []storage.ClientScope // what is requested, as registered; see Requested
	Publisher  string                // the client's: an allow of unionid is for one
	FirstParty bool                  // the client is the host app's own: it needs no consent
	BaseScope  bool                  // openid alone needs no question, see PassesBase
	Reask      bool                  // prompt=consent
	Stranger   bool                  // the person is a test person of another publisher's, see storage.User.MayMeet
	DecidedAt  time.Time             // when the person decided in this interaction; zero: not yet
	Now        time.Time
	Cooldown   time.Duration // how long two denials in a row last
}

// Answer is what Decide says.
type Answer struct {
	Verdict Verdict
	Granted []string // when Allowed: the requested scopes that are allowed
	Ask     []string // when Ask: the requested scopes to ask about
	// Unrecorded are the granted scopes that nobody has decided about, allowed by policy to a first-party client or as the
	// base scope: the caller stores Allow with them in its unit.
	Unrecorded []string
}

// Decide answers a question, always the same to the same. The rules, in order:
//
//   - Another publisher's test person is refused, whatever was decided.
//   - Two whole requests denied in a row are a refusal for the cooldown, whatever is asked and however.
//   - After a decision in this interaction nothing that was decided is asked again: what is allowed is granted, and when
//     that is nothing, or lacks a required scope, the request is refused.
//   - prompt=consent asks for everything.
//   - A first-party client is allowed what is undecided. What the person refused it stays refused as with any other.
//   - With the operator's policy, openid alone is allowed when it is undecided, unless the last answer to a whole request
//     was a denial: a mini app must not come by a fresh count of denials without asking.
//   - What is undecided, or has run out, is asked; so is a required scope that was allowed for a purpose that is not
//     registered any more, and unionid that was allowed to another publisher. So is what was refused: a required scope,
//     and what went with the last whole request that was denied.
//   - An optional scope that was left out stays out without a question, as long as anything else is granted.
func Decide(q Question) Answer {
	s := sortOut(q)
	switch {
	case q.Stranger, q.blocked():
		return Answer{Verdict: Denied}
	case !q.DecidedAt.IsZero():
		return s.settle()
	case q.Reask:
		return Answer{Verdict: Ask, Ask: names(q.Scopes)}
	case q.FirstParty && len(s.ask) == len(s.undecided) && len(s.open) > 0:
		return Answer{Verdict: Allowed, Granted: s.open, Unrecorded: s.undecided}
	case q.onlyBase() && len(s.undecided) > 0:
		return Answer{Verdict: Allowed, Granted: s.undecided, Unrecorded: s.undecided}
	case len(s.ask) > 0:
		return Answer{Verdict: Ask, Ask: s.ask}
	case s.empty():
		return Answer{Verdict: Ask, Ask: names(q.Scopes)}
	}
	return Answer{Verdict: Allowed, Granted: s.allowed}
}

// blocked reports whether denials have silenced the client.
func (q Question) blocked() bool {
	return q.Grant != nil && q.Grant.Denials >= blockedFrom && q.Now.Before(q.Grant.DeniedAt.Add(q.Cooldown))
}

// onlyBase reports whether the request is one that the policy for the base scope lets through.
func (q Question) onlyBase() bool {
	return q.BaseScope && len(q.Scopes) == 1 && q.Scopes[0].Name == registry.ScopeOpenID && (q.Grant == nil || q.Grant.Denials == 0)
}

// PassesBase reports whether openid alone needs no question from a client where the operator's policy says so: an
// approved one, to which a person has a name that no other client knows (OIDC Core §8.1). Then openid tells it only that
// the same person came back.
func PassesBase(policy bool, c *storage.Client) bool {
	return policy && c.Status == storage.StatusApproved && c.SubjectType == registry.SubjectPairwise
}

// sorted is a request sorted by what was decided about it. Every list is in the request's order.
type sorted struct {
	allowed   []string
	undecided []string
	open      []string // allowed or undecided
	ask       []string // undecided, and denied but open to a new question
	refused   bool     // a required scope is denied
	agreed    bool     // there is a standing decision that is not a denial, for requests without any scope
}

func sortOut(q Question) sorted {
	var s sorted
	for _, scope := range q.Scopes {
		d, decided := q.find(scope)
		if !decided || d.Allowed {
			s.open = append(s.open, scope.Name)
		}
		switch {
		case !decided:
			s.undecided = append(s.undecided, scope.Name)
			s.ask = append(s.ask, scope.Name)
		case d.Allowed:
			s.allowed = append(s.allowed, scope.Name)
		case Required(scope):
			s.refused = true
			s.ask = append(s.ask, scope.Name)
		case wentWithDenial(q.Grant, d):
			s.ask = append(s.ask, scope.Name)
		}
	}
	s.agreed = len(q.Scopes) == 0 && q.Grant != nil && q.Grant.Denials == 0
	return s
}

// settle answers after a decision in this interaction.
func (s sorted) settle() Answer {
	switch {
	case s.refused:
		return Answer{Verdict: Denied}
	case len(s.undecided) > 0: // forgotten meanwhile, or requested anew
		return Answer{Verdict: Ask, Ask: s.undecided}
	case s.empty():
		return Answer{Verdict: Denied}
	}
	return Answer{Verdict: Allowed, Granted: s.allowed}
}

// empty reports whether granting what is allowed would grant nothing.
func (s sorted) empty() bool { return len(s.allowed) == 0 && !s.agreed }

// find returns the decision that counts now for a scope as it is registered now: one that is in force, and if it is an
// allow, still about what the person was told.
func (q Question) find(s storage.ClientScope) (storage.Decision, bool) {
	d, decided := find(q.Grant, s.Name, q.Now)
	if decided && d.Allowed && !stillSo(d, s, q.Publisher) {
		return storage.Decision{}, false
	}
	return d, decided
}

// find returns the decision about a scope that is in force at now.
func find(g *storage.Grant, scope string, now time.Time) (storage.Decision, bool) {
	if g == nil {
		return storage.Decision{}, false
	}
	i := slices.IndexFunc(g.Decisions, func(d storage.Decision) bool { return d.Scope == scope })
	if i < 0 || !inForce(g.Decisions[i].Until, now) {
		return storage.Decision{}, false
	}
	return g.Decisions[i], true
}

// ranOut reports whether a scope was allowed up to a time that has come.
func ranOut(g *storage.Grant, scope string, now time.Time) bool {
	return g != nil && slices.ContainsFunc(g.Decisions, func(d storage.Decision) bool {
		return d.Scope == scope && d.Allowed && !inForce(d.Until, now)
	})
}

// AllowedScopes returns the scopes of a client's registration, in its order, that Decide allows at now because the grant
// does; g may be nil.
func AllowedScopes(g *storage.Grant, client *storage.Client, now time.Time) []string {
	return sortOut(Question{Grant: g, Scopes: client.Scopes, Publisher: client.PublisherID, Now: now}).allowed
}

// wentWithDenial reports whether a denial belongs to the last whole request that was denied, as opposed to an optional
// scope that was left out of a request otherwise allowed, or taken back since.
func wentWithDenial(g *storage.Grant, d storage.Decision) bool {
	return g.Denials > 0 && d.DecidedAt.Equal(g.DeniedAt)
}

func inForce(until, now time.Time) bool { return until.IsZero() || now.Before(until) }

// Required reports whether a requested scope cannot be left out. Without openid there is no ID token, and without
// user_session the authorization would be of another kind.
func Required(s storage.ClientScope) bool {
	return s.Required || s.Name == registry.ScopeOpenID || s.Name == registry.ScopeUserSession
}

// Requested returns the registration's entries for the requested scopes, in the request's order. What is not registered
// is left out: nobody can be asked for it.
func Requested(client *storage.Client, scopes []string) []storage.ClientScope {
	var requested []storage.ClientScope
	for _, name := range scopes {
		i := slices.IndexFunc(client.Scopes, func(s storage.ClientScope) bool { return s.Name == name })
		if i >= 0 && !slices.Contains(names(requested), name) {
			requested = append(requested, client.Scopes[i])
		}
	}
	return requested
}

// entryOf returns a scope as client, which may be nil, is registered for it; one that it is not registered for is optional.
func entryOf(client *storage.Client, scope string) storage.ClientScope {
	if client != nil {
		if registered := Requested(client, []string{scope}); len(registered) > 0 {
			return registered[0]
		}
	}
	return storage.ClientScope{Name: scope}
}

func names(scopes []storage.ClientScope) []string {
	list := make([]string, len(scopes))
	for i, s := range scopes {
		list[i] = s.Name
	}
	return list
}
