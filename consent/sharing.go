package consent

import (
	"slices"
	"time"

	"gatehouse/registry"
	"gatehouse/storage"
)

// Status of sharing: what a person shares with a mini app, in a word.
const (
	SharingNone       = "none"       // nothing was decided
	SharingAllowed    = "allowed"    // everything in the registration
	SharingPartial    = "partial"    // all that is required, and not all that is optional
	SharingIncomplete = "incomplete" // something in the registration is open; see Sharing.Missing
	SharingDenied     = "denied"
	SharingExpired    = "expired" // it was allowed up to a time that has come
)

// What was decided about one scope.
const (
	ScopeAllowed   = "allowed"
	ScopeDenied    = "denied"
	ScopeUndecided = "undecided" // or decided up to a time that has come, or required and allowed for another purpose
)

// Sharing is what a person shares with a client at a moment.
type Sharing struct {
	Status  string
	Allowed bool          // the client may have a code without a question, for Granted
	Granted []string      // the scopes that are allowed; they say something only when Allowed
	Scopes  []SharedScope // all of Shareable
	Missing []string      // what the person has to be asked about
}

// SharedScope is a scope of a registration and what was decided about it.
type SharedScope struct {
	Name     string
	Required bool              // it cannot be left out; of some scopes whatever the registration says
	Purpose  map[string]string // language → why the client wants it
	Decision string
}

// Shareable returns the scopes of a registration that a person decides about with it: not what a company decides, and
// not what makes a client the super app's own.
func Shareable(c *storage.Client) []storage.ClientScope {
	return slices.DeleteFunc(slices.Clone(c.Scopes), func(s storage.ClientScope) bool {
		return s.Name == registry.ScopeUserSession || s.Name == registry.ScopeSuperapp || s.Name == registry.ScopeAdmin ||
			registry.ClientOnly(s.Name)
	})
}

// SharingWith answers what a person shares with a client whose active grant is g, nil when there is none: always the same
// to the same. It agrees with Decide: what is Allowed here, Decide allows without a question for the scopes in Granted.
//
//   - Two whole requests denied in a row are denied for the cooldown.
//   - What a required scope that was denied means hangs on how: with a whole request, it stands for all; left out while it
//     was optional, it is missing.
//   - A first-party client is allowed what is undecided.
func SharingWith(c *storage.Client, g *storage.Grant, now time.Time, cooldown time.Duration) Sharing {
	t := tally{q: Question{Grant: g, Scopes: Shareable(c), Publisher: c.PublisherID, FirstParty: c.FirstParty, Now: now, Cooldown: cooldown}}
	for _, scope := range t.q.Scopes {
		t.add(scope)
	}
	t.Status = t.status()
	t.Allowed = t.Status == SharingAllowed || t.Status == SharingPartial || t.Status == SharingIncomplete && !t.stopped
	return t.Sharing
}

// tally is a Sharing while it is counted.
type tally struct {
	Sharing
	q       Question
	denied  bool // a scope is denied
	refused bool // a required scope is denied
	stopped bool // a required scope is not allowed
	ranOut  bool // a scope was allowed up to a time that has come
	lapsed  bool // and it is required
}

func (t *tally) add(scope storage.ClientScope) {
	shared := SharedScope{Name: scope.Name, Required: Required(scope), Purpose: scope.Purpose, Decision: ScopeUndecided}
	switch d, decided := t.q.find(scope); {
	case decided && d.Allowed, !decided && t.q.FirstParty:
		shared.Decision = ScopeAllowed
		t.Granted = append(t.Granted, scope.Name)
	case decided:
		shared.Decision = ScopeDenied
		t.addDenied(shared)
	default:
		t.addUndecided(shared)
	}
	t.Scopes = append(t.Scopes, shared)
}

func (t *tally) addDenied(shared SharedScope) {
	t.denied = true
	if !shared.Required {
		return
	}
	t.refused, t.stopped = true, true
	if t.q.Grant.Denials == 0 {
		t.Missing = append(t.Missing, shared.Name)
	}
}

func (t *tally) addUndecided(shared SharedScope) {
	t.Missing = append(t.Missing, shared.Name)
	t.stopped = t.stopped || shared.Required
	if ranOut(t.q.Grant, shared.Name, t.q.Now) {
		t.ranOut = true
		t.lapsed = t.lapsed || shared.Required
	}
}

func (t *tally) status() string {
	switch {
	case t.q.blocked(), t.refused && t.q.Grant.Denials > 0:
		return SharingDenied
	case t.lapsed, len(t.Granted) == 0 && t.ranOut:
		return SharingExpired
	case len(t.Granted) == 0 && t.denied:
		return SharingDenied
	case len(t.Granted) == 0:
		return SharingNone
	case len(t.Missing) > 0:
		return SharingIncomplete
	case t.denied:
		return SharingPartial
	}
	return SharingAllowed
}

// EndOf is when an authorization for scope is over, of a client that may be nil for one that has gone, where ends says when
// single scopes run out: with the first that the client cannot do without, else with the last. The zero time where it has no
// end.
func EndOf(client *storage.Client, scope []string, ends []storage.ScopeEnd) time.Time {
	var required, last time.Time
	endless := false
	for _, name := range scope {
		i := slices.IndexFunc(ends, func(e storage.ScopeEnd) bool { return e.Scope == name })
		switch {
		case i < 0:
			endless = true
		case Required(entryOf(client, name)):
			if required.IsZero() || ends[i].At.Before(required) {
				required = ends[i].At
			}
		case ends[i].At.After(last):
			last = ends[i].At
		}
	}
	if endless || !required.IsZero() {
		return required
	}
	return last
}

// ScopeTexts are what people read about a scope. Empty where there is none.
type ScopeTexts struct{ Title, Description, Purpose string }

// TextsOf returns the texts of a scope in a language, or in another that there is; purpose is the registration's.
func TextsOf(scope *storage.Scope, purpose map[string]string, lang string) ScopeTexts {
	texts := ScopeTexts{Title: title(scope, lang)}
	texts.Description, _ = pick(scope.Description, lang)
	texts.Purpose, _ = pick(purpose, lang)
	return texts
}
