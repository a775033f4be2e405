package main

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"gatehouse/admin"
	"gatehouse/admin/api"
	"gatehouse/registry"
	"gatehouse/storage"
)

// testdata/authorization.yaml says who may do what to whose records, and every cell of it is run against the API.

type authorization struct {
	Roles   []string
	Enters  map[string][]string // console, portal → roles
	Recent  []admin.Capability
	Allowed map[admin.Capability]map[string][]string // capability → owner → roles
}

func readAuthorization(t *testing.T) (a authorization) {
	t.Helper()
	raw, err := os.ReadFile("../../testdata/authorization.yaml")
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(raw, &a))
	return a
}

// owned makes records for the matrix, a new one for each cell.
type owned struct {
	*testServer
	publisher, company map[string]string // by owner
}

func newOwned(t *testing.T, dsn string) *owned {
	t.Helper()
	s := newTestServer(t, dsn)
	o := &owned{s, map[string]string{"own": "printco", "other": "others"}, map[string]string{"own": "acme", "other": "globex"}}
	for owner, developer := range map[string]string{"own": "developer@example.com", "other": "somebody@example.com"} {
		require.NoError(t, s.store.SavePublisher(t.Context(), storage.Publisher{ID: o.publisher[owner], Name: owner, Developers: []string{developer}}))
		require.NoError(t, s.store.SaveCompany(t.Context(), storage.Company{ID: o.company[owner], Name: owner}))
	}
	return o
}

// record makes a record of the kind that a path is about, for whoever asks to use, and returns its ID.
func (o *owned) record(kind, owner string, asks storage.User) string {
	o.t.Helper()
	id := registry.GenerateID()
	switch kind {
	case "clients":
		o.register(storage.Client{ID: id, Name: "A", PublisherID: o.publisher[owner]})
		if c, err := o.store.Client(o.t.Context(), id); err == nil { // so that there is something to discard
			v := storage.ClientVersion{ID: id, ClientID: id, Status: storage.StatusDraft, Client: c, CreatedAt: o.now(), UpdatedAt: o.now()}
			require.NoError(o.t, o.store.ApplyReview(o.t.Context(), storage.Review{Version: &v}))
		}
	case "publishers":
		return o.publisher[owner]
	case "companies":
		return o.company[owner]
	case "scopes":
		require.NoError(o.t, o.store.SaveScope(o.t.Context(), storage.Scope{Name: "a" + id, Title: map[string]string{"en": "A"}}))
		return "a" + id
	case "users":
		return o.person(id+"@example.com", o.company[owner]).ID
	case "sessions":
		u := o.person(id+"@example.com", o.company[owner])
		started := storage.Session{ID: id, UserID: u.ID, CreatedAt: o.now(), ExpiresAt: o.now().Add(time.Hour)}
		require.NoError(o.t, o.store.Apply(o.t.Context(), storage.Unit{storage.StartSession{Session: started}}))
	case "grants":
		o.grant(id, "photoprint"+id, owner)
	case "deliveries":
		o.register(storage.Client{ID: id, Name: "A", PublisherID: o.publisher[owner], WebhookURI: "https://mini.example/hook"})
		o.grant(id, id, owner)
		require.NoError(o.t, o.store.Apply(o.t.Context(), storage.Unit{storage.EndGrant{ID: id, At: o.now()}}))
		found, err := o.store.FindDeliveries(o.t.Context(), storage.DeliveryQuery{ClientID: id}, "", 1)
		require.NoError(o.t, err)
		return found[0].ID
	case "reviews":
		o.register(storage.Client{ID: id, Name: "A", PublisherID: o.publisher[owner], Status: storage.StatusSubmitted})
	case "initial-access-tokens":
		require.NoError(o.t, o.store.CreateInitialAccessToken(o.t.Context(), storage.InitialAccessToken{ID: id, Name: "A", Status: storage.StatusSubmitted, CreatedAt: o.now()}))
	case "api-keys":
		whose := o.users["ana@example.com"]
		if owner == "own" {
			whose = asks
		}
		require.NoError(o.t, o.store.CreateAPIKey(o.t.Context(), storage.APIKey{ID: id, UserID: whose.ID, CreatedAt: o.now()}))
	}
	return id
}

// tester is a test person of a publisher, where a path is about one.
func (o *owned) tester(path, publisher string) string {
	o.t.Helper()
	if !strings.Contains(path, "{user_id}") {
		return ""
	}
	u := storage.User{ID: registry.GenerateID(), Email: registry.GenerateID() + "@example.test", TestPublisher: publisher, CreatedAt: o.now(), UpdatedAt: o.now()}
	require.NoError(o.t, o.store.CreateUser(o.t.Context(), u))
	return u.ID
}

func (o *owned) grant(id, client, owner string) {
	o.t.Helper()
	g := storage.Grant{
		ID: id, Owner: storage.Owner{CompanyID: o.company[owner]}, ClientID: client, State: storage.GrantActive, Version: 1, CreatedAt: o.now(), UpdatedAt: o.now(),
		Decisions: []storage.Decision{{Scope: "user_session", Allowed: true, DecidedAt: o.now()}},
	}
	require.NoError(o.t, o.store.Apply(o.t.Context(), storage.Unit{storage.SaveGrant{Grant: g}}))
}

// ownerless are the kinds of which there is one for all.
var ownerless = []string{"keys", "audit", "dashboard"}

// may asks and reports whether it was let through. What comes of it then is another test's business.
func (o *owned) may(asks storage.User, key string, call api.Call, owner string) (bool, answer) {
	o.t.Helper()
	kind := strings.Split(call.Path, "/")[1]
	id := o.record(kind, owner, asks)
	body := "{}"
	if call.Path == "/clients" && call.Method == http.MethodPost {
		body = `{"publisher":"` + o.publisher[owner] + `"}`
	}
	if call.Path == "/api-keys" && owner == "other" {
		body = `{"user_id":"` + o.users["ana@example.com"].ID + `"}`
	}
	path := strings.NewReplacer("{id}", url.PathEscape(id), "{lang}", "go", "{user_id}", o.tester(call.Path, id)).Replace(call.Path)
	if call.Method == http.MethodGet {
		body = ""
		if !strings.Contains(path, id) {
			path += "?limit=200"
		}
	}
	if slices.Contains(ownerless, kind) {
		path = call.Path
	}
	var headers []string
	if call.Method == http.MethodPut {
		headers = []string{"Content-Type", "image/png"}
	}
	a := o.api(key, call.Method, path, body, headers...)
	require.Less(o.t, a.StatusCode, 500, a.body)
	through := a.StatusCode != http.StatusForbidden && a.StatusCode != http.StatusNotFound
	if list := call.Method == http.MethodGet && !strings.Contains(call.Path, "{id}") && !slices.Contains(ownerless, kind); through && list {
		through = strings.Contains(a.body, `"`+id+`"`)
	}
	return through, a
}

func TestEveryCellOfTheAuthorizationMatrixHoldsAtTheAPI(t *testing.T) {
	t.Parallel()
	matrix := readAuthorization(t)
	o := newOwned(t, furnished.SQLite(t))
	keys, people := map[string]string{}, map[string]storage.User{}
	for _, role := range matrix.Roles {
		roles := []string{role}
		if role == "nobody" {
			roles = nil
		}
		people[role] = o.person(role+"@example.com", "acme", roles...)
		keys[role] = o.key(people[role], "*")
	}
	calls := map[admin.Capability][]api.Call{}
	for _, call := range new(api.API).Calls() {
		calls[call.Capability] = append(calls[call.Capability], call)
	}
	for _, rule := range admin.Rules {
		owners, known := matrix.Allowed[rule.Capability]
		require.True(t, known, "%s is not in testdata/authorization.yaml", rule.Capability)
		for _, owner := range []string{"own", "other"} {
			for _, role := range matrix.Roles {
				want := slices.Contains(owners[owner], role)
				for _, call := range calls[rule.Capability] {
					got, a := o.may(people[role], keys[role], call, owner)
					require.Equal(t, want, got, "%s of %s by %s: %s %s: %d %s", rule.Capability, owner, role, call.Method, call.Path, a.StatusCode, a.body)
				}
			}
		}
	}
	require.Len(t, matrix.Allowed, len(admin.Rules), "testdata/authorization.yaml has what no rule is about")
}

// What opens doors wants a person who has signed in a moment ago, and a program is not asked.
func TestWhatWantsARecentSignInIsInTheMatrix(t *testing.T) {
	t.Parallel()
	var recent []admin.Capability
	for _, rule := range admin.Rules {
		stale := admin.Caller{Roles: []string{storage.RoleAdmin}, ProvedAt: time.Now().Add(-admin.RecentFor - time.Second)}
		if stale.Actor.Kind = storage.ActorUser; errors.Is(stale.May(rule.Capability, admin.Belongs{}, time.Now()), admin.ErrSignInAgain) {
			recent = append(recent, rule.Capability)
		}
		stale.Actor.Kind = storage.ActorAPIKey
		require.NoError(t, stale.May(rule.Capability, admin.Belongs{}, time.Now()), rule.Capability)
	}
	require.ElementsMatch(t, readAuthorization(t).Recent, recent)
}

// The rules themselves, also those without a call.
func TestEveryCellOfTheAuthorizationMatrixHoldsForTheRules(t *testing.T) {
	t.Parallel()
	for capability, owners := range readAuthorization(t).Allowed {
		for owner, allowed := range owners {
			for _, role := range readAuthorization(t).Roles {
				caller := admin.Caller{UserID: "me", Roles: []string{role}, Publishers: []string{"printco"}, CompanyID: "acme", Actor: storage.Actor{Kind: storage.ActorAPIKey}}
				belongs := admin.Belongs{}
				if owner == "own" {
					belongs = admin.Belongs{PublisherID: "printco", CompanyID: "acme", UserID: "me"}
				}
				require.Equal(t, slices.Contains(allowed, role), caller.May(capability, belongs, time.Now()) == nil, "%s of %s by %s", capability, owner, role)
			}
		}
	}
}
