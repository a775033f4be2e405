package consent

import (
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/storage"
)

// Allow records that the person by allows, on behalf of owner, the required scopes among requested and the chosen ones;
// the others of requested are denied. Decisions about scopes that are not in requested stay.
//
// g is the active grant that the decision is about, nil when there is none. It is extended and its tokens live on,
// unless it has run out or the decision takes away what was allowed before: then it ends and a new one takes its place.
// The unit conflicts when g has moved meanwhile.
func Allow(g *storage.Grant, owner storage.Owner, clientID string, requested []storage.ClientScope, chosen []string, by string, now time.Time) storage.Unit {
	return record(g, owner, clientID, by, now, func(next *storage.Grant) {
		next.Denials = 0
		next.DeniedAt = time.Time{}
		for _, s := range requested {
			decide(next, s, required(s) || slices.Contains(chosen, s.Name), now)
		}
	})
}

// Deny records that the person by denies, on behalf of owner, a whole request. It is Allow with nothing chosen and
// nothing required, and it counts: see Decide for what two in a row mean.
func Deny(g *storage.Grant, owner storage.Owner, clientID string, requested []storage.ClientScope, by string, now time.Time) storage.Unit {
	return record(g, owner, clientID, by, now, func(next *storage.Grant) {
		next.Denials++
		next.DeniedAt = now
		for _, s := range requested {
			decide(next, s, false, now)
		}
	})
}

// Disconnect ends a grant: its tokens are dead and its decisions forgotten.
func Disconnect(g storage.Grant, now time.Time) storage.Unit {
	return storage.Unit{storage.EndGrant{ID: g.ID, At: now}}
}

// Withdraw records that the person by takes one scope back, on behalf of the grant's owner: it is denied, and everything
// else stays as it was decided, the count of denials too. false when there is nothing to take back: the scope is not
// allowed, or client, which may be nil for one that has gone, cannot do without it. Then it goes only with the whole grant.
//
// As with every decision that takes something away, the grant ends with all of its tokens and a new one takes its place:
// the mini app gets what remains by asking for it again, and the person is not asked.
func Withdraw(g storage.Grant, client *storage.Client, scope, by string, now time.Time) (storage.Unit, bool) {
	entry := storage.ClientScope{Name: scope}
	if client != nil {
		if registered := Requested(client, []string{scope}); len(registered) > 0 {
			entry = registered[0]
		}
	}
	if d, decided := find(&g, scope, now); !decided || !d.Allowed || required(entry) {
		return nil, false
	}
	return record(&g, g.Owner, g.ClientID, by, now, func(next *storage.Grant) { decide(next, entry, false, now) }), true
}

// Clear forgets the denials of a grant, so that the mini app may ask again. What is allowed stays, with its tokens.
func Clear(g storage.Grant, now time.Time) storage.Unit {
	allowed := slices.DeleteFunc(slices.Clone(g.Decisions), func(d storage.Decision) bool { return !d.Allowed })
	if len(allowed) == 0 {
		return Disconnect(g, now)
	}
	next := successor(g, now)
	next.Decisions, next.Denials, next.DeniedAt = allowed, 0, time.Time{}
	return storage.Unit{storage.SaveGrant{Grant: next, IfVersion: g.Version}}
}

// Recorded returns the grant as a unit of Allow, Deny or Clear leaves it; false when the unit only ends one.
func Recorded(u storage.Unit) (storage.Grant, bool) {
	if len(u) == 0 {
		return storage.Grant{}, false
	}
	save, ok := u[len(u)-1].(storage.SaveGrant)
	return save.Grant, ok
}

// record builds the unit for a change to the grant of an owner for a client.
func record(g *storage.Grant, owner storage.Owner, clientID, by string, now time.Time, change func(*storage.Grant)) storage.Unit {
	if g == nil {
		next := newGrant(owner, clientID, now)
		change(&next)
		return save(next, by, 0)
	}
	next := successor(*g, now)
	change(&next)
	if standing(g, now) && !takesAway(*g, next) {
		return save(next, by, g.Version)
	}
	// Tokens say what they may read and hang on their grant, so they can lose a scope only by losing the grant. The old
	// one is saved before it ends because only that checks that it has not moved.
	fresh := newGrant(owner, clientID, now)
	fresh.Denials, fresh.DeniedAt, fresh.Succeeds = g.Denials, g.DeniedAt, g.PublicID()
	if fresh.Decisions = standingDecisions(*g, now); len(fresh.Decisions) > 0 {
		fresh.Until = g.Until
	}
	change(&fresh)
	return append(storage.Unit{
		storage.SaveGrant{Grant: successor(*g, now), IfVersion: g.Version},
		storage.EndGrant{ID: g.ID, At: now, Kept: fresh.AllowedScopes()},
	}, save(fresh, by, 0)...)
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
	if !slices.ContainsFunc(g.Decisions, func(d storage.Decision) bool { return d.Allowed }) {
		g.Until = time.Time{} // the end was that of an allow
	}
	slices.SortFunc(g.Decisions, func(a, b storage.Decision) int { return strings.Compare(a.Scope, b.Scope) })
	return storage.Unit{storage.SaveGrant{Grant: g, IfVersion: ifVersion}}
}

// decide replaces the decision about a scope.
func decide(g *storage.Grant, s storage.ClientScope, allowed bool, now time.Time) {
	g.Decisions = slices.DeleteFunc(g.Decisions, func(d storage.Decision) bool { return d.Scope == s.Name })
	g.Decisions = append(g.Decisions, storage.Decision{Scope: s.Name, Allowed: allowed, DecidedAt: now, Purpose: fingerprint(s.Purpose)})
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
	if !standing(&g, now) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(g.Decisions), func(d storage.Decision) bool { return !inForce(d.Until, now) })
}

// fingerprint names a purpose text, in all its languages, without keeping it. It is empty for an empty purpose.
func fingerprint(purpose map[string]string) string {
	if len(purpose) == 0 {
		return ""
	}
	var all strings.Builder
	for _, lang := range slices.Sorted(maps.Keys(purpose)) {
		all.WriteString(lang + "\x00" + purpose[lang] + "\x00")
	}
	return digest(all.String())
}

// digest is 128 bits of SHA-256.
func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}
