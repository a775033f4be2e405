package outbound

import (
	"fmt"
	"net/netip"
	"slices"
	"syscall"

	"code.dny.dev/ssrf"
)

// The ranges of ssrf follow IANA's registries of special-purpose addresses (RFC 6890): it refuses loopback, private,
// link-local, multicast, unspecified, shared (CGNAT), documentation and benchmark addresses, and all of IPv6 that is not
// global unicast or that carries an IPv4 address (mapped, NAT64, 6to4, Teredo).

var (
	loopback4 = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	loopback6 = []netip.Prefix{netip.MustParsePrefix("::1/128")}
	// RFC 1918 and RFC 4193. Link-local addresses are not among them: clouds keep their machines' credentials there.
	private4 = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16")}
	private6 = []netip.Prefix{netip.MustParsePrefix("fc00::/7")}
)

// rulesFor allows what is reachable from the whole internet, and with allowPrivate private and loopback addresses as well.
func rulesFor(allowPrivate bool) *ssrf.Guardian {
	if !allowPrivate {
		return ssrf.New(ssrf.WithAnyPort())
	}
	return ssrf.New(ssrf.WithAnyPort(),
		ssrf.WithAllowedV4Prefixes(slices.Concat(private4, loopback4)...),
		ssrf.WithAllowedV6Prefixes(slices.Concat(private6, loopback6)...))
}

// loopbackOnly allows loopback addresses and nothing else.
func loopbackOnly() *ssrf.Guardian {
	return ssrf.New(ssrf.WithAnyPort(),
		ssrf.WithAllowedV4Prefixes(loopback4...), ssrf.WithAllowedV6Prefixes(loopback6...),
		ssrf.WithDeniedV4Prefixes(netip.MustParsePrefix("0.0.0.0/0")), ssrf.WithDeniedV6Prefixes(netip.MustParsePrefix("::/0")))
}

// control returns what a dialer asks with each address right before it connects. It answers ErrRefused when the rules do
// not allow the address.
func control(rules *ssrf.Guardian) func(network, address string, conn syscall.RawConn) error {
	return func(network, address string, conn syscall.RawConn) error {
		return asRefusal(rules.Safe(network, address, conn))
	}
}

// asRefusal makes an error of ssrf one of ours; nil stays nil.
func asRefusal(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrRefused, err)
}
