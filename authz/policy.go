package authz

import (
	"strings"
	"time"

	"gatehouse/consent"
	"gatehouse/storage"
)

// Lifetimes are the server's defaults, apart for a person's tokens and a company's.
type Lifetimes struct {
	Code                          time.Duration
	UserAccess, UserRefresh       time.Duration
	CompanyAccess, CompanyRefresh time.Duration
	IDToken                       time.Duration
}

// lifetimes are those of one exchange; zero for an access or refresh token means that it never expires.
type lifetimes struct {
	code, access, refresh time.Duration
}

// keepNever is how long a spent row is kept for recognising replays where the tokens themselves never expire.
const keepNever = 30 * 24 * time.Hour

// lifetimesFor decides how long the tokens of a client live, for an authorization of a kind: as its record says, else as
// the format does, else as the settings do.
func (s *Server) lifetimesFor(c *storage.Client, route *Route, kind string) lifetimes {
	d := s.lifetimes
	l := lifetimes{code: d.Code, access: d.UserAccess, refresh: d.UserRefresh}
	if kind == kindCompany {
		l.access, l.refresh = d.CompanyAccess, d.CompanyRefresh
	}
	if c.CodeLifetime > 0 {
		l.code = min(time.Duration(c.CodeLifetime), maxCodeLifetime)
	}
	l.access = override(override(l.access, route.AccessLifetime), c.AccessTokenLifetime)
	l.refresh = override(l.refresh, c.RefreshTokenLifetime)
	return l
}

func override(d time.Duration, own storage.Lifetime) time.Duration {
	switch {
	case own == storage.Never:
		return 0
	case own > 0:
		return time.Duration(own)
	}
	return d
}

// expiry is when something with this lifetime ends; the zero time when it never does.
func expiry(now time.Time, lifetime time.Duration) time.Time {
	if lifetime == 0 {
		return time.Time{}
	}
	return now.Add(lifetime)
}

// shorter returns the shorter of two lifetimes, of which zero is endless.
func shorter(a, b time.Duration) time.Duration {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// earlier returns the earlier of two ends, of which the zero time is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// authorizationEnd is when what a stored token of c hangs on is over. The token's row does not have it: another decision
// moves it. Before that, the token has what is left of its scopes (scopeOf).
func authorizationEnd(c *storage.Client, t *storage.StoredToken) time.Time {
	if len(t.ScopeEnds) == 0 { // as nearly all
		return time.Time{}
	}
	return consent.EndOf(c, strings.Fields(t.Scope), t.ScopeEnds)
}

// endOfToken is when a stored token of c ends, by itself or with what it hangs on; the zero time for never.
func endOfToken(c *storage.Client, t *storage.StoredToken) time.Time {
	return earlier(t.ExpiresAt, authorizationEnd(c, t))
}

// ranOut reports whether what a stored token of c hangs on has ended at now.
func ranOut(c *storage.Client, t *storage.StoredToken, now time.Time) bool {
	end := authorizationEnd(c, t)
	return !end.IsZero() && !now.Before(end)
}

// tellExpiry says when an access token ends that has this lifetime, zero for endless, and hangs on what is over at end, the
// zero time for never (RFC 6749 §5.1).
func (a *Answer) tellExpiry(now time.Time, lifetime time.Duration, end time.Time) {
	a.ExpiresIn, a.ExpiresAt = lifetime, earlier(expiry(now, lifetime), end)
	if !end.IsZero() {
		a.ExpiresIn = shorter(lifetime, secondsLeft(now, end))
	}
}

// secondsLeft is how long it is from now to end, in seconds, of which one that has begun counts: an answer that is repeated
// in the same second says the same.
func secondsLeft(now, end time.Time) time.Duration {
	return (end.Sub(now) + time.Second - 1).Truncate(time.Second)
}

// keepCode is how long a spent code is kept: as long as the first tokens live, since a replay has to take them down.
func (l lifetimes) keepCode(now time.Time) time.Time {
	longest := max(l.access, l.refresh)
	if l.access == 0 || l.refresh == 0 {
		longest = max(longest, keepNever)
	}
	return now.Add(longest)
}

// keepRefresh is how long a spent refresh token is kept: until it would have expired.
func (l lifetimes) keepRefresh(x *exchange) time.Time {
	if x.stored.ExpiresAt.IsZero() {
		return x.now.Add(keepNever)
	}
	return time.Time{}
}

// withinGrace reports whether a spent refresh token may still be answered with the pair that it was rotated into.
// Without a grace it never may, however close the two requests are; nor when it was spent further ahead of this clock than the
// clocks of two machines may be apart: then one of them jumped, and how long ago it was nobody knows.
func withinGrace(x *exchange, t *storage.StoredToken) bool {
	grace, since := x.client.RefreshReuseGrace, x.now.Sub(t.SpentAt)
	return grace > 0 && since < grace && since > -clocksApart
}

// clocksApart is how far the clocks of two processes on one database may be apart.
const clocksApart = time.Minute
