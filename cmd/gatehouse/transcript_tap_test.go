package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"gatehouse/authz"
)

// tap sees what goes through the vendors' routes: what Decode made of a request, and what Encode, Fail or Redirect got.
type tap struct {
	mu      sync.Mutex
	panics  bool // the next Decode is to
	request *authz.Request
	members map[string]any // as decodeJSON reads them
}

func (s *tap) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.request, s.members = nil, nil
}

// into puts the tap into a route that is not mounted yet.
func (s *tap) into(route *authz.Route) {
	if decode := route.Decode; decode != nil {
		route.Decode = func(r *http.Request) (*authz.Request, error) {
			req, err := decode(r)
			s.sawRequest(req)
			return req, err
		}
	}
	if encode := route.Encode; encode != nil {
		route.Encode = func(req *authz.Request, a *authz.Answer) authz.Response {
			s.sawMembers(answerMembers(a))
			return encode(req, a)
		}
	}
	if fail := route.Fail; fail != nil {
		route.Fail = func(req *authz.Request, e *authz.Error) authz.Response {
			s.sawMembers(map[string]any{"error": e.Code, "error_description": e.Description, "reason": e.Reason, "status": e.Status})
			return fail(req, e)
		}
	}
	if redirect := route.Redirect; redirect != nil {
		route.Redirect = func(response url.Values) url.Values {
			members := map[string]any{}
			for name := range response {
				members[name] = response.Get(name)
			}
			s.sawMembers(members)
			return redirect(response)
		}
	}
}

func (s *tap) sawRequest(req *authz.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.panics {
		s.panics = false
		panic("as the transcript wants it")
	}
	if req == nil {
		req = &authz.Request{}
	}
	seen := *req // what happens to it later is not Decode's
	seen.Params = maps.Clone(req.Params)
	s.request = &seen
}

func (s *tap) sawMembers(members map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	raw, err := json.Marshal(members)
	if err != nil {
		panic(err)
	}
	decoded, err := decodeJSON(string(raw))
	if err != nil {
		panic(err)
	}
	s.members = decoded.(map[string]any)
}

func answerMembers(a *authz.Answer) map[string]any {
	m := map[string]any{
		"access_token": a.AccessToken, "refresh_token": a.RefreshToken, "id_token": a.IDToken, "code": a.Code, "ticket": a.Ticket,
		"grant_type": a.GrantType, "token_kind": a.Kind, "sub": a.Subject, "scope": strings.Join(a.Scope, " "),
		"expires_in": int64(a.ExpiresIn / time.Second), "raw": a.Raw,
	}
	if a.Client != nil {
		m["client_id"] = a.Client.ID
	}
	if a.Person != nil {
		m["username"] = a.Person.Email
	}
	for name, value := range a.Claims {
		m["claims."+name] = value
	}
	if members, ok := a.Members.(map[string]any); ok {
		for name, value := range members {
			m["members."+name] = value
		}
	}
	return m
}

// matchParams wants exactly these parameters to have come out of Decode.
func (s *tap) matchParams(section string, n learned) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.request == nil {
		return fmt.Errorf("no Decode of a vendor has seen the request")
	}
	got := maps.Clone(map[string]string(s.request.Params))
	if got == nil {
		got = map[string]string{}
	}
	slices.Sort(s.request.Repeated)
	for name, value := range map[string]string{
		"Authorization": s.request.Authorization, "Kind": s.request.Kind, "Repeated": strings.Join(s.request.Repeated, " "),
	} {
		if value != "" {
			got[name] = value
		}
	}
	want, err := pairs(section)
	if err != nil {
		return err
	}
	for name, value := range want {
		if want[name], err = n.expand(value); err != nil {
			return err
		}
	}
	if !maps.Equal(want, got) {
		return fmt.Errorf("Decode made %s, not %s", show(got), show(want))
	}
	return nil
}

// matchMembers wants these members, among others.
func (s *tap) matchMembers(section string, n learned) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.members == nil {
		return fmt.Errorf("neither Encode nor Fail nor Redirect of a vendor was called")
	}
	want, err := pairs(section)
	if err != nil {
		return err
	}
	if len(want) == 0 {
		return fmt.Errorf("the section is empty; name a member or leave it out")
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if err := matchMember(n, want[name], s.members[name]); err != nil {
			return fmt.Errorf("%s %w; all members: %s", name, err, show(s.members))
		}
	}
	return nil
}

// matchMember compares a member with what a line says: a text, a name, a type or a JSON value.
func matchMember(n learned, want string, got any) error {
	if want == "" {
		if got != nil && got != "" {
			return fmt.Errorf("is %s and should not be there", show(got))
		}
		return nil
	}
	if _, isText := got.(string); isText && !strings.HasPrefix(want, `"`) || wholeName.MatchString(want) {
		return n.match(want, got)
	}
	value, err := decodeJSON(want)
	if err != nil {
		return fmt.Errorf("is %s, and %q is not JSON", show(got), want)
	}
	return n.matchJSON("value", value, got)
}

// pairs reads lines of name=value.
func pairs(section string) (map[string]string, error) {
	all := map[string]string{}
	for line := range strings.Lines(section) {
		line = strings.TrimRight(line, "\n")
		if line == "" {
			continue
		}
		name, value, found := strings.Cut(line, "=")
		if _, twice := all[name]; !found || name == "" || twice {
			return nil, fmt.Errorf("the line %q is no name=value, or there twice", line)
		}
		all[name] = value
	}
	return all, nil
}
