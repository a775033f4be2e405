package outbound

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// CheckURL reports what is wrong with a URL that is to be called, as far as it can be seen without resolving its name:
// nil, or an ErrRefused whose sentence names the fix. It is for the moment a URL is registered; Do checks the same again,
// and the addresses that the name resolves to.
//
// A URL is https with a host and without user information or fragment. A host that is an IP address is a public one in
// its usual spelling. With allowPrivate it may be private or loopback, and a loopback one (an IP address or localhost)
// may be called by http.
func CheckURL(raw string, allowPrivate bool) error {
	u, err := url.Parse(raw)
	if err != nil {
		return fmt.Errorf("%w: it is no URL; write https://host/path", ErrRefused) // err repeats the URL
	}
	return checkURL(u, allowPrivate)
}

func checkURL(u *url.URL, allowPrivate bool) error {
	refuse := func(why string) error { return fmt.Errorf("%w: %s", ErrRefused, why) }
	host := u.Hostname()
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return refuse("its scheme is not https")
	case host == "" || u.Opaque != "":
		return refuse("it has no host; write https://host/path")
	case u.User != nil:
		return refuse("it holds user information; leave out what stands before the @")
	case u.Fragment != "":
		return refuse("it has a fragment; leave out the # and what follows it")
	case !validPort(u.Port()):
		return refuse("its port is not between 1 and 65535")
	case u.Scheme == "http" && !allowPrivate:
		return refuse("it is not https")
	case u.Scheme == "http" && !isLoopback(host):
		return refuse("only a server on loopback may be called by http; use https")
	}
	return checkHost(host, allowPrivate)
}

func checkHost(host string, allowPrivate bool) error {
	addr, err := netip.ParseAddr(host)
	switch {
	case err == nil:
		return asRefusal(rulesFor(allowPrivate).SafeAddr(addr))
	case !validName(host):
		return fmt.Errorf("%w: its host is neither a name of ASCII letters, digits, hyphens and dots nor an IP address", ErrRefused)
	case isLoopback(host) && !allowPrivate:
		return fmt.Errorf("%w: its host is this machine", ErrRefused)
	}
	return nil
}

// isLoopback reports whether host is this machine by its name (RFC 6761 §6.3) or its IP address.
func isLoopback(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.IsLoopback() && !addr.Is4In6()
	}
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	return name == "localhost" || strings.HasSuffix(name, ".localhost")
}

// validName reports whether host can be a name: letters, digits, hyphens and underscores between dots, and a last label
// that does not start with a digit. No top-level domain does, and so 127.1, 2130706433 and 0x7f000001 are out, which some
// resolvers take for IPv4 addresses.
func validName(host string) bool {
	host = strings.TrimSuffix(host, ".")
	for _, r := range host {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", r) {
			return false
		}
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	return len(host) <= 253 && last != "" && (last[0] < '0' || last[0] > '9') &&
		!strings.HasPrefix(host, ".") && !strings.Contains(host, "..")
}

func validPort(port string) bool {
	if port == "" {
		return true
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}
