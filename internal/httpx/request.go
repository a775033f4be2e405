package httpx

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

const requestIDHeader = "X-Request-Id"

// requestIDs is what an ID of a proxy may look like; anything else is replaced.
var requestIDs = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

type contextKey struct{}

// identity is what is known about a request before anything is looked at that a client can choose.
type identity struct {
	requestID string
	client    string
}

// RequestID returns the ID of the request that ctx belongs to, empty outside of one. It is in the log, in the answer's
// X-Request-Id and on error pages.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(contextKey{}).(identity)
	return id.requestID
}

// ClientAddress returns the IP address that the request comes from: the peer's, or what trusted proxies say it is.
func ClientAddress(r *http.Request) string {
	if id, ok := r.Context().Value(contextKey{}).(identity); ok {
		return id.client
	}
	return clientAddress(r, nil)
}

// identify gives a request its ID and its client's address.
func identify(r *http.Request, trusted []netip.Prefix) (*http.Request, identity) {
	id := identity{client: clientAddress(r, trusted)}
	if given := r.Header.Get(requestIDHeader); given != "" && requestIDs.MatchString(given) && isTrusted(peer(r), trusted) {
		id.requestID = given
	} else {
		id.requestID = rand.Text()
	}
	return r.WithContext(context.WithValue(r.Context(), contextKey{}, id)), id
}

// clientAddress walks X-Forwarded-For from the right, where the nearest proxy wrote, and returns the first address that
// is no trusted proxy's. What stands further left is anybody's claim.
func clientAddress(r *http.Request, trusted []netip.Prefix) string {
	addr := peer(r)
	if !addr.IsValid() {
		return r.RemoteAddr
	}
	if !isTrusted(addr, trusted) {
		return addr.String()
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !isTrusted(addr, trusted) {
			break
		}
		next := parseAddr(strings.TrimSpace(hop))
		if !next.IsValid() {
			break
		}
		addr = next
	}
	return addr.String()
}

func peer(r *http.Request) netip.Addr { return parseAddr(r.RemoteAddr) }

// Network is what counts as one network address where something is limited: the address itself, or the /64 that one household
// has of IPv6. What is no address is returned as it is.
func Network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if a = a.Unmap().WithZone(""); a.Is4() {
		return a.String()
	}
	prefix, _ := a.Prefix(64) // 64 bits always fit
	return prefix.String()
}

// Site is the /48 of an IPv6 address, which one customer of a provider may have as a whole; empty for what is none.
func Site(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil || a.Unmap().Is4() {
		return ""
	}
	prefix, _ := a.WithZone("").Prefix(48) // 48 bits always fit
	return prefix.String()
}

// parseAddr reads an IP address with or without a port; the zero Addr when it is none.
func parseAddr(s string) netip.Addr {
	if withPort, err := netip.ParseAddrPort(s); err == nil {
		return withPort.Addr().Unmap().WithZone("")
	}
	addr, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}

func isTrusted(addr netip.Addr, trusted []netip.Prefix) bool {
	return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(addr) })
}
