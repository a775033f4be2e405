package consent_test

import (
	"bytes"
	"context"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/consent"
	"gatehouse/identity"
	"gatehouse/identity/claims"
	"gatehouse/internal/interaction"
	"gatehouse/internal/rim"
	"gatehouse/internal/secret"
	"gatehouse/internal/testdb"
	"gatehouse/registry"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
	"gatehouse/templates"
)

// house is the consent pages on a database of their own, with people and mini apps.
type house struct {
	t        *testing.T
	store    *gormstore.Store
	sealer   *interaction.Sealer
	claims   *claims.Claims
	registry *registry.Registry
	reads    *consent.Reads
	server   *httptest.Server
	offset   atomic.Int64 // added to the clock
}

func (h *house) now() time.Time { return time.Now().Add(time.Duration(h.offset.Load())) }

func (h *house) pass(d time.Duration) { h.offset.Add(int64(d)) }

func newHouse(t *testing.T) *house { return newHouseOn(t, testdb.SQLite(t)) }

func newHouseOn(t *testing.T, dsn string, change ...func(*consent.PagesOptions)) *house {
	h := &house{t: t}
	store, err := gormstore.Open(t.Context(), dsn, gormstore.Options{Migrate: true, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { store.Close() })
	root, err := secret.New(bytes.Repeat([]byte("r"), 32), nil)
	require.NoError(t, err)
	pages, err := templates.New(templates.Brand{Name: "Gatehouse"}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	h.store = store
	h.sealer = interaction.NewSealer(root, h.now)
	h.registry = registry.New(store, h.now)
	h.claims = claims.New(bytes.Repeat([]byte("s"), 32), h.registry)
	h.reads = consent.NewReads(store, slog.New(slog.DiscardHandler), h.now)
	h.seed()

	sessions := identity.NewSessions(identity.SessionOptions{Store: store, Root: root, Issuer: "http://127.0.0.1:9096", Lifetime: 1000 * time.Hour, Now: h.now})
	mux := http.NewServeMux()
	options := consent.PagesOptions{
		Store: store, Sessions: sessions, Registry: h.registry, Claims: h.claims, Sealer: h.sealer,
		Writer: rim.Writer{Pages: pages, Apps: h.app, Log: slog.New(slog.DiscardHandler)}, Cooldown: cooldown, Reads: h.reads, Now: h.now,
	}
	for _, c := range change {
		c(&options)
	}
	consent.NewPages(options).Mount(mux)
	mux.HandleFunc("POST /test/sign-in/{user}", func(w http.ResponseWriter, r *http.Request) {
		if _, err := sessions.Start(w, r, r.PathValue("user")); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("POST /test/vouch/{user}", func(w http.ResponseWriter, r *http.Request) {
		by := storage.Token{UserID: r.PathValue("user"), ClientID: "own"}
		if own, err := store.Client(r.Context(), by.ClientID); err == nil {
			by.TokensFrom = own.TokensFrom
		}
		if _, err := sessions.StartVouched(w, r, by, nil); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("GET /test/browser", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, sessions.Browser(w, r))
	})
	h.server = httptest.NewServer(mux)
	t.Cleanup(h.server.Close)
	return h
}

func (h *house) app(ctx context.Context, id string) (*templates.App, error) {
	client, err := h.registry.Client(ctx, id)
	if err != nil {
		return nil, err
	}
	return &templates.App{ClientID: id, Name: client.Name, Names: client.Names, Own: client.FirstParty, HomeURI: client.ClientURI, LoginURI: client.InitiateLoginURI}, nil
}

func (h *house) seed() {
	ctx := h.t.Context()
	require.NoError(h.t, h.store.SaveCompany(ctx, storage.Company{ID: "acme", Name: "Acme Ltd"}))
	require.NoError(h.t, h.store.SaveScope(ctx, storage.Scope{Name: "points_read", Title: map[string]string{"en": "Your points balance"}, Claims: []string{"points", "EmployeeID"}}))
	people := []storage.User{
		{ID: "ana", Email: "ana@example.com", EmailVerified: true, Phone: "+59899123456", FirstName: "Ana", LastName: "Souza", Locale: "en-GB", CompanyID: "acme",
			Roles: []string{storage.RoleCompanyAdmin}, Attributes: map[string]any{"points": 1234.5, "EmployeeID": "E<123>100", "address": map[string]any{"locality": "Canelones", "country": "Uruguay"}}},
		{ID: "bob", Email: "bob@example.com", FirstName: "Bob", CompanyID: "acme"},
	}
	for _, u := range people {
		u.CreatedAt, u.UpdatedAt = h.now(), time.Date(2025, 11, 3, 0, 0, 0, 0, time.UTC)
		require.NoError(h.t, h.store.CreateUser(ctx, u))
	}
	clients := []storage.Client{
		{ID: "photoprint", Name: "PhotoPrint", ClientURI: "https://photoprint.example/", InitiateLoginURI: "https://photoprint.example/start?x=1"},
		{ID: "pairwise", Name: "Pairs", SubjectType: registry.SubjectPairwise},
		{ID: "own", Name: "The host app", FirstParty: true},
	}
	for _, c := range clients {
		c.Public, c.RedirectURIs = true, []string{"https://photoprint.example/cb"}
		c.TokenTypes = []string{registry.TokenUser, registry.TokenCompany}
		for _, s := range scopes("openid!", "email!", "profile", "phone", "address", "points_read", "user_session", "offline_access") {
			c.Scopes = append(c.Scopes, storage.ClientScope{Name: s.Name, Required: s.Required, Purpose: map[string]string{"en": "because of " + s.Name}})
		}
		require.NoError(h.t, h.registry.Create(ctx, c))
	}
}

// browser is a browser, with cookies, that does not follow redirects.
type browser struct {
	*house
	http *http.Client
	id   string
}

// open returns a new browser in which user is signed in; nobody when it is empty.
func (h *house) open(user string) *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(h.t, err)
	b := &browser{house: h, http: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	b.id = b.get("/test/browser").body
	b.signIn(user)
	return b
}

func (b *browser) signIn(user string) {
	if user != "" {
		require.Equal(b.t, 200, b.post("/test/sign-in/"+user, nil).status)
	}
}

type answer struct {
	status   int
	location string
	body     string
	header   http.Header
}

func (b *browser) get(path string) answer {
	req, err := http.NewRequest("GET", b.server.URL+path, nil)
	require.NoError(b.t, err)
	return b.do(req)
}

func (b *browser) post(path string, form url.Values) answer { return b.send(path, form.Encode()) }

func (b *browser) send(path, body string) answer {
	req, err := http.NewRequest("POST", b.server.URL+path, strings.NewReader(body))
	require.NoError(b.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(req)
}

func (b *browser) do(req *http.Request) answer {
	resp, err := b.http.Do(req)
	require.NoError(b.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(b.t, err)
	return answer{resp.StatusCode, resp.Header.Get("Location"), string(body), resp.Header}
}

// request is an interaction as authorize would send it to the consent page.
func (b *browser) request(user, client, scope string, more ...string) interaction.Interaction {
	values := url.Values{"client_id": {client}, "redirect_uri": {"https://photoprint.example/cb"}, "scope": {scope}}
	for i := 0; i+1 < len(more); i += 2 {
		values.Set(more[i], more[i+1])
	}
	return interaction.Interaction{ID: "i", Route: "/oauth2/authorize", Request: values.Encode(), UserID: user, Began: b.now().UTC()}
}

// visit opens the consent page for an interaction.
func (b *browser) visit(i interaction.Interaction) answer {
	return b.get("/consent?" + url.Values{"interaction": {b.sealer.Seal(b.id, interaction.StepConsent, i)}}.Encode())
}

// field is the value of a hidden field in the form with this id.
func (a answer) field(t *testing.T, form, name string) string {
	found := regexp.MustCompile(`(?s)<form id="` + regexp.QuoteMeta(form) + `".*?name="` + name + `" value="([^"]*)"`).FindStringSubmatch(a.body)
	require.NotNil(t, found, "form#%s has no %s in %s", form, name, a.body)
	return html.UnescapeString(found[1])
}

// decideOn sends the consent form of a page.
func (b *browser) decideOn(page answer, decision string, chosen ...string) answer {
	return b.post("/consent", url.Values{"interaction": {page.field(b.t, "consent", "interaction")}, "decision": {decision}, "scope": chosen})
}

// returned is the interaction that an answer carries back to authorize.
func (b *browser) returned(a answer) interaction.Interaction {
	require.Equal(b.t, http.StatusSeeOther, a.status, a.body)
	u, err := url.Parse(a.location)
	require.NoError(b.t, err)
	require.Equal(b.t, "/oauth2/authorize", u.Path)
	i, err := b.sealer.Open(b.id, interaction.StepAuthorize, u.Query().Get("interaction"))
	require.NoError(b.t, err)
	return i
}

// grant is what is on record, as marks; nil when nothing is.
func (h *house) grant(owner storage.Owner, client string) []string {
	g, err := h.store.Grant(h.t.Context(), owner, client)
	if err != nil {
		require.ErrorIs(h.t, err, storage.ErrNotFound)
		return nil
	}
	return marks(g)
}
