package registry

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// BoxC's mini apps have a return URI per user, of which only the beginning can be registered. A prefix ends with a whole
// segment of its path and a slash, and never stands for a whole host.

// prefixHosts are the hosts that every reader of a URL takes for the same one.
var prefixHosts = regexp.MustCompile(`^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?$`)

// CheckReturnURIPrefix applies the rules for registering a prefix of return URIs, such as
// https://myapp.com/connect/user/, to which a * may be added. The error says what to do.
func CheckReturnURIPrefix(prefix string) error {
	prefix = strings.TrimSuffix(prefix, "*")
	if err := CheckWebURI(prefix); err != nil {
		return err
	}
	u, err := url.Parse(prefix)
	switch {
	case err != nil || !prefixHosts.MatchString(u.Host):
		return errors.New("has a host that is not one; write it in full, as in https://myapp.com/connect/user/")
	case strings.Contains(prefix, "?"):
		return errors.New("has a query; leave out ? and what follows")
	case !strings.HasSuffix(prefix, "/"):
		return errors.New("must end with a slash, as in https://myapp.com/connect/user/")
	}
	_, path, _ := strings.Cut(strings.TrimPrefix(prefix, u.Scheme+"://"), "/")
	if path == "" {
		return errors.New("stands for the whole host; add the path that the return URIs share, as in https://myapp.com/connect/user/")
	}
	return checkSegments(path)
}

// MatchReturnURI reports whether uri begins with one of the registered prefixes and names one place under it, however it
// is read: by Go, by a browser or by the mini app's server. Scheme, host, port and prefix are compared byte for byte. What
// follows the prefix is at least one segment; dot segments, encoded slashes and the like are refused however often they
// are encoded. A query is allowed without the parameters that the answer uses.
func MatchReturnURI(prefixes []string, uri string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool {
		prefix, registered := strings.TrimSuffix(prefix, "*"), CheckReturnURIPrefix(prefix) == nil
		rest, under := strings.CutPrefix(uri, prefix)
		return registered && under && checkUnderPrefix(uri, rest) == nil
	})
}

// checkUnderPrefix looks at a return URI of which rest follows a registered prefix.
func checkUnderPrefix(uri, rest string) error {
	if len(uri) > maxURI || strings.ContainsFunc(rest, notInURI) || strings.Contains(rest, "#") {
		return errors.New("is no return URI")
	}
	path, _, _ := strings.Cut(rest, "?")
	if err := checkSegments(path); err != nil {
		return err
	}
	u, err := url.Parse(uri)
	if err != nil {
		return err
	}
	return checkRedirectQuery(u, "nonce")
}

// checkSegments looks at the segments of a relative path. The last may be followed by a slash.
func checkSegments(path string) error {
	for segment := range strings.SplitSeq(strings.TrimSuffix(path, "/"), "/") {
		if err := checkSegment(segment); err != nil {
			return err
		}
	}
	return nil
}

// checkSegment refuses what somebody might take for another path: servers decode segments, some of them twice, and cut
// off what follows a semicolon, or spaces at the end.
func checkSegment(segment string) error {
	if segment == "" {
		return errors.New("has an empty segment; leave out one of two slashes")
	}
	for {
		name, _, _ := strings.Cut(segment, ";")
		name = strings.TrimRight(name, " ")
		switch {
		case name == "." || name == "..":
			return fmt.Errorf("has the segment %q; leave it out", name)
		case strings.ContainsAny(segment, `/\`):
			return errors.New("has an encoded slash or backslash; leave it out")
		case !utf8.ValidString(segment) || strings.ContainsFunc(segment, unicode.IsControl):
			return errors.New("has an encoded control character, or bytes that are not UTF-8; leave them out")
		}
		decoded := percentDecode(segment)
		if decoded == segment {
			return nil
		}
		segment = decoded
	}
}

// percentDecode decodes what can be decoded and leaves the rest as it is, as browsers do (WHATWG URL §1.3).
func percentDecode(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(c))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
