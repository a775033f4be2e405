package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
)

// What is secret stays out of the log, out of answers about errors, and out of the database in any form that works.

// secrets collects what must not be found, by what it is.
type secrets map[string]string

func (s secrets) add(what, value string) string {
	if value != "" {
		s[what+" "+value[:min(len(value), 24)]] = value
	}
	return value
}

// requireAbsent looks for each secret in text, as it is, in URLs and in JSON.
func (s secrets) requireAbsent(t *testing.T, where, text string) {
	t.Helper()
	for what, value := range s {
		quoted, _ := json.Marshal(value)
		for _, form := range []string{value, url.QueryEscape(value), strings.Trim(string(quoted), `"`)} {
			require.False(t, strings.Contains(text, form), "%s holds the %s", where, what)
		}
	}
}

// spy is a browser and a mini-app server whose every secret is noted.
type spy struct {
	*testServer
	t       *testing.T
	b       *browser
	secrets secrets
	refused strings.Builder // what programs were told when they were refused
}

func newSpy(t *testing.T, s *testServer) *spy {
	return &spy{testServer: s, t: t, b: s.newBrowser(), secrets: secrets{}}
}

// note keeps what an answer to a browser carries: the sealed interaction, the code, the cookie.
func (p *spy) note(a answer) answer {
	q := queryOf(p.t, a.Header.Get("Location"))
	p.secrets.add("sealed interaction", q.Get("interaction"))
	p.secrets.add("code", q.Get("code"))
	for _, c := range a.Cookies() {
		p.secrets.add("cookie", c.Value)
		p.secrets.add("session's secret", cookieSecret(p.t, c.Value))
	}
	return a
}

// cookieSecret takes the secret of the session out of a session cookie.
func cookieSecret(t *testing.T, value string) string {
	outer, err := base64.URLEncoding.DecodeString(value)
	require.NoError(t, err)
	parts := strings.Split(string(outer), "|")
	require.Greater(t, len(parts), 2)
	inner, err := base64.URLEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	var content struct {
		Secret string `json:"s"`
	}
	require.NoError(t, json.Unmarshal(inner, &content))
	return content.Secret
}

func (p *spy) get(target string) answer { return p.note(p.b.get(target)) }

// submit fills in a form and notes what was typed and what was hidden in it.
func (p *spy) submit(page answer, id string, pairs ...string) answer {
	p.t.Helper()
	action, form := formOf(p.t, page, id)
	p.secrets.add("sealed interaction", form.Get("interaction"))
	form["scope"] = checkboxes(p.t, page)
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	for _, field := range []string{"password", "current_password", "new_password"} {
		p.secrets.add("password", form.Get(field))
	}
	for _, field := range []string{"username", "email", "phone", "last_name"} {
		p.secrets.add("claim", form.Get(field))
	}
	return p.note(p.b.submit(action, form))
}

// call is a mini-app server's request; its secrets are noted on the way in and out.
func (p *spy) call(path, secret string, form url.Values) map[string]any {
	p.t.Helper()
	p.secrets.add("client secret", secret)
	for name, values := range form {
		if strings.Contains("code code_verifier refresh_token token client_secret access_token client_assertion", name) {
			p.secrets.add(name, values[0])
		}
	}
	r, err := http.NewRequest(http.MethodPost, p.url+path, strings.NewReader(form.Encode()))
	require.NoError(p.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("photoprint", secret)
	a := do(p.t, http.DefaultClient, r)
	if a.StatusCode >= 400 {
		p.refused.WriteString(a.body)
		p.refused.WriteString(a.Header.Get("WWW-Authenticate"))
	}
	members := map[string]any{}
	if len(a.body) > 0 {
		members = a.json(p.t)
	}
	for _, name := range []string{"access_token", "refresh_token", "id_token"} {
		if token, ok := members[name].(string); ok {
			p.secrets.add(name, token)
		}
	}
	return members
}

// everything goes through all that the server does, rightly and wrongly.
func (p *spy) everything() {
	v := request("photoprint", "scope", "openid email profile phone points_read", "nonce", "a-nonce-of-the-client", "state", "a-state-of-the-client")
	p.secrets.add("nonce", v.Get("nonce"))
	p.secrets.add("state", v.Get("state"))
	signIn := p.get(p.get("/oauth2/authorize?" + v.Encode()).Header.Get("Location"))
	p.submit(signIn, "sign-in", "username", "ana@example.com", "password", "a wrong password of somebody")
	p.submit(signIn, "sign-in", "username", "nobody@example.org", "password", "another wrong password")
	back := p.submit(signIn, "sign-in", "username", "ana@example.com", "password", testPassword)
	consent := p.get(p.get(back.Header.Get("Location")).Header.Get("Location"))
	code := queryOf(p.t, p.get(p.submit(consent, "consent", "decision", "allow").Header.Get("Location")).Header.Get("Location")).Get("code")
	require.NotEmpty(p.t, code)

	p.call("/oauth2/token", "a-wrong-secret-of-more-than-32-characters", exchangeForm(code))
	p.call("/oauth2/token", testSecret, exchangeForm(code, "code_verifier", strings.Repeat("wrong-verifier.", 4)))
	tokens := p.call("/oauth2/token", testSecret, exchangeForm(code))
	access, refresh := tokens["access_token"].(string), tokens["refresh_token"].(string)
	claims := p.userinfo(access).json(p.t)
	for _, claim := range []string{"email", "name", "phone_number", "family_name"} {
		p.secrets.add("claim", claims[claim].(string))
	}
	p.call("/oauth2/introspect", testSecret, url.Values{"token": {access}})
	second := p.call("/oauth2/token", testSecret, refreshForm(refresh))
	p.call("/oauth2/token", testSecret, url.Values{"grant_type": {"client_credentials"}, "scope": {"catalogue"}})
	p.call("/oauth2/token", testSecret, url.Values{"grant_type": {"client_credentials"}, "client_secret": {"another-secret-in-the-body-of-the-request"}})
	p.call("/oauth2/token", testSecret, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {access}})
	p.call("/oauth2/token", testSecret, exchangeForm(code)) // a replay
	p.call("/oauth2/revoke", testSecret, url.Values{"token": {second["refresh_token"].(string)}})

	for _, misplaced := range []string{"/oauth2/userinfo?access_token=" + access, "/oauth2/token?client_secret=" + testSecret + "&code=" + code,
		"/" + access, "/oauth2/token/" + refresh, "/login?password=" + url.QueryEscape(testPassword), "/account?code=" + code + "&%zz", "/consent?interaction=" + access} {
		p.get(misplaced)
	}
	hint := "/oauth2/authorize?" + request("photoprint", "id_token_hint", tokens["id_token"].(string), "login_hint", "ana@example.com", "prompt", "none").Encode()
	p.get(hint)
	p.submit(p.get("/account"), "change-password", "action", "password", "current_password", "a third wrong password", "new_password", "a new password that is long")
	p.submit(p.get("/account"), "profile", "action", "profile", "first_name", "Anamaria", "last_name", "Souza-Pereira")
	p.submit(p.get("/account/apps"), "app-photoprint", "action", "disconnect")
	p.submit(p.get("/logout"), "sign-out")
	p.submit(p.get("/signup"), "sign-up", "email", "ana@example.com", "password", "a password for a taken address", "last_name", "Impostor")
	p.submit(p.get("/signup"), "sign-up", "email", "new-person@example.org", "password", "a password of a new person", "last_name", "Newperson")
}

func TestNothingSecretIsLoggedOrToldByAnError(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		p := newSpy(t, newTestServer(t, dsn))
		p.everything()

		blow := func(string) { panic("a defect") }
		p.count.before.Store(&blow) // a panic in the middle of a request
		p.call("/oauth2/introspect", testSecret, url.Values{"token": {p.newAccess()}})
		p.count.before.Store(nil)
		p.b = p.newBrowser()
		signIn := p.get("/login")
		require.NoError(t, p.store.Close()) // and the database away
		p.call("/oauth2/introspect", testSecret, url.Values{"token": {p.newAccess()}})
		p.submit(signIn, "sign-in", "username", "ana@example.com", "password", testPassword)

		logged := p.log.String()
		for _, expected := range []string{`"msg":"request"`, `"msg":"refused"`, `"msg":"panic"`, "a page failed", "invalid_grant", "temporarily_unavailable"} {
			require.Contains(t, logged, expected, "the test sees what is logged")
		}
		require.Greater(t, len(p.secrets), 40)
		p.secrets.requireAbsent(t, "the log", logged)
		p.secrets.requireAbsent(t, "an answer about an error", p.refused.String())
	})
}

// newAccess is the first access token that was noted: dead by now, but of our making.
func (p *spy) newAccess() string {
	for what, value := range p.secrets {
		if strings.HasPrefix(what, "access_token") && strings.HasPrefix(value, "gat_") {
			return value
		}
	}
	return ""
}

// Whoever gets a copy of the database cannot use what is in it.
func TestADumpOfTheDatabaseHoldsNoCredential(t *testing.T) {
	t.Parallel()
	dsn := testdb.SQLite(t)
	s := newTestServer(t, dsn)
	p := newSpy(t, s)
	l := newLive(s) // things under way: an unspent code, living tokens
	p.everything()
	for what, token := range map[string]string{"code": l.code, "access_token": l.access, "refresh_token": l.refresh} {
		p.secrets.add(what, token)
	}
	for what, value := range p.secrets {
		switch kind, _, _ := strings.Cut(what, " "); kind {
		case "claim", "nonce", "state": // people's data is what a database is for; a nonce is no credential
			delete(p.secrets, what)
		}
		if len(value) == 96 { // a token: neither its bytes, nor the half that proves it
			raw, err := base64.RawURLEncoding.DecodeString(value[4:])
			require.NoError(t, err)
			p.secrets["bytes of "+what] = string(raw)
			p.secrets["proof of "+what] = string(raw[21:])
			p.secrets["hex of "+what] = hex.EncodeToString(raw[21:])
		}
	}
	dump := p.dump(strings.TrimPrefix(dsn, "sqlite:"))
	for what, value := range p.secrets {
		require.False(t, strings.Contains(dump, value), "the database holds the %s", what)
	}
	for what, mark := range map[string]string{
		"PEM": "PRIVATE KEY", "a private JWK": `"d":"`, "PKCS#8 of an EC key": "2a8648ce3d020106082a8648ce3d030107", "PKCS#8 of an RSA key": "2a864886f70d0101010500",
	} {
		raw, err := hex.DecodeString(mark)
		if err != nil {
			raw = []byte(mark)
		}
		require.False(t, strings.Contains(dump, string(raw)), "the database holds a private key as %s", what)
	}
	require.Contains(t, dump, `"kid":"`, "the test sees what is stored")
	require.Contains(t, dump, "new-person@example.org")
}

func (p *spy) dump(path string) string {
	files, err := filepath.Glob(path + "*")
	require.NoError(p.t, err)
	var all strings.Builder
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(p.t, err)
		all.Write(raw)
	}
	return all.String()
}
