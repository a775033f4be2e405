package registry_test

import (
	"net/url"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/registry"
)

func TestCheckReturnURIPrefixAcceptsABeginningOnASegmentBoundary(t *testing.T) {
	for _, prefix := range []string{
		"https://myapp.com/connect/user/", "https://myapp.com/connect/user/*", "https://myapp.com:8443/a/", "http://127.0.0.1:8080/connect/",
		"http://[::1]:8080/connect/", "http://localhost:3000/connect/*", "https://xn--bcher-kva.example/connect/", "https://myapp.com/a%20b/",
	} {
		require.NoError(t, registry.CheckReturnURIPrefix(prefix), prefix)
	}
}

func TestCheckReturnURIPrefixRefusesAndNamesTheFix(t *testing.T) {
	for prefix, says := range map[string]string{
		"":                                             "must not be empty",
		"*":                                            "must not be empty",
		"https://myapp.com":                            "end with a slash",
		"https://myapp.com/":                           "stands for the whole host",
		"https://myapp.com/*":                          "stands for the whole host",
		"https://myapp.com*":                           "end with a slash",
		"https://myapp.com/connect/user":               "end with a slash",
		"https://myapp.com/connect/user*":              "end with a slash",
		"https://myapp.com/connect/*/user/":            "wildcard",
		"https://*.myapp.com/connect/":                 "wildcard",
		"https://myapp.com/connect/**":                 "wildcard",
		"http://myapp.com/connect/":                    "is http",
		"HTTPS://myapp.com/connect/":                   "lower case",
		"com.myapp:/connect/":                          "https://",
		"//myapp.com/connect/":                         "absolute URI",
		"https:///connect/":                            "no host",
		"https:/connect/":                              "no host",
		"https://:443/connect/":                        "no host",
		"https://my%e2%80%a8app.com/connect/":          "has a host that is not one",
		"https://myapp.com:0/connect/":                 "port",
		"https://user@myapp.com/connect/":              "user information",
		"https://myapp.com/connect/?x=1/":              "has a query",
		"https://myapp.com/connect/?":                  "has a query",
		"https://myapp.com/connect/#/":                 "fragment",
		"https://myapp.com/connect/../":                `segment ".."`,
		"https://myapp.com/./connect/":                 `segment "."`,
		"https://myapp.com/%2e%2E/connect/":            `segment ".."`,
		"https://myapp.com/%252e/connect/":             `segment "."`,
		"https://myapp.com/..;x/connect/":              `segment ".."`,
		"https://myapp.com//connect/":                  "empty segment",
		"https://myapp.com/connect//":                  "empty segment",
		"https://myapp.com/a%2fb/":                     "encoded slash",
		"https://myapp.com/a%5Cb/":                     "encoded slash or backslash",
		"https://myapp.com/a%0ab/":                     "control",
		"https://myapp.com/a%c0%ae/":                   "UTF-8",
		"https://myapp.com/a\\b/":                      "a URI cannot have",
		"https://myapp.com/a\r\n/":                     "a URI cannot have",
		"https://bücher.example/connect/":              "punycode",
		"https://myapp.com/%zz/":                       "absolute URI",
		"https://a/" + strings.Repeat("b", 2048) + "/": "longer than",
	} {
		require.ErrorContains(t, registry.CheckReturnURIPrefix(prefix), says, prefix)
	}
}

func TestMatchReturnURI(t *testing.T) {
	const prefix = "https://myapp.com/connect/user/"
	for rest, matches := range map[string]bool{
		"150162": true, "170242": true, "150162/": true, "150162/done": true, "150162?a=1&b=2": true, "a%20b": true, "a.b": true, "...": true, "..a": true,
		"100%25": true, "jos%C3%A9": true, "150162?next=%2Fhome": true, "a;v=1": true, "a@b": true,

		"": false, "?x=1": false, "/": false, "/150162": false, "a//b": false, "a///": false, "#": false, "a#b": false, "a#": false,
		".": false, "..": false, "./a": false, "../a": false, "a/..": false, "a/./b": false, "a/../../../b": false, "..?x": false,
		"..%20/a": false, "..%2520;x/a": false, "%2e%20": false, "a%20/b": true,
		"%2e%2e/a": false, ".%2E/a": false, "%2e/a": false, "%252e%252e/a": false, "%25252e%25252e": false, "%25zz%252e": true, "%25zz/%252e": false, "..;/a": false, "%2e%2e%3bx/a": false,
		"a%2fb": false, "a%2Fb": false, "a%252fb": false, "a%5cb": false, "a%255Cb": false, "a\\b": false, "a\\..\\b": false,
		"a b": false, "a\tb": false, "a\nb": false, "a\x00": false, "a%00": false, "a%0d%0a": false, "a%250a": false, "a%7f": false, "é": false, "a%ff": false, "a%c0%ae": false, "a%zz": false,
		"a?code=1": false, "a?x=1&state": false, "a?iss=": false, "a?%65rror=1": false, "a?nonce=1": false, "a?x;nonce=1": false, "a?x=%zz": false,
		strings.Repeat("a", 2048): false,
	} {
		require.Equal(t, matches, registry.MatchReturnURI([]string{prefix}, prefix+rest), rest)
		require.Equal(t, matches, registry.MatchReturnURI([]string{"https://other.example/a/", prefix + "*"}, prefix+rest), rest)
	}
	for _, uri := range []string{
		"", "https://myapp.com", "https://myapp.com/connect/user", "https://myapp.com/connect/users/1", "https://myapp.com/Connect/user/1", "https://myapp.com/connect/./user/1",
		"http://myapp.com/connect/user/1", "HTTPS://myapp.com/connect/user/1", "https://MYAPP.com/connect/user/1", "https://myapp.com:443/connect/user/1",
		"https://myapp.com./connect/user/1", "https://myapp.com.evil.example/connect/user/1", "https://evil.example/connect/user/1", "https://user@myapp.com/connect/user/1",
		"https://myapp.com@evil.example/connect/user/1", "https://myapp.com\\@evil.example/connect/user/1", "//myapp.com/connect/user/1", " https://myapp.com/connect/user/1",
		"https:/myapp.com/connect/user/1", "https://myapp.com//connect/user/1", "https://myapp.com/%63onnect/user/1",
	} {
		require.False(t, registry.MatchReturnURI([]string{prefix}, uri), uri)
	}
	require.False(t, registry.MatchReturnURI([]string{"http://127.0.0.1:80/a/"}, "http://127.0.0.1:81/a/1"), "no port may differ")
	require.False(t, registry.MatchReturnURI([]string{"https://myapp.com/connect"}, "https://myapp.com/connected"), "a prefix that cannot be registered matches nothing")
	require.False(t, registry.MatchReturnURI([]string{"", "*", "https://myapp.com/"}, "https://myapp.com/connect"))
	require.False(t, registry.MatchReturnURI(nil, prefix+"1"))
}

func FuzzMatchReturnURI(f *testing.F) {
	f.Add("https://myapp.com/connect/user/*", "https://myapp.com/connect/user/150162?x=1")
	f.Add("http://[::1]:8080/a/", "http://[::1]:8080/a/%2e%2e/b")
	f.Add("https://my_app.com:8443/a/b/", "https://my_app.com:8443/a/b/c;x/d/")
	f.Add("https://myapp.com/a/", "https://myapp.com/a/%25%32%65%25%32%65/b")
	f.Add("https://myapp.com/a/", "https://myapp.com/a/\\evil.example")
	f.Fuzz(func(t *testing.T, prefix, uri string) {
		if !registry.MatchReturnURI([]string{prefix}, uri) {
			return
		}
		prefix = strings.TrimSuffix(prefix, "*")
		require.NotEqual(t, prefix, uri)
		want, err := url.Parse(prefix)
		require.NoError(t, err)
		got, err := url.Parse(uri)
		require.NoError(t, err)
		require.Equal(t, want.Scheme, got.Scheme)
		require.Equal(t, want.Host, got.Host)
		require.Nil(t, got.User)
		require.Empty(t, got.Fragment)
		under := path.Clean(want.Path) + "/"
		for p := got.Path; ; { // however often the mini app decodes it
			require.True(t, strings.HasPrefix(path.Clean(p), under), p)
			decoded, err := url.PathUnescape(p)
			if err != nil || decoded == p {
				break
			}
			p = decoded
		}
		host, at := whatwg(t, uri)
		wantHost, _ := whatwg(t, prefix)
		require.Equal(t, wantHost, host)
		_, wantAt := whatwg(t, prefix)
		require.True(t, strings.HasPrefix(at, wantAt), "%s is not under %s", at, wantAt)
	})
}

var (
	singleDot = regexp.MustCompile(`(?i)^(\.|%2e)$`)
	doubleDot = regexp.MustCompile(`(?i)^(\.|%2e){2}$`)
)

// whatwg reads a URL with a special scheme as browsers do (WHATWG URL §4.4): host with port, and path.
func whatwg(t *testing.T, uri string) (host, at string) {
	t.Helper()
	uri = strings.TrimFunc(uri, func(r rune) bool { return r <= ' ' })
	uri = strings.NewReplacer("\t", "", "\n", "", "\r", "", "\\", "/").Replace(uri)
	scheme, rest, found := strings.Cut(uri, ":")
	require.True(t, found)
	require.Contains(t, []string{"http", "https"}, strings.ToLower(scheme))
	rest = strings.TrimLeft(rest, "/")
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	authority, rest := rest[:end], rest[end:]
	host, err := url.PathUnescape(authority[strings.LastIndexByte(authority, '@')+1:])
	require.NoError(t, err)
	if end := strings.IndexAny(rest, "?#"); end >= 0 {
		rest = rest[:end]
	}
	var segments []string
	parts := strings.Split(strings.TrimPrefix(rest, "/"), "/")
	for i, part := range parts {
		last := i == len(parts)-1
		switch {
		case doubleDot.MatchString(part):
			segments = segments[:max(0, len(segments)-1)]
			if last {
				segments = append(segments, "")
			}
		case singleDot.MatchString(part):
			if last {
				segments = append(segments, "")
			}
		default:
			segments = append(segments, part)
		}
	}
	return strings.ToLower(host), "/" + strings.Join(segments, "/")
}
