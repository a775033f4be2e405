package registry

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// maxURI is the longest URI that can be registered, in bytes.
const maxURI = 2048

// MatchRedirectURI reports whether uri is one of the registered redirect URIs. They are compared byte for byte
// (RFC 9700 §4.1.3); the one exception is the port of a registered http URI on a loopback IP literal, which may be any
// (RFC 8252 §7.3). localhost is no literal and needs its exact port (RFC 8252 §8.3).
func MatchRedirectURI(registered []string, uri string) bool {
	if uri == "" || strings.Contains(uri, "#") {
		return false
	}
	if slices.Contains(registered, uri) {
		return true
	}
	host, rest, ok := splitLoopback(uri)
	if !ok {
		return false
	}
	return slices.ContainsFunc(registered, func(r string) bool {
		h, rst, ok := splitLoopback(r)
		return ok && h == host && rst == rest
	})
}

// splitLoopback splits an http URI on a loopback IP literal into the literal and what follows the port. It works on the
// bytes, so that nothing is normalised on the way.
func splitLoopback(uri string) (host, rest string, ok bool) {
	after, ok := strings.CutPrefix(uri, "http://")
	if !ok {
		return "", "", false
	}
	end := strings.IndexAny(after, "/?#\\")
	if end < 0 {
		end = len(after)
	}
	authority, rest := after[:end], after[end:]
	host, port := authority, ""
	if i := strings.LastIndexByte(authority, ':'); i > strings.LastIndexByte(authority, ']') {
		host, port = authority[:i], authority[i+1:]
		if !validPort(port) {
			return "", "", false
		}
	}
	return host, rest, isLoopbackLiteral(host)
}

// isLoopbackLiteral reports whether host is a loopback IP address as a URI spells it canonically.
func isLoopbackLiteral(host string) bool {
	literal := host
	if inner, ok := strings.CutPrefix(host, "["); ok {
		if literal, ok = strings.CutSuffix(inner, "]"); !ok {
			return false
		}
	}
	addr, err := netip.ParseAddr(literal)
	if err != nil || !addr.IsLoopback() || addr.Is4In6() || addr.Zone() != "" || addr.String() != literal {
		return false
	}
	return addr.Is6() == strings.HasPrefix(host, "[")
}

func validPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0 && strconv.FormatUint(n, 10) == port
}

// CheckRedirectURI applies the rules for registering a redirect URI (RFC 9700 §4.1, RFC 8252 §7 and §8.4): https, or http
// on loopback, or a private-use scheme with a dot in its name. The error says what to do.
func CheckRedirectURI(uri string) error {
	u, err := parseURI(uri)
	if err != nil {
		return err
	}
	switch {
	case u.Scheme == "https" || u.Scheme == "http":
		if err := checkWebHost(u); err != nil {
			return err
		}
		if err := checkDotSegments(u); err != nil {
			return err
		}
	case !strings.Contains(u.Scheme, "."):
		return fmt.Errorf("scheme %q is not allowed; use https, http on loopback, or a private-use scheme with a dot such as com.example.app", u.Scheme)
	case u.Opaque != "":
		return fmt.Errorf("write a slash after the scheme, as in %s:/callback", u.Scheme)
	}
	return checkRedirectQuery(u)
}

// CheckWebURI applies the rules for the other URIs of a client: https, or http on loopback.
func CheckWebURI(uri string) error {
	u, err := parseURI(uri)
	if err != nil {
		return err
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return errors.New("must begin with https://")
	}
	return checkWebHost(u)
}

// parseURI parses an absolute URI and refuses what no URI of a client may have.
func parseURI(uri string) (*url.URL, error) {
	switch {
	case uri == "":
		return nil, errors.New("must not be empty")
	case len(uri) > maxURI:
		return nil, fmt.Errorf("is longer than %d characters", maxURI)
	case strings.ContainsFunc(uri, notInURI):
		return nil, errors.New("has a character that a URI cannot have; percent-encode it, and write an international host in punycode")
	case strings.Contains(uri, "*"):
		return nil, errors.New("has a wildcard; register every URI in full, they are compared exactly")
	case strings.Contains(uri, "#"):
		return nil, errors.New("has a fragment; leave out # and what follows")
	}
	u, err := url.Parse(uri)
	if err != nil || u.Scheme == "" {
		return nil, errors.New("is not an absolute URI; write it in full, as in https://app.example/callback")
	}
	if !strings.HasPrefix(uri, u.Scheme+":") {
		return nil, fmt.Errorf("has the scheme in upper case; write %s in lower case", u.Scheme)
	}
	if u.User != nil {
		return nil, errors.New("has user information; leave out everything up to the @")
	}
	return u, nil
}

// notInURI reports what RFC 3986 §2 leaves out of a URI.
func notInURI(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"<>\\^`{|}", r)
}

func checkWebHost(u *url.URL) error {
	host := u.Hostname()
	if host == "" || u.Opaque != "" {
		return errors.New("has no host; write it in full, as in https://app.example/callback")
	}
	if port := u.Port(); strings.HasSuffix(u.Host, ":") || port != "" && !validPort(port) {
		return errors.New("has a port that is not a number from 1 to 65535")
	}
	if u.Scheme == "http" && !isLoopbackLiteral(strings.TrimSuffix(u.Host, ":"+u.Port())) && host != "localhost" {
		return errors.New("is http; use https, or http on 127.0.0.1, [::1] or localhost only")
	}
	return nil
}

// checkDotSegments refuses a path that a browser makes another one of (WHATWG URL §4.4), also where its dots are escaped.
func checkDotSegments(u *url.URL) error {
	for segment := range strings.SplitSeq(u.Path, "/") {
		if segment == "." || segment == ".." {
			return fmt.Errorf("has the segment %q; leave it out", segment)
		}
	}
	return nil
}

// checkRedirectQuery refuses a query that the authorization response would collide with (RFC 6749 §4.1.2, RFC 9207 §2, and
// the parameters in more).
func checkRedirectQuery(u *url.URL, more ...string) error {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return errors.New("has a query that cannot be read; percent-encode its values")
	}
	for _, name := range append([]string{"code", "state", "iss", "error"}, more...) {
		if query.Has(name) {
			return fmt.Errorf("has the query parameter %q, which the answer to the mini app uses; rename it", name)
		}
	}
	return nil
}
