package outbound

import (
	"net/netip"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// urls says of each URL when it may be registered; what its name resolves to is another matter.
var urls = []struct {
	url              string
	strict, withNets bool // without and with GATEHOUSE_ALLOW_PRIVATE_NETWORK
}{
	{"https://app.example", true, true},
	{"https://app.example/sign-in?x=1", true, true},
	{"https://app.example:8443/", true, true},
	{"https://app.example./", true, true},
	{"https://xn--bcher-kva.example/", true, true},
	{"https://8.8.8.8/", true, true},
	{"https://[2606:4700::1111]/", true, true},
	{"HTTPS://APP.EXAMPLE/", true, true},

	{"https://localhost/", false, true},
	{"https://LocalHost.:8443/", false, true},
	{"https://a.localhost/", false, true},
	{"https://127.0.0.1/", false, true},
	{"https://127.8.9.10/", false, true},
	{"https://[::1]/", false, true},
	{"https://10.0.0.1/", false, true},
	{"https://172.31.0.1/", false, true},
	{"https://192.168.1.1/", false, true},
	{"https://[fd12::1]/", false, true},
	{"http://127.0.0.1:9097/", false, true},
	{"http://[::1]:9097/", false, true},
	{"http://localhost:9097/", false, true},

	{"http://app.example/", false, false},
	{"http://8.8.8.8/", false, false},
	{"http://10.0.0.1/", false, false},
	{"http://localhost.example/", false, false},
	{"http://127.0.0.1.example/", false, false},

	{"https://0.0.0.0/", false, false},
	{"https://[::]/", false, false},
	{"https://100.64.0.1/", false, false},           // shared (CGNAT)
	{"https://169.254.169.254/", false, false},      // link-local
	{"https://[fe80::1]/", false, false},            // link-local
	{"https://[fe80::1%25eth0]/", false, false},     // with a zone
	{"https://[::1%25lo]/", false, false},           //
	{"https://224.0.0.1/", false, false},            // multicast
	{"https://[ff02::1]/", false, false},            //
	{"https://255.255.255.255/", false, false},      // broadcast
	{"https://192.0.2.1/", false, false},            // documentation
	{"https://198.51.100.1/", false, false},         //
	{"https://203.0.113.1/", false, false},          //
	{"https://[2001:db8::1]/", false, false},        //
	{"https://[3fff::1]/", false, false},            //
	{"https://198.18.0.1/", false, false},           // benchmarks
	{"https://[::ffff:127.0.0.1]/", false, false},   // IPv4-mapped
	{"https://[::ffff:8.8.8.8]/", false, false},     //
	{"https://[::127.0.0.1]/", false, false},        // IPv4-compatible
	{"https://[64:ff9b::7f00:1]/", false, false},    // NAT64
	{"https://[64:ff9b:1::a00:1]/", false, false},   // NAT64, local
	{"https://[2002:7f00:1::]/", false, false},      // 6to4
	{"https://[2001:0:0:1::7f00:1]/", false, false}, // Teredo

	{"https://0x7f000001/", false, false},
	{"https://0x7f.1/", false, false},
	{"https://2130706433/", false, false},
	{"https://017700000001/", false, false},
	{"https://0177.0.0.1/", false, false},
	{"https://127.1/", false, false},
	{"https://127.0.0.1./", false, false},
	{"https://127.0.0.01/", false, false},
	{"https://１２７.０.０.１/", false, false},
	{"https://127。0。0。1/", false, false},
	{"https://ⓛocalhost/", false, false},
	{"https://%6c%6f%63alhost/", false, false},

	{"", false, false},
	{"app.example", false, false},
	{"//app.example/", false, false},
	{"https:app.example", false, false},
	{"https:///path", false, false},
	{"https://:443/", false, false},
	{"https://./", false, false},
	{"https://a..example/", false, false},
	{"https://app.example:0/", false, false},
	{"https://app.example:65536/", false, false},
	{"https://user:pass@app.example/", false, false},
	{"https://app.example@10.0.0.1/", false, false},
	{"https://app.example/#here", false, false},
	{"https://app.example\r\nX: y/", false, false},
	{"https://app example/", false, false},
	{"ftp://app.example/", false, false},
	{"file:///etc/passwd", false, false},
	{"gopher://127.0.0.1/", false, false},
}

func TestCheckURLAllowsOnlyWhatMayBeCalled(t *testing.T) {
	for _, c := range urls {
		for allowPrivate, allowed := range map[bool]bool{false: c.strict, true: c.withNets} {
			err := CheckURL(c.url, allowPrivate)
			if allowed {
				require.NoError(t, err, "%q, private networks %v", c.url, allowPrivate)
			} else {
				require.ErrorIs(t, err, ErrRefused, "%q, private networks %v", c.url, allowPrivate)
			}
		}
	}
}

func FuzzCheckURL(f *testing.F) {
	for _, c := range urls {
		f.Add(c.url, true)
		f.Add(c.url, false)
	}
	f.Fuzz(func(t *testing.T, raw string, allowPrivate bool) {
		if err := CheckURL(raw, allowPrivate); err != nil {
			require.ErrorIs(t, err, ErrRefused)
			return
		}
		u, err := url.Parse(raw)
		require.NoError(t, err)
		require.NoError(t, CheckURL(raw, true), "the setting only allows more")
		require.Nil(t, u.User)
		addr, err := netip.ParseAddr(u.Hostname())
		if u.Scheme != "https" {
			require.Equal(t, "http", u.Scheme)
			require.True(t, allowPrivate)
			require.True(t, isLoopback(u.Hostname()))
		}
		if err != nil {
			return
		}
		require.False(t, addr.Is4In6() || addr.IsLinkLocalUnicast() || addr.IsMulticast() || addr.IsUnspecified() || addr.Zone() != "", raw)
		require.True(t, allowPrivate || !addr.IsLoopback() && !addr.IsPrivate(), raw)
	})
}
