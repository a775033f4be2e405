package registry

import (
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"gatehouse/storage"
)

// HintKind is what a reviewer had better look at.
type HintKind string

const (
	HintLikeApp      HintKind = "like_app"      // its name looks like that of another publisher's mini app
	HintLikeHost     HintKind = "like_host"     // its name looks like the host app's, or has it in it
	HintSensitive    HintKind = "sensitive"     // it asks for a sensitive scope that it did not have
	HintRedirectHost HintKind = "redirect_host" // it redirects to a domain that is not its home page's
	HintNewDomain    HintKind = "new_domain"    // it redirects to a domain that the approved version did not
)

// Hint is one thing to look at. It decides nothing.
type Hint struct {
	Kind  HintKind
	Value string // the name, the scope, or the host
	Other string // what it is compared with: another mini app's name, the host app's, or the home page's domain; may be empty
}

// Surroundings is what a registration is compared with to find what is risky about it.
type Surroundings struct {
	Approved *storage.Client // what it is now; nil: it was never approved
	Known    *KnownNames     // nil: none
	Host     string          // the host app's name
	Scopes   *Catalogue
}

// Hints says what is risky about a registration, in the order of HintKind.
func Hints(c storage.Client, s Surroundings) []Hint {
	return slices.Concat(likeApps(c, s.Known), likeHost(c, s.Host), sensitiveScopes(c, s), redirectHosts(c), newDomains(c, s.Approved))
}

// likeApps finds the mini apps of others with a name like one of c's. One publisher's mini apps may be alike.
func likeApps(c storage.Client, known *KnownNames) []Hint {
	var hints []Hint
	found := map[string]bool{}
	for _, name := range namesOf(c.Name, c.Names) {
		for _, k := range known.like(lookOf(name)) {
			if k.clientID == c.ID || found[k.clientID] || c.PublisherID != "" && k.publisherID == c.PublisherID {
				continue
			}
			found[k.clientID] = true
			hints = append(hints, Hint{HintLikeApp, name, k.name})
		}
	}
	return hints
}

func likeHost(c storage.Client, host string) []Hint {
	if c.FirstParty {
		return nil
	}
	h := lookOf(host)
	for _, name := range namesOf(c.Name, c.Names) {
		if looks := lookOf(name); looks.like(h) || len(h.joined) >= minAlike && strings.Contains(looks.joined, h.joined) {
			return []Hint{{HintLikeHost, name, host}}
		}
	}
	return nil
}

// namesOf are a mini app's name and its translations, each once.
func namesOf(name string, translations map[string]string) []string {
	names := []string{name}
	for _, tag := range sortedKeys(translations) {
		if !slices.Contains(names, translations[tag]) {
			names = append(names, translations[tag])
		}
	}
	return names
}

func sensitiveScopes(c storage.Client, s Surroundings) []Hint {
	var hints []Hint
	for _, scope := range c.Scopes {
		had := s.Approved != nil && slices.ContainsFunc(s.Approved.Scopes, func(o storage.ClientScope) bool { return o.Name == scope.Name })
		if known := s.Scopes.Scope(scope.Name); known != nil && known.Sensitive && !had {
			hints = append(hints, Hint{HintSensitive, scope.Name, ""})
		}
	}
	return hints
}

// redirectHosts are those outside the home page's registrable domain; all are where there is no home page to compare with.
func redirectHosts(c storage.Client) []Hint {
	home := domain(c.ClientURI)
	var hints []Hint
	for _, host := range webHosts(c) {
		if registrable(host) != home {
			hints = append(hints, Hint{HintRedirectHost, host, home})
		}
	}
	return hints
}

func newDomains(c storage.Client, approved *storage.Client) []Hint {
	if approved == nil {
		return nil
	}
	var before []string
	for _, host := range webHosts(*approved) {
		before = append(before, registrable(host))
	}
	var hints []Hint
	for _, host := range webHosts(c) {
		if d := registrable(host); !slices.Contains(before, d) {
			before = append(before, d)
			hints = append(hints, Hint{HintNewDomain, d, ""})
		}
	}
	return hints
}

// webHosts are the hosts that a mini app sends browsers to, in order, each once. This computer is nobody's.
func webHosts(c storage.Client) []string {
	var hosts []string
	for _, raw := range slices.Concat(c.RedirectURIs, c.PostLogoutRedirectURIs) {
		if host := webHost(raw); host != "" && !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// webHost is the host of an http or https URI that is not this computer; else empty.
func webHost(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	switch host := strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")); host {
	case "localhost", "127.0.0.1", "::1":
		return ""
	default:
		return host
	}
}

func domain(raw string) string {
	host := webHost(raw)
	if host == "" {
		return ""
	}
	return registrable(host)
}

// registrable is the domain that somebody registered of which host is a part, by the public suffix list; the host itself
// where there is none, as of an address.
func registrable(host string) string {
	if d, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return d
	}
	return host
}
