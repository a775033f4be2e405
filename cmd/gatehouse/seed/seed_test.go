package seed_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"gatehouse/cmd/gatehouse/seed"
	"gatehouse/identity"
	"gatehouse/internal/secret"
	"gatehouse/internal/testdb"
	"gatehouse/registry"
	"gatehouse/registry/logo"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

const everything = `
companies:
  - {id: acme, name: Acme Ltd}
users:
  - email: Ana@Example.com
    password: "correct horse battery staple"
    email_verified: true
    phone: "+59899123456"
    phone_verified: true
    first_name: Ana
    last_name: Souza
    company: acme
    roles: [company_admin]
    attributes: {EmployeeID: "123100", points: 120, ratio: 0.1, big: 9007199254740993, zero: 1.0, born: 2000-01-31, deep: {a: [1, x, null, true]}}
  - {email: imported@example.com, password_hash: "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", disabled: true}
  - {phone: "+59899000111", locale: pt-BR}
scopes:
  - {name: points_read, title: {en: Points, es: Puntos}, description: {en: Your points}, claims: [points], sensitive: true, client: true}
publishers:
  - {id: printco, name: Print Co, verified: true, developers: [Dev@Example.com]}
  - {id: other, name: Other}
clients:
  - client_id: photoprint
    client_secret: "s3cr3t-of-at-least-32-characters-xx"
    name: PhotoPrint
    names: {es: FotoPrint}
    publisher: printco
    redirect_uris: ["https://photoprint.example/cb"]
    grant_types: [authorization_code, refresh_token, client_credentials]
    token_types: [user, company]
    token_endpoint_auth_method: client_secret_basic
    scopes: [{name: openid, required: true}, {name: points_read, purpose: {en: to show what you can spend}}]
    subject_type: pairwise
    status: suspended
    resource_server: true
    first_party: true
    pkce: optional
    id_token_signed_response_alg: RS256
    access_token_lifetime: never
    refresh_token_lifetime: 90m
    code_lifetime: 60
    refresh_reuse_grace: 0
    logo_uri: https://photoprint.example/logo.png
    client_uri: https://photoprint.example/
    policy_uri: https://photoprint.example/policy
    tos_uri: https://photoprint.example/tos
    contacts: [help@photoprint.example]
    post_logout_redirect_uris: ["https://photoprint.example/bye"]
    initiate_login_uri: https://photoprint.example/login
    jwks: {keys: [{kty: EC, crv: P-256, x: "1", y: "2"}]}
    webhook_uri: https://photoprint.example/hook
    dialects:
      boxo: {app_id: photoprint, strict_headers: false, platform: {token_url: "https://boxo.example/token", app_secret: an-0utbound-secret}}
      gam: {superapp: {client_id: us, client_secret: ""}}
      xoxoday: {store_url: "https://store.example/", sso_lifetime: 5m, extended: false, validate_expires_in: s}
  - {client_id: phone, public: true, name: Phone, redirect_uris: ["com.example.phone:/cb"]}
`

func newTarget(t *testing.T, dsn string) seed.Target {
	t.Helper()
	store, err := gormstore.Open(t.Context(), dsn, gormstore.Options{Migrate: true, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { store.Close() })
	root, err := secret.New([]byte("a root secret of at least 32 bytes"), nil)
	require.NoError(t, err)
	return seed.Target{
		Store: store, Registry: registry.New(store, time.Now), Passwords: identity.NewPasswords(64 << 20),
		Outbound: registry.NewOutbound(root), Now: time.Now,
	}
}

func plan(t *testing.T, to seed.Target, text string) (*seed.Plan, error) {
	t.Helper()
	s := new(seed.Seed)
	if err := s.Add("test.yaml", []byte(text)); err != nil {
		return nil, err
	}
	return s.Plan(t.Context(), to)
}

// apply applies a seed and returns what it changed.
func apply(t *testing.T, to seed.Target, text string) string {
	t.Helper()
	p, err := plan(t, to, text)
	require.NoError(t, err)
	require.NoError(t, p.Apply(t.Context()))
	var lines []string
	for _, c := range p.Changes() {
		lines = append(lines, c.String())
	}
	return strings.Join(lines, "\n")
}

func TestApplyingTwiceChangesNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		to := newTarget(t, dsn)
		require.NotEmpty(t, apply(t, to, everything))
		before, err := to.Store.Revision(t.Context())
		require.NoError(t, err)
		require.Empty(t, apply(t, to, everything))
		after, err := to.Store.Revision(t.Context())
		require.NoError(t, err)
		require.Equal(t, before, after, "not even a write")
	})
}

func TestExportAppliesToTheSameState(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		from, to := newTarget(t, dsn), newTarget(t, testdb.SQLite(t))
		apply(t, from, everything)
		exported := export(t, from)
		require.NotContains(t, exported, "correct horse")
		require.NotContains(t, exported, "s3cr3t")
		require.NotContains(t, exported, "an-0utbound-secret")
		require.Empty(t, apply(t, from, exported))
		apply(t, to, exported)
		require.Equal(t, exported, export(t, to))
		require.Empty(t, apply(t, to, everything), "secrets and passwords went along")
	})
}

const issuer = "https://login.example"

func TestAnExportMakesNobodyOfATestPersonAndSaysWhatItLeavesOut(t *testing.T) {
	from, to := newTarget(t, testdb.SQLite(t)), newTarget(t, testdb.SQLite(t))
	apply(t, from, `publishers: [{id: acme, name: Acme}]
clients:
  - {client_id: kiosk, client_secret: one-secret-of-the-kiosk-long-enough, name: Kiosk, publisher: acme, redirect_uris: ["https://kiosk.example/cb"], logo_uri: "`+logo.URI(issuer, strings.Repeat("a", 64))+`"}`)
	store, now := from.Store.(seed.Source), time.Now().UTC().Truncate(time.Microsecond)
	tester := storage.User{ID: uuid.NewString(), Email: "tester@example.com", TestPublisher: "acme", CreatedAt: now, UpdatedAt: now}
	require.NoError(t, store.CreateUser(t.Context(), tester))
	client, err := store.Client(t.Context(), "kiosk")
	require.NoError(t, err)
	_, err = from.Registry.RotateSecret(t.Context(), from.Outbound, "kiosk", time.Hour)
	require.NoError(t, err)
	version := storage.ClientVersion{ID: uuid.NewString(), ClientID: "kiosk", Status: storage.StatusSubmitted, Client: client, CreatedAt: now, UpdatedAt: now}
	require.NoError(t, store.ApplyReview(t.Context(), storage.Review{Version: &version}))

	text := export(t, from)
	require.NotContains(t, text, "tester@example.com")
	for _, note := range []string{"# Test people of publishers are left out: 1.", "# Client kiosk has 2 secrets", "# Client kiosk has an uploaded logo", "# Client kiosk has a version that waits (submitted)"} {
		require.Contains(t, text, note)
	}
	require.Empty(t, apply(t, from, text))
	apply(t, to, text)
	_, err = to.Store.UserByLogin(t.Context(), tester.Email)
	require.ErrorIs(t, err, storage.ErrNotFound)
}

func export(t *testing.T, to seed.Target) string {
	t.Helper()
	file, err := seed.Export(t.Context(), to.Store.(seed.Source), issuer, time.Now())
	require.NoError(t, err)
	var text bytes.Buffer
	require.NoError(t, file.Write(&text))
	return text.String()
}

func TestAttributesKeepTheirTypes(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		to := newTarget(t, dsn)
		apply(t, to, everything)
		u, err := to.Store.UserByLogin(t.Context(), "ana@example.com")
		require.NoError(t, err)
		raw, err := json.Marshal(u.Attributes)
		require.NoError(t, err)
		require.JSONEq(t, `{"EmployeeID":"123100","points":120,"ratio":0.1,"big":9007199254740993,"zero":1,"born":"2000-01-31","deep":{"a":[1,"x",null,true]}}`, string(raw))
		require.Contains(t, string(raw), "9007199254740993", "no digit is lost")
	})
}

func TestStatusAndVerificationStayWhatReviewersMadeThem(t *testing.T) {
	to := newTarget(t, testdb.SQLite(t))
	const text = `
publishers: [{id: printco, name: Print Co}]
clients: [{client_id: phone, public: true, name: Phone, redirect_uris: ["com.example.phone:/cb"]}]
`
	apply(t, to, text)
	c, err := to.Store.Client(t.Context(), "phone")
	require.NoError(t, err)
	require.Equal(t, storage.StatusApproved, c.Status)
	was := c.UpdatedAt
	c.Status = storage.StatusSuspended
	require.NoError(t, to.Registry.Update(t.Context(), c, was))
	require.NoError(t, to.Store.SavePublisher(t.Context(), storage.Publisher{ID: "printco", Name: "Print Co", Verified: true, VerifiedAt: time.Now()}))

	require.Empty(t, apply(t, to, text))
	require.Contains(t, apply(t, to, strings.Replace(text, "public: true", "public: true, status: approved", 1)), "status: suspended → approved")
	require.Contains(t, apply(t, to, strings.Replace(text, "Co}", "Co, verified: false}", 1)), "verified: true → false")
}

func TestWhatPeopleSayAboutThemselvesStaysButRolesDoNot(t *testing.T) {
	to := newTarget(t, testdb.SQLite(t))
	apply(t, to, everything)
	require.Equal(t, "~ user ana@example.com\n    company: acme → \"\"\n    roles: [company_admin] → []", apply(t, to, "users: [{email: ana@example.com}]"))
	u, err := to.Store.UserByLogin(t.Context(), "ana@example.com")
	require.NoError(t, err)
	require.Equal(t, "+59899123456", u.Phone)
	require.Equal(t, "Ana", u.FirstName)
	require.NotEmpty(t, u.Attributes)
	require.NotEmpty(t, u.PasswordHash)
}

func TestAnAccountThatChangedSinceThePlanIsLeftAlone(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		to := newTarget(t, dsn)
		apply(t, to, everything)
		p, err := plan(t, to, strings.Replace(everything, "first_name: Ana", "first_name: Anna", 1))
		require.NoError(t, err)
		u, err := to.Store.UserByLogin(t.Context(), "ana@example.com")
		require.NoError(t, err)
		require.NoError(t, to.Store.SetNames(t.Context(), u.ID, "Eva", "Souza", time.Now()))
		err = p.Apply(t.Context())
		require.ErrorIs(t, err, storage.ErrConflict)
		require.ErrorContains(t, err, "user ana@example.com was changed by somebody else meanwhile; apply again")
		u, err = to.Store.User(t.Context(), u.ID)
		require.NoError(t, err)
		require.Equal(t, "Eva", u.FirstName)
	})
}

func TestAPasswordThatVerifiesIsLeftAlone(t *testing.T) {
	to := newTarget(t, testdb.SQLite(t))
	apply(t, to, everything)
	hash := func(login string) string {
		u, err := to.Store.UserByLogin(t.Context(), login)
		require.NoError(t, err)
		return u.PasswordHash
	}
	before := hash("ana@example.com")
	require.Empty(t, apply(t, to, everything))
	require.Equal(t, before, hash("ana@example.com"))
	require.Contains(t, apply(t, to, strings.Replace(everything, "correct horse battery staple", "another passphrase", 1)), "password: replaced")
	require.NotEqual(t, before, hash("ana@example.com"))

	// The owner of an imported hash signed in, so it was replaced by one of our own.
	u, err := to.Store.UserByLogin(t.Context(), "imported@example.com")
	require.NoError(t, err)
	own, err := to.Passwords.Hash(t.Context(), "whatever it was")
	require.NoError(t, err)
	require.NoError(t, to.Store.SetPassword(t.Context(), u.ID, "", own, time.Now(), false, ""))
	require.NotContains(t, apply(t, to, everything), "imported@example.com")
	require.Equal(t, own, hash("imported@example.com"))
}

func TestARotatedSecretIsNotUndoneByTheFile(t *testing.T) {
	to := newTarget(t, testdb.SQLite(t))
	apply(t, to, everything)
	_, err := to.Registry.RotateSecret(t.Context(), to.Outbound, "photoprint", time.Hour)
	require.NoError(t, err)
	require.Empty(t, apply(t, to, everything), "the seed's secret still lives")
	_, err = to.Registry.RotateSecret(t.Context(), to.Outbound, "photoprint", 0)
	require.NoError(t, err)
	require.Empty(t, apply(t, to, everything), "the seed's secret is retired, and stays so")
	hashed := strings.Replace(everything, `client_secret: "s3cr3t-of-at-least-32-characters-xx"`,
		`client_secret_hash: "`+registry.HashSecret("s3cr3t-of-at-least-32-characters-xx")+`"`, 1)
	require.Empty(t, apply(t, to, hashed), "nor by its hash")
	other := strings.Replace(everything, "s3cr3t-of-at", "another-of-at", 1)
	require.Equal(t, "~ client photoprint\n    client_secret: replaced", apply(t, to, other), "one that the client never had is wanted")
	require.Empty(t, apply(t, to, strings.Replace(everything, `    client_secret: "s3cr3t-of-at-least-32-characters-xx"`+"\n", "", 1)), "no secret in the file leaves those that there are")
}

func TestOutboundSecretsAreSealed(t *testing.T) {
	to := newTarget(t, testdb.SQLite(t))
	apply(t, to, everything)
	c, err := to.Store.Client(t.Context(), "photoprint")
	require.NoError(t, err)
	require.NotContains(t, string(c.Dialects["boxo"]), "an-0utbound-secret")
	sealed := *seed.ClientOf(c).Dialects.Boxo.Platform.AppSecret
	opened, current, err := to.Outbound.Open("photoprint", sealed)
	require.NoError(t, err)
	require.True(t, current)
	require.Equal(t, "an-0utbound-secret", opened)
	_, _, err = to.Outbound.Open("another", sealed)
	require.ErrorIs(t, err, secret.ErrSealed)
	require.Contains(t, apply(t, to, strings.Replace(everything, "an-0utbound-secret", "another", 1)), "dialects: ")

	root, err := secret.New([]byte("another secret of at least 32 bytes"), nil)
	require.NoError(t, err)
	exported := export(t, to)
	to.Outbound = registry.NewOutbound(root)
	_, err = plan(t, to, exported)
	require.ErrorContains(t, err, "clients[1].dialects.boxo.platform.app_secret: was exported under another root secret")
}

// signing is a seed of a mini app with these lines among its keys, and these among its settings for GAM.
func signing(keys, settings string) string {
	return `
clients:
  - client_id: mini
    name: Mini
    ` + keys + `
    dialects:
      gam: {rest_authentication: true, ` + settings + `}
`
}

const (
	withSecret = `client_secret: "s3cr3t-of-at-least-32-characters-xx"`
	signinURL  = `signin_url: "https://mini.example/oauth/gam/signin"`
)

// signinSecret is what the sign-in call of the mini app of signing sends.
func signinSecret(t *testing.T, to seed.Target) string {
	t.Helper()
	c, err := to.Store.Client(t.Context(), "mini")
	require.NoError(t, err)
	gam, _ := registry.GAMOf(&c)
	value, current, err := to.Outbound.Open("mini", gam.SigninSecret)
	require.NoError(t, err)
	require.True(t, current)
	return value
}

func TestTheSignInCallSendsTheClientSecretOfTheFile(t *testing.T) {
	const own = "s3cr3t-of-at-least-32-characters-xx"
	withHash := `client_secret_hash: "` + registry.HashSecret(own) + `"`
	testdb.Each(t, func(t *testing.T, dsn string) {
		to := newTarget(t, dsn)
		unchanged := func(text string) {
			t.Helper()
			p, err := plan(t, to, text)
			require.NoError(t, err)
			require.Empty(t, p.Changes())
			require.Empty(t, p.Warnings)
		}
		apply(t, to, signing(withSecret, ""))
		require.Empty(t, signinSecret(t, to), "there is no call")
		file := signing(withSecret, signinURL)
		require.Contains(t, apply(t, to, file), "signin_secret: 'sealed:…'}", "a diff shows no more than that")
		require.Equal(t, own, signinSecret(t, to))
		for _, text := range []string{file, signing(withHash, signinURL), signing("", signinURL), signing(withSecret, signinURL+`, signin_secret: ""`), signing(withSecret, signinURL+", signin_secret: "+own), export(t, to)} {
			unchanged(text)
		}
		elsewhere := newTarget(t, testdb.SQLite(t))
		apply(t, elsewhere, export(t, to))
		require.Equal(t, own, signinSecret(t, elsewhere))
		require.Empty(t, apply(t, elsewhere, file))

		rotated, err := to.Registry.RotateSecret(t.Context(), to.Outbound, "mini", time.Hour)
		require.NoError(t, err)
		before := export(t, elsewhere)
		for _, text := range []string{file, before, signing(withSecret, signinURL+", signin_secret: "+own)} {
			unchanged(text)
			require.Equal(t, rotated, signinSecret(t, to), "a rotation wins over the file")
		}
		require.Equal(t, "~ client mini\n    dialects: a sealed secret replaced", apply(t, to, signing(withSecret, signinURL+", signin_secret: another")))
		require.Equal(t, "another", signinSecret(t, to))
		require.Equal(t, "~ client mini\n    client_secret: replaced", apply(t, to, signing(`client_secret: "an0ther-of-at-least-32-characters-x"`, signinURL+", signin_secret: another")))
		require.Contains(t, apply(t, to, signing(`client_secret: "an0ther-of-at-least-32-characters-x"`, signinURL)), "a sealed secret replaced")
		require.Equal(t, "an0ther-of-at-least-32-characters-x", signinSecret(t, to))
		require.Contains(t, apply(t, to, signing("", "")), "dialects: ")
		require.Empty(t, signinSecret(t, to), "it goes with the address")
		require.NotContains(t, export(t, to), "sealed:")
	})
}

func TestASignInSecretThatIsNotKnownIsAWarning(t *testing.T) {
	to := newTarget(t, testdb.SQLite(t))
	imported := signing(`client_secret_hash: "`+registry.HashSecret("s3cr3t-of-at-least-32-characters-xx")+`"`, signinURL)
	p, err := plan(t, to, imported)
	require.NoError(t, err)
	require.Len(t, p.Warnings, 1)
	require.Equal(t, "test.yaml line 7, clients[0].dialects.gam.signin_secret", p.Warnings[0].At)
	require.Contains(t, p.Warnings[0].Text, "give the present client_secret, or signin_secret")
	require.NoError(t, p.Apply(t.Context()))
	require.Empty(t, apply(t, to, imported))
	require.Empty(t, signinSecret(t, to))
	require.Contains(t, apply(t, to, signing(withSecret, signinURL)), "signin_secret")
	require.Equal(t, "s3cr3t-of-at-least-32-characters-xx", signinSecret(t, to))

	p, err = plan(t, to, signing(`client_secret_hash: "`+registry.HashSecret("an0ther-of-at-least-32-characters-x")+`"`, signinURL))
	require.NoError(t, err)
	require.Len(t, p.Warnings, 1, "what is kept is not that secret")

	_, err = plan(t, to, signing("public: true", signinURL))
	require.ErrorContains(t, err, "clients[0].dialects.gam.signin_secret: is missing")
	_, err = plan(t, to, signing(withSecret, "signin_secret: another"))
	require.ErrorContains(t, err, "clients[0].dialects.gam.signin_secret: is what the call to signin_url sends; add signin_url")
}

func TestNothingIsWrittenWhenAnythingIsWrong(t *testing.T) {
	to := newTarget(t, testdb.SQLite(t))
	_, err := plan(t, to, everything+"  - {client_id: bad}\n")
	var problems seed.Problems
	require.ErrorAs(t, err, &problems)
	require.Contains(t, problems[0].At, "test.yaml line 57, clients[2]")
	users, err := to.Store.Users(t.Context(), "", 1)
	require.NoError(t, err)
	require.Empty(t, users)
}

func TestConflictsBetweenAccountsAreFoundBeforehand(t *testing.T) {
	to := newTarget(t, testdb.SQLite(t))
	apply(t, to, everything)
	for text, says := range map[string]string{
		`users: [{email: ben@example.com, phone: "+59899123456"}]`:                                            "users[0].phone: belongs to another account",
		`users: [{email: ben@example.com}, {email: BEN@example.com}]`:                                         "is there twice",
		`users: [{email: ben@example.com, phone: "+5989900"}, {email: eve@example.com, phone: "+598 99 00"}]`: "+5989900",
		`users: [{email: ana@example.com, id: 3f2504e0-4f89-41d3-9a0c-0305e82c3301}]`:                         "an id cannot be changed",
		`users: [{email: ben@example.com, roles: [company_admin]}]`:                                           "needs a company",
		`users: [{first_name: Nobody}]`:                                                                       "users[0].email: is missing",
		`clients: [{client_id: a, name: A, public: true, redirect_uris: ["https://a.example"]}, {client_id: a, name: A, public: true, redirect_uris: ["https://a.example"]}]`: "is there twice",
		`companies: [{id: a, name: A}, {id: a, name: B}]`: "is there twice",
	} {
		_, err := plan(t, to, text)
		require.ErrorContains(t, err, says, text)
	}
}

func TestAddRefusesWhatIsNotInTheSchema(t *testing.T) {
	for text, says := range map[string]string{
		"foo: []":                              "test.yaml line 1, foo: is not a key; use companies, users, scopes, publishers or clients",
		"client: []":                           "test.yaml line 1, client: is not a key; did you mean clients?",
		"clients: {a: b}":                      "clients: must be a list",
		"clients: [a]":                         "clients[0]: must be a map of client_id,",
		"clients: [null]":                      "clients[0]: must not be empty",
		"[]":                                   "must be a map of companies, users",
		"users: [{email: a, email: b}]":        "is there twice",
		"users: [{email: [a]}]":                "users[0].email: must be a text",
		"users: [{disabled: 1}]":               "must be true or false",
		"users: [{attributes: [a]}]":           "users[0].attributes: must be a map",
		"users: [{attributes: {a: .inf}}]":     "which JSON cannot hold",
		"users: [{attributes: {1: {[a]: b}}}]": "key that is not a text",
		"users: [{attributes: {a: 99999999999999999999}}]":          "",
		"clients: [{scopes: [{name: a, purpose: {en: a, en: b}}]}]": "each key must be a text, and there once",
		"clients: [{refresh_reuse_grace: never}]":                   "must be a number of seconds",
		"clients: [{access_token_lifetime: -1}]":                    "at least one second, as a number or a duration such as 720h, or never",
		"clients: [{code_lifetime: 99999999999999}]":                "is too long",
		"clients: [{dialects: {boxo: {appid: a}}}]":                 "did you mean app_id?",
		"clients: [{dialects: {boxi: {}}}]":                         "did you mean boxo?",
		"publishers: [{verified_at: yesterday}]":                    "must be a time such as",
		"a: &a [*a]":                                                "is not a key",
		"users: &a [*a]":                                            "must be a map",
		"users: [&a {<<: *a}]":                                      "must be a map",
		"<<: {users: []}":                                           "is not a key",
		"users: [\x00]":                                             "is not YAML",
		"\t":                                                        "is not YAML",
	} {
		err := new(seed.Seed).Add("test.yaml", []byte(text))
		if says == "" {
			require.NoError(t, err, text)
			continue
		}
		require.ErrorContains(t, err, says, text)
	}
}

func TestAnchorsAndMergesWork(t *testing.T) {
	to := newTarget(t, testdb.SQLite(t))
	apply(t, to, `
clients:
  - &base {client_id: one, public: true, name: One, redirect_uris: &uris ["com.example.phone:/cb"]}
  - {<<: *base, client_id: two}
  - {client_id: three, public: true, name: Three, redirect_uris: *uris}
`)
	for _, id := range []string{"one", "two", "three"} {
		c, err := to.Store.Client(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, []string{"com.example.phone:/cb"}, c.RedirectURIs)
	}
}

func TestAHugeDocumentOfAliasesIsRefused(t *testing.T) {
	var text strings.Builder
	text.WriteString("users:\n- {roles: &a0 [x" + strings.Repeat(", x", 2_000) + "]}\n")
	text.WriteString("clients:\n")
	for range 200 {
		text.WriteString("- {redirect_uris: *a0, grant_types: *a0, contacts: *a0, token_types: *a0}\n")
	}
	err := new(seed.Seed).Add("bomb.yaml", []byte(text.String()))
	require.ErrorContains(t, err, "more than 1000000 values")
}

func TestPlanStopsWhenTheDatabaseDoesNotAnswer(t *testing.T) {
	to := newTarget(t, testdb.SQLite(t))
	s := new(seed.Seed)
	require.NoError(t, s.Add("test.yaml", []byte(everything)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Plan(ctx, to)
	require.ErrorIs(t, err, context.Canceled)
}

// keysUnder returns the keys of a struct as JSON has them, with those of the structs within it after a dot.
func keysUnder(t *testing.T, under string, of reflect.Type) []string {
	var keys []string
	for f := range of.Fields() {
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if inYAML, found := f.Tag.Lookup("yaml"); found {
			require.Equal(t, key+",omitempty", inYAML)
		}
		keys = append(keys, under+key)
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct {
			keys = append(keys, keysUnder(t, under+key+".", inner)...)
		}
	}
	return keys
}

func TestDialectsHaveTheKeysThatTheRegistryReads(t *testing.T) {
	require.Equal(t, keysUnder(t, "", reflect.TypeFor[struct {
		Boxo    registry.Boxo    `json:"boxo"`
		BoxC    registry.BoxC    `json:"boxc"`
		GAM     registry.GAM     `json:"gam"`
		Xoxoday registry.Xoxoday `json:"xoxoday"`
	}]()), keysUnder(t, "", reflect.TypeFor[seed.Dialects]()))
}

func TestTheRegistryReadsWhatASeedSaysOfDialects(t *testing.T) {
	to := newTarget(t, testdb.SQLite(t))
	apply(t, to, `
clients:
  - client_id: one
    client_secret: "s3cr3t-of-at-least-32-characters-xx"
    name: One
    dialects:
      boxo: {required_fields: [email], platform: {app_secret: an-0utbound-secret}}
      boxc: {return_uri_prefixes: ["https://one.example/connect/user/*"]}
      gam: {rest_authentication: false, superapp: {url: "https://superapp.example", client_id: 123, client_secret: another-secret}}
      xoxoday: {sso_lifetime: 300, validate_expires_in: ms}
`)
	c, err := to.Store.Client(t.Context(), "one")
	require.NoError(t, err)
	boxo, _ := registry.BoxoOf(&c)
	require.Equal(t, []string{"email"}, boxo.RequiredFields)
	require.True(t, registry.IsSealed(boxo.Platform.AppSecret))
	boxc, _ := registry.BoxCOf(&c)
	require.True(t, registry.MatchReturnURI(boxc.ReturnURIPrefixes, "https://one.example/connect/user/7"))
	gam, _ := registry.GAMOf(&c)
	require.False(t, gam.RESTAuthentication)
	require.Equal(t, "123", gam.SuperApp.ClientID)
	xoxoday, _ := registry.XoxodayOf(&c)
	require.Equal(t, 5*time.Minute, xoxoday.SSOLifetime)
	require.Equal(t, "ms", xoxoday.ValidateExpiresIn)
}

func TestOneClientPerMiniAppOfASuperApp(t *testing.T) {
	to := newTarget(t, testdb.SQLite(t))
	client := func(id, superAppClientID string) string {
		return `  - {client_id: ` + id + `, client_secret: "s3cr3t-of-at-least-32-characters-xx", name: Mini,
      dialects: {gam: {superapp: {url: "https://superapp.example", client_id: ` + superAppClientID + `, client_secret: x}}}}
`
	}
	_, err := plan(t, to, "clients:\n"+client("one", "theirs")+client("two", "theirs"))
	require.ErrorContains(t, err, `clients[1].dialects.gam.superapp.client_id: "theirs" is there twice`)
	apply(t, to, "clients:\n"+client("one", "theirs"))
	require.Empty(t, apply(t, to, "clients:\n"+client("one", "theirs")))
	_, err = plan(t, to, "clients:\n"+client("two", "theirs"))
	require.ErrorContains(t, err, `clients[0].dialects.gam.superapp.client_id: "theirs" is that of the client "one" already`)
	require.NotEmpty(t, apply(t, to, "clients:\n"+client("one", "other")+client("two", "theirs")), "it is given over")
}

func TestEntryTakesTextsAndYAML(t *testing.T) {
	c, err := seed.Entry[seed.Client](map[string][]string{
		"client_id": {"123"}, "name": {"true"}, "public": {"true"}, "redirect_uris": {"com.example.phone:/cb", "http://127.0.0.1/cb"},
		"scopes": {"openid", "{name: email, required: true}"}, "code_lifetime": {"60"}, "names": {"{es: Sí}"},
	})
	require.NoError(t, err)
	require.Equal(t, "123", c.ClientID)
	require.Equal(t, "true", c.Name)
	require.True(t, c.Public)
	require.Len(t, c.RedirectURIs, 2)
	require.Equal(t, []seed.ClientScope{{Name: "openid"}, {Name: "email", Required: true}}, c.Scopes)
	require.Equal(t, "Sí", c.Names["es"])
	_, err = seed.Entry[seed.Client](map[string][]string{"public": {"perhaps"}})
	require.EqualError(t, err, "public: must be true or false")
	_, err = seed.Entry[seed.Client](map[string][]string{"names": {"{"}})
	require.ErrorContains(t, err, "names: is not YAML")
	for key, text := range map[string]string{"scopes": "openid,email", "grant_types": "authorization_code refresh_token", "token_types": "user, company"} {
		_, err = seed.Entry[seed.Client](map[string][]string{key: {text}})
		require.ErrorContains(t, err, "is several; give each by itself, as in --"+strings.ReplaceAll(key, "_", "-"))
	}
	c, err = seed.Entry[seed.Client](map[string][]string{"redirect_uris": {"https://a.example/cb?x=1,2"}, "contacts": {"Print Co, help@a.example"}})
	require.NoError(t, err)
	require.Equal(t, []string{"https://a.example/cb?x=1,2"}, c.RedirectURIs)
}

func FuzzAdd(f *testing.F) {
	f.Add([]byte(everything))
	f.Add([]byte("users: [&a {email: a@b.c, attributes: {x: 1e400}}]\n---\nusers: [{<<: *a}]"))
	f.Add([]byte("clients: [{client_id: a, code_lifetime: 1s, dialects: {gam: {superapp: {url: x}}}}]"))
	f.Add([]byte("publishers: [{verified_at: 2026-01-01}]"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s := new(seed.Seed)
		if err := s.Add("fuzz.yaml", raw); err != nil {
			require.NotContains(t, err.Error(), "seed.", "Go types are nobody's business")
		}
	})
}
