// Package foreign reads the registrations of other servers: what Ory Hydra lists and what Keycloak exports.
//
// What means the same here is taken. What does not (a wildcard, a grant that there is not, a scope that nobody knows) is left
// out and told as a Decision, for somebody to make: nothing is guessed, and nothing becomes wider than it was.
package foreign

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/registry"
	"gatehouse/storage"
)

// File is what a file of another server has.
type File struct {
	Clients []Client
	Own     []string // client IDs of the server's own ones, which are left out
}

// Client is what can be taken of a registration, and what has to be decided about it.
type Client struct {
	ID        string
	Record    storage.Client // its Secrets are those that the file has, as hashes
	Skipped   string         // why it cannot be taken at all; empty: it can
	Decisions []Decision
}

// Decision is something that was left out, or means something else here.
type Decision struct {
	ClientID string `json:"client_id"`
	Field    string `json:"field"` // as the other server calls it
	Value    string `json:"value,omitempty"`
	Text     string `json:"text"` // what to do about it
}

func (c *Client) decide(field, value, format string, args ...any) {
	c.Decisions = append(c.Decisions, Decision{c.ID, field, value, fmt.Sprintf(format, args...)})
}

func (c *Client) skip(format string, args ...any) { c.Skipped = fmt.Sprintf(format, args...) }

// addScopes registers scopes that the catalogue has; those in silent are the other server's own and mean nothing here.
func (c *Client) addScopes(catalogue *registry.Catalogue, names, silent []string) {
	for _, name := range names {
		known := func(s storage.ClientScope) bool { return s.Name == name }
		switch {
		case slices.ContainsFunc(c.Record.Scopes, known), slices.Contains(silent, name):
		case catalogue.Scope(name) == nil:
			c.decide("scope", name, "is not known here; if the mini app needs it, add it under scopes in a seed file and to the mini app with gatehouse client update")
		default:
			c.Record.Scopes = append(c.Record.Scopes, storage.ClientScope{Name: name})
			if registry.WantsPurpose(name) {
				c.decide("scope", name, "comes without a purpose, so that people are not told why; add one with gatehouse client update")
			}
		}
	}
}

// addRedirects adds the addresses that can be matched exactly.
func (c *Client) addRedirects(field string, to *[]string, uris []string) {
	for _, uri := range uris {
		switch err := registry.CheckRedirectURI(uri); {
		case strings.Contains(uri, "*"):
			c.decide(field, uri, "is a wildcard, and an address has to match exactly; add each that the mini app uses with gatehouse client update")
		case err != nil:
			c.decide(field, uri, "%s", err)
		case !slices.Contains(*to, uri):
			*to = append(*to, uri)
		}
	}
}

// addSecret takes a secret as what is kept of it: a hash that can be verified here, or the hash of a plain one.
func (c *Client) addSecret(field, secret string, now time.Time) {
	switch {
	case c.Record.Public:
		return
	case strings.Trim(secret, "*") == "": // Keycloak's partial exports write asterisks
		c.decide(field, "", "is not in the file; a new one is made, to be given to the mini app's server")
		return
	case strings.HasPrefix(secret, "$"):
		if err := registry.CheckSecretHash(secret); err != nil {
			c.decide(field, "", "is a hash that cannot be verified here; a new secret is made, to be given to the mini app's server")
			return
		}
	default:
		secret = registry.HashSecret(secret)
	}
	c.Record.Secrets = []storage.ClientSecret{registry.NewSecret(secret, now)}
}

// listItem is the path of an item of a list, and singleURI that of what can be left out.
var (
	listItem  = regexp.MustCompile(`^(redirect_uris|post_logout_redirect_uris|scopes)\[(\d+)\]`)
	singleURI = map[string]func(*storage.Client) *string{
		"logo_uri":           func(c *storage.Client) *string { return &c.LogoURI },
		"client_uri":         func(c *storage.Client) *string { return &c.ClientURI },
		"policy_uri":         func(c *storage.Client) *string { return &c.PolicyURI },
		"tos_uri":            func(c *storage.Client) *string { return &c.TOSURI },
		"jwks_uri":           func(c *storage.Client) *string { return &c.JWKSURI },
		"initiate_login_uri": func(c *storage.Client) *string { return &c.InitiateLoginURI },
	}
)

// settle holds what was taken to the rules that every registration is held to. What breaks one alone is left out; where that is
// not possible, the client is skipped.
func (c *Client) settle(catalogue *registry.Catalogue) {
	for c.Skipped == "" {
		record := registry.Defaults(c.Record)
		if !record.Public && len(record.Secrets) == 0 { // one will be made
			record.Secrets = []storage.ClientSecret{registry.NewSecret(registry.HashSecret(registry.GenerateSecret()), time.Time{})}
		}
		problems := registry.CheckClient(record, catalogue)
		if len(problems) == 0 {
			return
		}
		if p := problems[0]; !c.drop(p) {
			c.skip("%s: %s", p.Field, p.Text)
		}
	}
}

// drop leaves out what a problem is about; false when nothing can be left out.
func (c *Client) drop(p registry.Problem) bool {
	if uri := singleURI[p.Field]; uri != nil && *uri(&c.Record) != "" {
		c.decide(p.Field, *uri(&c.Record), "%s", p.Text)
		*uri(&c.Record) = ""
		return true
	}
	m := listItem.FindStringSubmatch(p.Field)
	if m == nil {
		return false
	}
	i, _ := strconv.Atoi(m[2])
	r := &c.Record
	switch {
	case m[1] == "redirect_uris" && i < len(r.RedirectURIs):
		c.decide(m[1], r.RedirectURIs[i], "%s", p.Text)
		r.RedirectURIs = slices.Delete(r.RedirectURIs, i, i+1)
	case m[1] == "post_logout_redirect_uris" && i < len(r.PostLogoutRedirectURIs):
		c.decide(m[1], r.PostLogoutRedirectURIs[i], "%s", p.Text)
		r.PostLogoutRedirectURIs = slices.Delete(r.PostLogoutRedirectURIs, i, i+1)
	case m[1] == "scopes" && i < len(r.Scopes):
		c.decide("scope", r.Scopes[i].Name, "%s", p.Text)
		r.Scopes = slices.Delete(r.Scopes, i, i+1)
	default:
		return false
	}
	return true
}

// lifetime takes a duration that tokens live.
func (c *Client) lifetime(field, text string, to *storage.Lifetime) {
	if text == "" {
		return
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		c.decide(field, text, "is no duration; set it with gatehouse client update where the server's own does not do")
		return
	}
	*to = storage.Lifetime(d)
}

// readList reads a list of T in any of the ways in which servers write one: under a key of an object, as it is, or one alone; and
// several of these in a list.
func readList[T any](raw []byte, key string, alone func(T) bool) ([]T, error) {
	var parts []json.RawMessage
	if json.Unmarshal(raw, &parts) == nil {
		var all []T
		for _, part := range parts {
			some, err := readList(part, key, alone)
			if err != nil {
				return nil, err
			}
			all = append(all, some...)
		}
		return all, nil
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return nil, fmt.Errorf("the file is not JSON with clients in it: %w", err)
	}
	if inner, found := object[key]; found {
		var list []T
		if err := json.Unmarshal(inner, &list); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		return list, nil
	}
	var one T
	if err := json.Unmarshal(raw, &one); err != nil {
		return nil, err
	}
	if !alone(one) {
		return nil, fmt.Errorf("the file has neither %s nor a client in it", key)
	}
	return []T{one}, nil
}

// texts are values that are mostly texts, and sometimes written as what they mean.
type texts map[string]string

// UnmarshalJSON implements json.Unmarshaler.
func (t *texts) UnmarshalJSON(raw []byte) error {
	var values map[string]any
	if err := json.Unmarshal(raw, &values); err != nil {
		return err
	}
	*t = make(texts, len(values))
	for name, value := range values {
		if value != nil {
			(*t)[name] = fmt.Sprint(value)
		}
	}
	return nil
}
