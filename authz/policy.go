package authz

import (
	"time"

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
// Without a grace it never may, however close the two requests are.
func withinGrace(x *exchange, t *storage.StoredToken) bool {
	grace := x.client.RefreshReuseGrace
	return grace > 0 && x.now.Before(t.SpentAt.Add(grace))
}
