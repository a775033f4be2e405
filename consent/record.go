package consent

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/storage"
)

// Act is how a decision comes about.
type Act struct {
	Owner  storage.Owner   // on whose behalf
	Client *storage.Client // about which client
	By     string          // the user who decides
	At     time.Time
	// Lang is the language in which the purposes were shown; empty where nobody was shown any, as by policy.
	Lang  string
	Until time.Time // when the decisions of an allow run out; zero: never
}

// Allow records that the required scopes among requested and the chosen ones are allowed, and the others of requested
// denied. Decisions about scopes that are not in requested stay, with their ends.
//
// g is the active grant that the decision is about, nil when there is none. It is extended and its tokens live on,
// unless it is over, or the decision takes away what was allowed before: then it ends and a new one takes its place. The
// unit conflicts when g has moved meanwhile.
func Allow(g *storage.Grant, requested []storage.ClientScope, chosen []string, act Act) storage.Unit {
	return act.record(g, func(next *storage.Grant) {
		next.Denials = 0
		next.DeniedAt = time.Time{}
		for _, s := range requested {
			act.decide(next, s, Required(s) || slices.Contains(chosen, s.Name), act.Until)
		}
	})
}

// Deny records that the person by denies, on behalf of owner, a whole request. It is Allow with nothing chosen and
// nothing required, and it counts: see Decide for what two in a row mean.
func Deny(g *storage.Grant, requested []storage.ClientScope, act Act) storage.Unit {
	return act.record(g, func(next *storage.Grant) {
		next.Denials++
		next.DeniedAt = act.At
		for _, s := range requested {
			act.decide(next, s, false, time.Time{})
		}
	})
}

// denyRetry is for how long a denial of everything may be an earlier one whose answer was lost. Callers try again within
// seconds or minutes; a person who denies once more after this means it.
const denyRetry = 10 * time.Minute

// DenyAll is Deny of all that the act's client is registered for and a person decides about, and of whatever else g allows,
// such as a scope that has left the registration and may come back. Where the last decision was that already, and less than
// denyRetry ago, it is the empty unit: the same denial, sent again, counts once (RFC 9110 §9.2.2). Later it is another one.
func DenyAll(g *storage.Grant, act Act) storage.Unit {
	all := Shareable(act.Client)
	if g == nil {
		return Deny(g, all, act)
	}
	for _, scope := range g.AllowedScopes() {
		if !slices.Contains(names(all), scope) {
			all = append(all, entryOf(act.Client, scope))
		}
	}
	another := func(s storage.ClientScope) bool { return !deniedLast(g, s.Name) }
	if act.At.Sub(g.DeniedAt) < denyRetry && !slices.ContainsFunc(all, another) {
		return nil
	}
	return Deny(g, all, act)
}

// deniedLast reports whether a scope went with the last whole request that was denied.
func deniedLast(g *storage.Grant, scope string) bool {
	return slices.ContainsFunc(g.Decisions, func(d storage.Decision) bool {
		return d.Scope == scope && !d.Allowed && wentWithDenial(g, d)
	})
}

// Disconnect ends a grant: its tokens are dead and its decisions forgotten. The unit conflicts when g has moved meanwhile,
// as when another has taken its place: that one would live on.
func Disconnect(g storage.Grant, now time.Time) storage.Unit { return end(g, nil, now) }

// Withdraw records that the person by takes one scope back, on behalf of the grant's owner: it is denied, and everything
// else stays as it was decided, the count of denials too. false when there is nothing to take back: the scope is not
// allowed, or client, which may be nil for one that has gone, cannot do without it. Then it goes only with the whole grant.
//
// As with every decision that takes something away, the grant ends with all of its tokens and a new one takes its place:
// the mini app gets what remains by asking for it again, and the person is not asked.
func Withdraw(g storage.Grant, client *storage.Client, scope, by string, now time.Time) (storage.Unit, bool) {
	entry := entryOf(client, scope)
	if d, decided := find(&g, scope, now); !decided || !d.Allowed || Required(entry) {
		return nil, false
	}
	act := Act{Owner: g.Owner, Client: client, By: by, At: now}
	if client == nil {
		act.Client = &storage.Client{ID: g.ClientID}
	}
	return act.record(&g, func(next *storage.Grant) { act.decide(next, entry, false, time.Time{}) }), true
}

// Clear forgets the denials of a grant, so that the mini app may ask again. What is allowed stays, with its tokens. The unit
// conflicts when g has moved meanwhile.
func Clear(g storage.Grant, now time.Time) storage.Unit {
	allowed := slices.DeleteFunc(slices.Clone(g.Decisions), func(d storage.Decision) bool { return !d.Allowed })
	if len(allowed) == 0 {
		return Disconnect(g, now)
	}
	next := successor(g, now)
	next.Decisions, next.Denials, next.DeniedAt = allowed, 0, time.Time{}
	return storage.Unit{storage.SaveGrant{Grant: next, IfVersion: g.Version}}
}

// Recorded returns the grant as a unit of this package leaves it; false when the unit only ends one, or is empty.
func Recorded(u storage.Unit) (storage.Grant, bool) {
	if len(u) == 0 {
		return storage.Grant{}, false
	}
	save, ok := u[len(u)-1].(storage.SaveGrant)
	return save.Grant, ok
}

// record builds the unit for a change to the grant of the act's owner for its client.
func (act Act) record(g *storage.Grant, change func(*storage.Grant)) storage.Unit {
	if g == nil {
		next := newGrant(act.Owner, act.Client.ID, act.At)
		change(&next)
		return save(next, act.By, 0)
	}
	next := successor(*g, act.At)
	change(&next)
	if !takesAway(*g, next) && !act.isOver(*g) {
		return save(next, act.By, g.Version)
	}
	// Tokens say what they may read and hang on their grant, so they can lose a scope only by losing the grant.
	fresh := newGrant(act.Owner, act.Client.ID, act.At)
	fresh.Denials, fresh.DeniedAt = g.Denials, g.DeniedAt
	fresh.Decisions = standingDecisions(*g, act.At)
	change(&fresh)
	fresh.Succeeds = succeeded(*g, fresh, act.At)
	return append(end(*g, fresh.AllowedScopes(), act.At), save(fresh, act.By, 0)...)
}

// succeeded is Grant.Succeeds of next, which takes the place of g: what a client knows a grant by names it as long as anything
// is allowed without a break.
func succeeded(g, next storage.Grant, now time.Time) string {
	allows := func(d storage.Decision) bool { return d.Allowed }
	if slices.ContainsFunc(standingDecisions(g, now), allows) && slices.ContainsFunc(next.Decisions, allows) {
		return g.PublicID()
	}
	return ""
}

func newGrant(owner storage.Owner, clientID string, now time.Time) storage.Grant {
	return storage.Grant{
		ID: uuid.Must(uuid.NewV7()).String(), Owner: owner, ClientID: clientID, State: storage.GrantActive,
		Version: 1, CreatedAt: now, UpdatedAt: now,
	}
}

// successor is the next version of a grant, sharing nothing with it.
func successor(g storage.Grant, now time.Time) storage.Grant {
	g.Version++
	g.UpdatedAt = now
	g.Decisions = slices.Clone(g.Decisions)
	return g
}

func save(g storage.Grant, by string, ifVersion int64) storage.Unit {
	if g.Owner.CompanyID != "" {
		g.AllowedBy = by
	}
	slices.SortFunc(g.Decisions, func(a, b storage.Decision) int { return strings.Compare(a.Scope, b.Scope) })
	return storage.Unit{storage.SaveGrant{Grant: g, IfVersion: ifVersion}}
}

// decide replaces the decision about a scope.
func (act Act) decide(g *storage.Grant, s storage.ClientScope, allowed bool, until time.Time) {
	g.Decisions = slices.DeleteFunc(g.Decisions, func(d storage.Decision) bool { return d.Scope == s.Name })
	g.Decisions = append(g.Decisions, storage.Decision{
		Scope: s.Name, Allowed: allowed, DecidedAt: act.At, Until: until, Purpose: shown(s, act.Client.PublisherID, act.Lang),
	})
}

// isOver reports whether all that a grant allowed has run out, or something that the client cannot do without has. What is
// allowed after that gives no token from before its life back.
func (act Act) isOver(g storage.Grant) bool {
	left := false
	for _, scope := range g.AllowedScopes() {
		over := ranOut(&g, scope, act.At)
		if over && Required(entryOf(act.Client, scope)) {
			return true
		}
		left = left || !over
	}
	return !left && len(g.AllowedScopes()) > 0
}

// takesAway reports whether a scope that was allowed is not allowed any more. A decision that has run out counts:
// tokens with it may live.
func takesAway(was, is storage.Grant) bool {
	return slices.ContainsFunc(was.Decisions, func(old storage.Decision) bool {
		return old.Allowed && !slices.ContainsFunc(is.Decisions, func(d storage.Decision) bool {
			return d.Scope == old.Scope && d.Allowed
		})
	})
}

// standingDecisions are the decisions of a grant that are in force.
func standingDecisions(g storage.Grant, now time.Time) []storage.Decision {
	return slices.DeleteFunc(slices.Clone(g.Decisions), func(d storage.Decision) bool { return !inForce(d.Until, now) })
}
