package httpx_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/httpx"
)

func TestAddressesOfOneNetworkAndOfOneSiteAreTheSame(t *testing.T) {
	for address, want := range map[string]struct{ network, site string }{
		"192.0.2.7":              {"192.0.2.7", ""},
		"::ffff:192.0.2.7":       {"192.0.2.7", ""},
		"2001:db8:1:2:3:4:5:6":   {"2001:db8:1:2::/64", "2001:db8:1::/48"},
		"2001:db8:1:ffff::1%eth": {"2001:db8:1:ffff::/64", "2001:db8:1::/48"},
		"":                       {"", ""},
		"unknown":                {"unknown", ""},
	} {
		require.Equal(t, want.network, httpx.Network(address), address)
		require.Equal(t, want.site, httpx.Site(address), address)
	}
}
