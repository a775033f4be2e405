package registry

import (
	"regexp"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
	"golang.org/x/text/unicode/norm"
)

var (
	// link finds markup, a scheme with what follows it (RFC 3986 §3.1), an address of somebody at a host, a host with a path, and an
	// IPv4 address.
	link = regexp.MustCompile(`(?i)<[a-z/!]|(^|[^a-z0-9])[a-z][a-z0-9+.-]+:[!-~]|www\.|\S@\S|[\pL\pN]\.\pL{2,}[/?#:]|(^|[^.\pL\pN])\d{1,3}(\.\d{1,3}){3}($|[^.\pL\pN])`)
	// hosts finds words with dots between them.
	hosts = regexp.MustCompile(`[\pL\pN_-]+(?:\.[\pL\pM\pN-]+)+`)
	// dots are the other characters that a browser takes for the dot of a host (UTS #46 §2.3), so far as NFKC leaves them.
	dots = strings.NewReplacer("\u3002", ".")
)

// hasLink reports whether a text that people see has something that reads as a link, however it is written, or as markup. A host
// is one that ends in a top-level domain that there is (https://publicsuffix.org): e.g., 2.5 and v1.2 are none.
func hasLink(text string) bool {
	text = dots.Replace(norm.NFKC.String(text))
	if link.MatchString(text) {
		return true
	}
	for _, host := range hosts.FindAllString(text, -1) {
		tld, err := idna.Lookup.ToASCII(host[strings.LastIndexByte(host, '.')+1:])
		if err != nil {
			continue
		}
		if _, known := publicsuffix.PublicSuffix("x." + tld); known {
			return true
		}
	}
	return false
}
