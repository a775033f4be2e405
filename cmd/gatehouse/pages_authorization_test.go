package main

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"gatehouse/admin"
	"gatehouse/identity"
	"gatehouse/storage"
)

// Every cell of testdata/authorization.yaml is run against the pages too: testdata/faces.yaml says on which page or by which form
// something is done.

// act is a page that shows something, or a form that does something.
type act struct {
	capability         admin.Capability
	face               string // console, portal
	method, path, form string
	action             string // of the button; empty: the form has one alone
}

func (a act) String() string {
	return fmt.Sprintf("%s: %s %s %s %s", a.capability, a.method, a.path, a.form, a.action)
}

// at is the page that an act is on, in place of {id} with an ID.
func (a act) at(id string) string {
	page := a.path
	if steps, is := strings.CutSuffix(a.path, "/submit"); is {
		page = steps + "/review"
	} else if a.method == http.MethodPost && a.face == "portal" {
		for _, on := range []string{"/comment", "/discard", "/secret", "/archive"} {
			page = strings.TrimSuffix(page, on)
		}
		page = strings.Replace(page, "/test", "/redirects", 1)
	}
	return strings.Replace(page, "{id}", url.PathEscape(id), 1)
}

// changes reports whether an act writes something beside what is in the audit log of reading.
func (a act) changes() bool {
	return a.method == http.MethodPost && a.capability != admin.ClientRead && a.capability != admin.ClientEvaluate
}

func readActs(t *testing.T) (all []act) {
	t.Helper()
	table := readFaces(t)
	for _, rule := range admin.Rules {
		of := table.Capabilities[rule.Capability]
		for face, lines := range map[string][]string{"console": of.Console, "portal": of.Portal} {
			for _, line := range lines {
				parts := append(strings.Fields(line), "", "")
				a := act{capability: rule.Capability, face: face, method: parts[0], path: parts[1], form: parts[2], action: parts[3]}
				if of := map[string]bool{"end-session": true, actionOfRow: true}; of[a.form] && a.action == "" && face == "console" {
					a.form, a.action = "", a.form // the form of a row has no name
				}
				all = append(all, a)
			}
		}
	}
	require.Greater(t, len(all), 80)
	slices.SortStableFunc(all, func(a, b act) int { return strings.Compare(a.String(), b.String()) })
	return all
}

const actionOfRow = "delete"

// visitors are people of every role in their browsers.
type visitors struct {
	*owned
	changes
	matrix   authorization
	people   map[string]storage.User
	browsers map[string]*browser
	dev      map[string]*browser // by owner: the browser of a developer whose records those are
}

func newVisitors(t *testing.T) *visitors {
	t.Helper()
	dsn := furnished.SQLite(t)
	v := &visitors{owned: newOwned(t, dsn), matrix: readAuthorization(t), people: map[string]storage.User{}, browsers: map[string]*browser{}}
	developers := []string{"developer@example.com", "late-developer@example.com", "handed-developer@example.com"}
	require.NoError(t, v.store.SavePublisher(t.Context(), storage.Publisher{ID: v.publisher["own"], Name: "own", Developers: developers}))
	for _, role := range v.matrix.Roles {
		roles := []string{role}
		if role == "nobody" {
			roles = nil
		}
		v.people[role], v.browsers[role] = v.visitor(role+"@example.com", roles...)
	}
	somebody, other := v.visitor("somebody@example.com", storage.RoleDeveloper)
	v.users[somebody.Email] = somebody
	v.dev = map[string]*browser{"own": v.browsers[storage.RoleDeveloper], "other": other}
	v.changes = watchChanges(t, dsn)
	return v
}

// visitor is a person of the company acme with these roles, and their browser, where they are signed in.
func (o *owned) visitor(email string, roles ...string) (storage.User, *browser) {
	o.t.Helper()
	u := o.join(identity.NewUser{Email: email, CompanyID: "acme", Roles: roles})
	b := o.newBrowser()
	require.Equal(o.t, http.StatusOK, b.signIn(b.get("/account"), email).StatusCode)
	return u, b
}

// drawn is the form of an act on a page, and where it goes; false where the page has none, or no such button.
func (a act) drawn(t *testing.T, page answer, s subject) (target string, values url.Values, ok bool) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page.body))
	require.NoError(t, err)
	form := findElement(root, func(n *html.Node) bool {
		if n.Data != "form" {
			return false
		}
		if a.form != "" {
			return slices.Contains([]string{a.form, a.form + "-" + s.id, a.form + "-" + s.in}, attribute(n, "id"))
		}
		return findElement(n, func(c *html.Node) bool { return attribute(c, "name") == "item" && attribute(c, "value") == s.id }) != nil
	})
	if a.form == "" && strings.HasSuffix(a.path, "/test") { // a button that sends the form of a step elsewhere
		form = findElement(root, func(n *html.Node) bool { return n.Data == "form" && attribute(n, "id") == "step" })
	}
	if form == nil {
		return "", nil, false
	}
	values = url.Values{}
	pressed := a.action == ""
	findElement(form, func(n *html.Node) bool {
		name := attribute(n, "name")
		switch {
		case n.Data == "button" && a.action != "" && name == "action" && attribute(n, "value") == a.action:
			pressed = true
			values.Set("action", a.action)
		case n.Data == "input" && (attribute(n, "type") != "checkbox" || hasAttribute(n, "checked")) && attribute(n, "type") != "file":
			values.Add(name, attribute(n, "value"))
		case n.Data == "textarea" && n.FirstChild != nil:
			values.Add(name, n.FirstChild.Data)
		case n.Data == "option" && (hasAttribute(n, "selected") || !values.Has(attribute(n.Parent, "name"))):
			values.Set(attribute(n.Parent, "name"), attribute(n, "value"))
		}
		return false
	})
	if target = attribute(form, "action"); target == "" || strings.HasSuffix(a.path, "/test") {
		target = strings.Replace(a.path, "{id}", url.PathEscape(s.in), 1)
	}
	return target, values, pressed
}

// gist is the text of a page between its header and footer.
func gist(page answer) string {
	root, err := html.Parse(strings.NewReader(page.body))
	if err != nil {
		return page.body
	}
	var text strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode && strings.TrimSpace(n.Data) != "" {
			text.WriteString(strings.TrimSpace(n.Data) + " ")
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	if main := findElement(root, func(n *html.Node) bool { return n.Data == "main" }); main != nil {
		walk(main)
	}
	return text.String()
}

// shows goes through a page, and where it is a list through its next ones, until found likes one.
func (b *browser) shows(path string, found func(answer) bool) (answer, bool) {
	b.s.t.Helper()
	for range 40 {
		page := b.get(path)
		require.Less(b.s.t, page.StatusCode, 500, page.body)
		if page.StatusCode != http.StatusOK || found(page) {
			return page, page.StatusCode == http.StatusOK
		}
		_, rest, more := strings.Cut(page.body, `rel="next" href="`)
		if !more {
			return page, false
		}
		path, _, _ = strings.Cut(rest, `"`)
		path = html.UnescapeString(path)
	}
	b.s.t.Fatal("the list has no end")
	return answer{}, false
}

// form is the form of an act as b gets it, filled in; where b gets none, as whoever may gets it for a record of theirs, made out for
// this one, and then own is false.
func (v *visitors) form(b *browser, a act, owner string, asks storage.User, s subject) (target string, values url.Values, own bool) {
	v.t.Helper()
	drawnFor := func(b *browser, s subject) (page answer, has bool) {
		return b.shows(a.at(s.in), func(page answer) (has bool) {
			target, values, has = a.drawn(v.t, page, s)
			return has
		})
	}
	if _, own = drawnFor(b, s); !own {
		from := v.browsers[storage.RoleAdmin]
		if a.face == "portal" {
			from = v.dev[owner]
		}
		page, has := drawnFor(from, s)
		if !has && a.capability == admin.APIKeyDelete { // which are seen by nobody but whose they are
			theirs := v.subject(a, "own", v.people[storage.RoleDeveloper])
			page, has = drawnFor(v.browsers[storage.RoleDeveloper], theirs)
			values.Set("key", s.id)
		}
		require.True(v.t, has, "%s is on no page that anybody gets: %d %s", a, page.StatusCode, gist(page))
		if seal := b.sealOf(target); seal != "" { // so that it is refused for who asks, not for whose form it is
			values.Set("interaction", seal)
		}
	}
	for name, typed := range v.filledIn(a, owner, asks, s) {
		values[name] = typed
	}
	return target, values, own
}

// isList reports whether an act is a page of records, on which the one is shown or not.
func (a act) isList() bool {
	one := slices.ContainsFunc([]string{"/new", "/dashboard", "/keys", "/audit", "/export", "/evaluate"}, func(part string) bool { return strings.Contains(a.path, part) })
	return !strings.Contains(a.path, "{id}") && (!one || a.path == "/developer/keys")
}

// isOnes reports whether an act is a page with no record on it.
func (a act) isOnes() bool {
	return a.method == http.MethodGet && !strings.Contains(a.path, "{id}") && !a.isList()
}

func TestEveryCellOfTheAuthorizationMatrixHoldsOnThePages(t *testing.T) {
	t.Parallel()
	v := newVisitors(t)
	for _, a := range readActs(t) {
		for _, owner := range []string{"own", "other"} {
			if owner == "other" && (a.isOnes() || a.face == "portal" && a.capability == admin.APIKeyCreate) {
				continue // the page is nobody's, or makes what is one's own
			}
			for _, role := range v.matrix.Roles {
				want := slices.Contains(v.matrix.Enters[a.face], role) && slices.Contains(v.matrix.Allowed[a.capability][owner], role)
				s := v.subject(a, owner, v.people[role])
				if a.method == http.MethodGet {
					page, got := v.browsers[role].shows(a.at(s.in), func(page answer) bool { return !a.isList() || strings.Contains(page.body, s.id) })
					assert.Equal(t, want, got, "%s of %s by %s: %d %s", a, owner, role, page.StatusCode, gist(page))
				} else {
					v.try(a, owner, role, s, want)
				}
				if s.remove != nil {
					s.remove()
				}
			}
		}
	}
	v.whatWantsANewSignIn()
	v.whoIsOut()
	v.formsOfOthers()
	v.otherOrigins()
}

// try posts the form of an act as somebody of a role, and wants that it is let through and leaves its event, or that it is refused
// and that nothing changes.
func (v *visitors) try(a act, owner, role string, s subject, want bool) {
	v.t.Helper()
	b, who := v.browsers[role], fmt.Sprintf("%s of %s by %s", a, owner, role)
	target, values, offered := v.form(b, a, owner, v.people[role], s)
	if strings.Contains(a.path, "{id}") || !slices.Contains(v.matrix.Enters[a.face], role) {
		assert.Equal(v.t, want, offered, "%s: the form is there for whom it works", who)
	}
	v.forget()
	done := b.submit(target, values)
	if !want {
		assert.Contains(v.t, []int{http.StatusForbidden, http.StatusNotFound}, done.StatusCode, "%s: %s", who, gist(done))
		assert.Empty(v.t, v.noticed(), who)
		return
	}
	assert.Contains(v.t, []int{http.StatusOK, http.StatusSeeOther}, done.StatusCode, "%s: %v: %s", who, values, gist(done))
	if !a.changes() {
		return
	}
	assert.Contains(v.t, v.noticed(), "INSERT audit_events", who)
	events, err := v.store.AuditEvents(v.t.Context(), storage.AuditFilter{Actor: storage.Actor{Kind: storage.ActorUser, ID: v.people[role].ID}}, "", 1)
	require.NoError(v.t, err)
	assert.Equal(v.t, string(a.capability), events[0].Action, who)
}

// refusedEverywhere wants that nothing is shown to b, and that no form of theirs works, in one's own name.
func (v *visitors) refusedEverywhere(who string, b *browser, face string, acts []act, asks storage.User) {
	v.t.Helper()
	for _, a := range acts {
		if a.face != face {
			continue
		}
		s := v.subject(a, "own", asks)
		if a.method == http.MethodGet {
			page := b.get(a.at(s.in))
			assert.Contains(v.t, []int{http.StatusSeeOther, http.StatusForbidden}, page.StatusCode, "%s: %s", who, a)
			if page.StatusCode == http.StatusSeeOther {
				assert.Contains(v.t, page.Header.Get("Location"), "/login", "%s: %s", who, a)
			}
		} else {
			target, values, offered := v.form(b, a, "own", asks, s)
			assert.False(v.t, offered, "%s: %s", who, a)
			v.forget()
			done := b.submit(target, values)
			assert.Equal(v.t, http.StatusForbidden, done.StatusCode, "%s: %s: %s", who, a, done.body)
			assert.Empty(v.t, v.noticed(), "%s: %s", who, a)
		}
		if s.remove != nil {
			s.remove()
		}
	}
}
