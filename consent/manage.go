package consent

import (
	"slices"
	"time"

	"gatehouse/storage"
)

// What a client may do to a grant of its own (Grant Management for OAuth 2.0).

// InForce returns the scopes that a grant allows at now, as far as the client is registered for them, sorted. A token may
// have these and no others.
func InForce(g *storage.Grant, client *storage.Client, now time.Time) (scopes []string) {
	for _, s := range client.Scopes {
		if d, decided := find(g, s.Name, now); decided && d.Allowed && forPublisher(d, client.PublisherID) {
			scopes = append(scopes, s.Name)
		}
	}
	slices.Sort(scopes)
	return scopes
}

// Renew ends a grant with all of its tokens and puts another in its place, under the same public ID. What was allowed and
// is not in keep is forgotten; nil keeps everything. What was denied stays denied, and counts. The unit conflicts when g
// has moved meanwhile.
func Renew(g storage.Grant, keep []string, now time.Time) storage.Unit {
	return replace(g, now, func(d storage.Decision) bool { return !d.Allowed || keep == nil || slices.Contains(keep, d.Scope) })
}

// Revoke ends a grant with all of its tokens, for the client itself. Denials are not the client's to forget: where there
// are any, a grant with nothing else takes its place, under another public ID. The unit conflicts when g has moved
// meanwhile.
func Revoke(g storage.Grant, now time.Time) storage.Unit {
	denied := func(d storage.Decision) bool { return !d.Allowed }
	if g.Denials == 0 && !slices.ContainsFunc(g.Decisions, denied) {
		return end(g, nil, now)
	}
	return replace(g, now, denied)
}

// replace ends a grant and puts another with those of its decisions in its place.
func replace(g storage.Grant, now time.Time, keep func(storage.Decision) bool) storage.Unit {
	next := newGrant(g.Owner, g.ClientID, now)
	next.Denials, next.DeniedAt = g.Denials, g.DeniedAt
	next.Decisions = slices.DeleteFunc(standingDecisions(g, now), func(d storage.Decision) bool { return !keep(d) })
	next.Succeeds = succeeded(g, next, now)
	return append(end(g, next.AllowedScopes(), now), save(next, g.AllowedBy, 0)...)
}

// end ends a grant. It is saved first because only that checks that it has not moved.
func end(g storage.Grant, kept []string, now time.Time) storage.Unit {
	return storage.Unit{
		storage.SaveGrant{Grant: successor(g, now), IfVersion: g.Version},
		storage.EndGrant{ID: g.ID, At: now, Kept: kept},
	}
}
