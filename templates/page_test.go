package templates

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// all returns the elements of a page for which is holds.
func all(t *testing.T, page []byte, is func(*html.Node) bool) []*html.Node {
	doc, err := html.Parse(bytes.NewReader(page))
	require.NoError(t, err)
	var found []*html.Node
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && is(n) {
			found = append(found, n)
		}
	}
	return found
}

// form describes form#id: where it posts to, and its controls as "name", "name=value" for buttons and checkboxes, and
// "name:value" for hidden fields.
func form(t *testing.T, page []byte, id string) []string {
	forms := all(t, page, func(n *html.Node) bool { return n.Data == "form" && attr(n, "id") == id })
	require.Len(t, forms, 1, "form#%s", id)
	require.Equal(t, "post", attr(forms[0], "method"))
	out := []string{attr(forms[0], "action")}
	for n := range forms[0].Descendants() {
		if n.Type != html.ElementNode || attr(n, "name") == "" {
			continue
		}
		switch {
		case attr(n, "type") == "hidden":
			out = append(out, attr(n, "name")+":"+attr(n, "value"))
		case n.Data == "button" || attr(n, "type") == "checkbox":
			out = append(out, attr(n, "name")+"="+attr(n, "value"))
		default:
			out = append(out, attr(n, "name"))
		}
	}
	return out
}

func TestFormsHaveTheNamesOfTheContract(t *testing.T) {
	p := testPages(t, Brand{Name: "Orbit"})
	for _, c := range []struct {
		page, id string
		want     []string
	}{
		{"sign in", "sign-in", []string{"/login", "interaction:", "username", "password"}},
		{"sign in again", "sign-in", []string{"/login", "interaction:sealed", "username", "password"}},
		{"sign in again", "continue", []string{"/login", "interaction:sealed", "continue=1"}},
		{"sign up", "sign-up", []string{"/signup", "interaction:", "email", "password", "first_name", "last_name", "phone"}},
		{"consent", "switch-account", []string{"/login/switch", "interaction:switch"}},
		{"consent", "consent", []string{"/consent", "interaction:sealed", "scope=phone", "scope=profile", "scope=points_read", "decision=allow", "decision=deny"}},
		{"consent for a company", "consent", []string{"/consent", "interaction:sealed", "decision=allow", "decision=deny"}},
		{"sign out", "sign-out", []string{"/logout", "interaction:sealed"}},
		{"switch", "switch", []string{"/superapp/sign-in/gat_1", "interaction:sealed"}},
		{"account", "profile", []string{"/account", "interaction:sealed", "first_name", "last_name", "action=profile"}},
		{"account", "change-password", []string{"/account", "interaction:sealed", "current_password", "new_password", "action=password"}},
		{"account", "sessions", []string{"/account", "interaction:sealed", "action=sessions"}},
		{"apps", "app-photoprint", []string{"/account/apps", "interaction:sealed", "client_id:photoprint", "action=disconnect"}},
		{"apps", "app-photoprint:company", []string{"/account/apps", "interaction:sealed", "client_id:photoprint", "owner:company", "action=disconnect"}},
		{"apps", "app-expired", []string{"/account/apps", "interaction:sealed", "client_id:expired", "action=disconnect"}},
		{"apps", "app-plain", []string{"/account/apps", "interaction:sealed", "client_id:plain", "action=clear"}},
		{"form post", "form-post", []string{"https://photoprint.example/cb?a=b&c=d", "code:gac_1", "state:xyz", "submit:1"}},
	} {
		t.Run(c.page+"/"+c.id, func(t *testing.T) {
			require.Equal(t, c.want, form(t, draw(p, "en", samples(plainly)[c.page]).Body.Bytes(), c.id))
		})
	}
}

// See interaction.SealForm. The choice of a language is no form of theirs alone.
func TestEveryFormOfTheConsoleAndThePortalIsSealed(t *testing.T) {
	p := testPages(t, Brand{Name: "Orbit"})
	forms := 0
	for name, page := range samples(plainly) {
		if !strings.HasPrefix(page.name(), "admin_") && !strings.HasPrefix(page.name(), "developer") {
			continue
		}
		page.common().FormSeal = "SEAL"
		for _, form := range strings.Split(draw(p, "en", page).Body.String(), "<form ")[1:] {
			form, _, _ = strings.Cut(form, "</form>")
			if strings.Contains(form, `method="post"`) && !strings.HasPrefix(form, `id="language"`) {
				forms++
				require.Contains(t, form, `<input type="hidden" name="interaction" value="SEAL">`, name)
			}
		}
	}
	require.Greater(t, forms, 30)
}

func TestErrorPageSaysItsCode(t *testing.T) {
	page := draw(testPages(t, Brand{}), "en", &Error{Code: "invalid_request"}).Body.Bytes()
	found := all(t, page, func(n *html.Node) bool { return n.Data == "main" && attr(n, "id") == "error" })
	require.Len(t, found, 1)
	require.Equal(t, "invalid_request", attr(found[0], "data-error"))
}

// A browser draws the marks with q: in its direction, and in the language of what is around it.
func TestQuotationMarksAreThoseOfTheTextBetweenThem(t *testing.T) {
	page := draw(testPages(t, Brand{}), "ar", samples(plainly)["consent"]).Body.Bytes()
	quotes := all(t, page, func(n *html.Node) bool { return n.Data == "q" })
	require.Len(t, quotes, 2)
	for _, q := range quotes {
		require.Equal(t, "bdi", q.Parent.Data)
		require.Equal(t, html.TextNode, q.FirstChild.Type, "HTML §3.2.6.4: the direction is that of the text, unless another element isolates it")
	}
	require.Equal(t, "en", attr(quotes[0].Parent, "lang"))
}

func TestAMiniAppHasItsNameInTheLanguageOfThePage(t *testing.T) {
	p := testPages(t, Brand{})
	for lang, want := range map[string]string{"fr": "", "de": "Eigener Name", "es": "Nombre propio"} {
		for name, page := range samples(plainly) {
			apps := appsOn(page)
			for _, app := range apps {
				app.Names = map[string]string{"es-UY": "Nombre propio", "de": "Eigener Name"}
			}
			drawn := draw(p, lang, page).Body.String()
			for _, text := range []string{"Nombre propio", "Eigener Name"} {
				require.Equal(t, text == want && len(apps) > 0, strings.Contains(drawn, text), "%s in %s: %s", name, lang, text)
			}
		}
	}
}

func TestOnlyWhoHasAPasswordIsAskedForIt(t *testing.T) {
	p := testPages(t, Brand{Name: "Orbit"})
	is := func(n *html.Node) bool { return attr(n, "id") == "change-password" || attr(n, "type") == "password" }
	require.NotEmpty(t, all(t, draw(p, "en", samples(plainly)["account"]).Body.Bytes(), is))
	page := draw(p, "en", samples(plainly)["account without a password"])
	require.Empty(t, all(t, page.Body.Bytes(), is))
	require.Contains(t, page.Body.String(), "You sign in through <bdi>Orbit</bdi>")
}

// It is not somebody whom the operator could verify, and a disconnect would not keep it out.
func TestTheHostAppsOwnClientIsNotShownAsAMiniApp(t *testing.T) {
	host := App{ClientID: "host", Name: "Orbit"}
	page := &Apps{Apps: []ConnectedApp{{App: host, Status: "allowed", Allowed: []SharedItem{{ConsentItem: ConsentItem{Scope: "openid", Title: "ID"}}}}}}
	p := testPages(t, Brand{Name: "Orbit"})
	mini := draw(p, "en", page).Body.String()
	require.Contains(t, mini, "Not verified")
	require.Contains(t, mini, ">Disconnect<")
	page.Apps[0].Own = true
	own := draw(p, "en", page).Body.String()
	require.NotContains(t, own, "Not verified")
	require.NotContains(t, own, ">Disconnect<")
	require.Contains(t, own, "Part of <bdi>Orbit</bdi>")
	require.Contains(t, own, `value="disconnect">Sign out of it everywhere<`)
}

// Consent is never a matter of what was there before the person came: nothing is ticked, nothing has the focus, and the
// Enter key in a checkbox presses the first button of the form, which sends nothing: its method needs a dialog around it
// (HTML §4.10.22.2 and §4.10.22.3). A disabled one would not do: Chromium takes the next.
func TestConsentDecidesNothingForThePerson(t *testing.T) {
	page := draw(testPages(t, Brand{}), "en", samples(plainly)["consent"]).Body.Bytes()
	require.Empty(t, all(t, page, func(n *html.Node) bool { return has(n, "checked") || has(n, "autofocus") }))
	buttons := all(t, page, func(n *html.Node) bool {
		return n.Data == "button" && n.Parent.Data == "form" && attr(n.Parent, "id") == "consent" || attr(n, "name") == "decision"
	})
	require.Len(t, buttons, 3)
	require.Equal(t, "dialog", attr(buttons[0], "formmethod"))
	require.True(t, has(buttons[0], "hidden"))
	require.Equal(t, attr(buttons[1], "class"), attr(buttons[2], "class"), "allow and deny look the same")
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func TestPagesHoldNoInlineScriptOrStyle(t *testing.T) {
	p := testPages(t, Brand{Name: "Orbit", LogoURL: "/logo"})
	for name, page := range samples(plainly) {
		for _, n := range all(t, draw(p, "en", page).Body.Bytes(), func(*html.Node) bool { return true }) {
			require.NotEqual(t, "style", n.Data, name)
			if n.Data == "script" {
				require.True(t, strings.HasPrefix(attr(n, "src"), "/static/"), name)
				require.Nil(t, n.FirstChild, name)
			}
			for _, a := range n.Attr {
				require.False(t, a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Val, "javascript:"), "%s: %v", name, a)
			}
		}
	}
}

func TestIDsAreUniqueAndReferencesLead(t *testing.T) {
	p := testPages(t, Brand{Name: "Orbit"})
	for name, page := range samples(plainly) {
		nodes := all(t, draw(p, "en", page).Body.Bytes(), func(*html.Node) bool { return true })
		ids := map[string]bool{}
		for _, n := range nodes {
			if id := attr(n, "id"); id != "" {
				require.False(t, ids[id], "%s: #%s is there twice", name, id)
				ids[id] = true
			}
		}
		for _, n := range nodes {
			for _, key := range []string{"for", "aria-describedby", "aria-labelledby"} {
				for _, id := range strings.Fields(attr(n, key)) {
					require.True(t, ids[id], "%s: %s=%q leads nowhere", name, key, id)
				}
			}
			if id, ok := strings.CutPrefix(attr(n, "href"), "#"); ok {
				require.True(t, ids[id], "%s: link to #%s leads nowhere", name, id)
			}
		}
	}
}

func TestTextsFromOutsideCannotDisguise(t *testing.T) {
	const bad = "\u202e\u2066\u200b\u200f\u061c\ufeff\u00ad\u115f\x00\x1b<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
	p := testPages(t, Brand{Name: "Orbit"})
	for name, page := range samples(func(s string) string { return bad + s }) {
		body := draw(p, "en", page).Body.Bytes()
		allowed := 0
		if _, ok := page.(*FormPost); ok {
			allowed = 1
		}
		require.Len(t, all(t, body, func(n *html.Node) bool { return n.Data == "script" }), allowed, name)
		require.Empty(t, all(t, body, func(n *html.Node) bool { return n.Data == "img" && attr(n, "src") == "x" }), name)
		doc, err := html.Parse(bytes.NewReader(body))
		require.NoError(t, err)
		for n := range doc.Descendants() {
			if n.Type == html.TextNode && n.Parent.Data != "textarea" { // which gives back what was typed, as any control does
				i := strings.IndexFunc(n.Data, func(r rune) bool {
					return unicode.Is(unicode.Cf, r) || r == 0x115f || unicode.IsControl(r) && !unicode.IsSpace(r)
				})
				require.Negative(t, i, "%s: %q", name, n.Data)
			}
		}
	}
}

func TestLinksFromOutsideAreWebAddresses(t *testing.T) {
	app := App{Name: "X", HomeURI: "javascript:alert(1)", PolicyURI: "data:text/html,x", TOSURI: "intent://x"}
	p := testPages(t, Brand{Name: "Orbit"})
	for _, page := range []Page{&Consent{App: app}, &Error{Code: "expired", App: &app, Retry: "javascript:alert(1)"}, &FormPost{App: app, Action: "javascript:alert(1)"}} {
		for _, scheme := range []string{"javascript", "data", "intent"} {
			require.NotContains(t, draw(p, "en", page).Body.String(), scheme+":", page.name())
		}
	}
}
