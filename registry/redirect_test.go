package registry_test

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/registry"
)

func TestMatchRedirectURIComparesByteForByte(t *testing.T) {
	registered := []string{"https://app.example/cb", "https://app.example/cb?x=1", "com.example.app:/cb", "http://localhost:8080/cb"}
	for _, uri := range registered {
		require.True(t, registry.MatchRedirectURI(registered, uri), uri)
	}
	for _, uri := range []string{
		"", "https://app.example/CB", "https://APP.example/cb", "https://app.example/cb/", "https://app.example/cb?", "https://app.example/cb?x=2",
		"https://app.example:443/cb", "https://app.example/cb#", "https://app.example/%63b", "https://app.example/./cb", "https://app.example/cb ",
		"http://app.example/cb", "https://app.example.evil.example/cb", "https://user@app.example/cb", "https://app.example\\@evil.example/cb",
		"com.example.app:/cb2", "com.example.app://cb", "http://localhost:8081/cb", "http://localhost/cb",
	} {
		require.False(t, registry.MatchRedirectURI(registered, uri), uri)
	}
	require.False(t, registry.MatchRedirectURI([]string{""}, ""))
	require.False(t, registry.MatchRedirectURI([]string{"https://app.example/#f"}, "https://app.example/#f"))
}

func TestMatchRedirectURILetsThePortOfALoopbackLiteralDiffer(t *testing.T) {
	registered := []string{"http://127.0.0.1/cb?x=1", "http://[::1]:8080/cb"}
	for _, uri := range []string{"http://127.0.0.1:51004/cb?x=1", "http://127.0.0.1:1/cb?x=1", "http://[::1]:65535/cb", "http://[::1]/cb"} {
		require.True(t, registry.MatchRedirectURI(registered, uri), uri)
	}
	for _, uri := range []string{
		"http://127.0.0.1:51004/cb", "http://127.0.0.1:51004/cb?x=1#f", "http://127.0.0.1:51004/cb/?x=1", "https://127.0.0.1:51004/cb?x=1", "HTTP://127.0.0.1:51004/cb?x=1",
		"http://127.0.0.1:0/cb?x=1", "http://127.0.0.1:65536/cb?x=1", "http://127.0.0.1:080/cb?x=1", "http://127.0.0.1:+80/cb?x=1", "http://127.0.0.1:/cb?x=1", "http://127.0.0.1:1:2/cb?x=1",
		"http://127.0.0.2:80/cb?x=1", "http://127.1:80/cb?x=1", "http://0x7f000001:80/cb?x=1", "http://localhost:80/cb?x=1", "http://[::ffff:127.0.0.1]:80/cb?x=1",
		"http://user@127.0.0.1:80/cb?x=1", "http://127.0.0.1:80@evil.example/cb?x=1", "http://127.0.0.1:80\\@evil.example/cb?x=1",
		"http://[::1%25lo]:80/cb", "http://[0:0:0:0:0:0:0:1]:80/cb", "http://::1:80/cb", "http://[::1:80/cb", "http://[127.0.0.1]:80/cb?x=1",
	} {
		require.False(t, registry.MatchRedirectURI(registered, uri), uri)
	}
}

func TestCheckRedirectURIAcceptsWhatTheRFCsAllow(t *testing.T) {
	for _, uri := range []string{
		"https://app.example/cb", "https://app.example", "https://app.example:8443/cb?tenant=1", "https://xn--bcher-kva.example/cb", "https://192.0.2.1/cb",
		"http://127.0.0.1/cb", "http://127.0.0.1:8080/cb", "http://[::1]/cb", "http://[::1]:8080/cb", "http://localhost:3000/cb", "http://localhost/cb",
		"com.example.app:/cb", "com.example.app://host/cb", "https://app.example/cb?codes=1",
	} {
		require.NoError(t, registry.CheckRedirectURI(uri), uri)
	}
}

func TestCheckRedirectURIRefusesAndNamesTheFix(t *testing.T) {
	for uri, says := range map[string]string{
		"":                                     "must not be empty",
		"/cb":                                  "not an absolute URI",
		"app.example/cb":                       "not an absolute URI",
		"https://":                             "has no host",
		"https:///cb":                          "has no host",
		"https:app.example":                    "has no host",
		"https://:443/cb":                      "has no host",
		"https://app.example:/cb":              "port",
		"https://app.example:0/cb":             "port",
		"https://app.example:99999/cb":         "port",
		"http://app.example/cb":                "is http",
		"http://127.1/cb":                      "is http",
		"http://localhost.evil.example/cb":     "is http",
		"http://127.0.0.1.evil.example/cb":     "is http",
		"https://user@app.example/cb":          "user information",
		"https://app.example/cb#frag":          "fragment",
		"https://app.example/cb#":              "fragment",
		"https://*.app.example/cb":             "wildcard",
		"https://app.example/*":                "wildcard",
		"https://app.example/a b":              "a URI cannot have",
		"https://app.example/\x00":             "a URI cannot have",
		"https://app.example/\r\nX: y":         "a URI cannot have",
		"https://app.example\\@evil":           "a URI cannot have",
		"https://bücher.example/cb":            "punycode",
		"https://app.example/%zz":              "not an absolute URI",
		"HTTPS://app.example/cb":               "lower case",
		"javascript:alert(1)":                  "use https",
		"data:text/html,x":                     "use https",
		"file:///etc/passwd":                   "use https",
		"blob:https://app.example/x":           "use https",
		"myapp:/cb":                            "use https",
		"com.example.app:cb":                   "slash after the scheme",
		"https://app.example/cb?code=1":        `"code"`,
		"https://app.example/cb?x&state":       `"state"`,
		"https://app.example/cb?%69ss=1":       `"iss"`,
		"https://app.example/cb?error=":        `"error"`,
		"https://app.example/cb?a;code=1":      "query that cannot be read",
		"com.example.app:/cb?code=1":           `"code"`,
		"https://" + strings.Repeat("a", 2100): "longer than",
	} {
		require.ErrorContains(t, registry.CheckRedirectURI(uri), says, uri)
	}
}

func FuzzCheckRedirectURI(f *testing.F) {
	for _, uri := range []string{"https://app.example/cb?x=1", "http://127.0.0.1:8080/cb", "com.example.app:/cb", "javascript:alert(1)", "https://a%2f@b/"} {
		f.Add(uri)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		if registry.CheckRedirectURI(uri) != nil {
			return
		}
		u, err := url.Parse(uri)
		require.NoError(t, err)
		require.Empty(t, u.Fragment)
		require.Nil(t, u.User)
		require.True(t, u.Scheme == "https" || u.Scheme == "http" || strings.Contains(u.Scheme, "."), uri)
		if u.Scheme == "http" && u.Hostname() != "localhost" {
			require.True(t, netip.MustParseAddr(u.Hostname()).IsLoopback(), uri)
		}
		require.True(t, registry.MatchRedirectURI([]string{uri}, uri), "what is registered matches itself")
	})
}

func FuzzMatchRedirectURI(f *testing.F) {
	f.Add("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb")
	f.Add("http://[::1]:80/cb", "http://[::1]:51004/cb")
	f.Add("https://app.example/cb", "https://app.example/cb#x")
	f.Add("http://127.0.0.1/cb", "http://127.0.0.1:1@evil.example/cb")
	f.Fuzz(func(t *testing.T, registered, uri string) {
		if registry.CheckRedirectURI(registered) != nil || !registry.MatchRedirectURI([]string{registered}, uri) || registered == uri {
			return
		}
		r, err := url.Parse(registered)
		require.NoError(t, err)
		u, err := url.Parse(uri)
		require.NoError(t, err, "what is not equal but matches is a URL")
		require.Equal(t, "http", u.Scheme)
		require.True(t, netip.MustParseAddr(u.Hostname()).IsLoopback())
		require.Equal(t, r.Hostname(), u.Hostname())
		require.Nil(t, u.User)
		r.Host, u.Host = "", ""
		require.Equal(t, r.String(), u.String(), "only the port differs")
	})
}
