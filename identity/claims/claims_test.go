package claims_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/identity/claims"
	"gatehouse/internal/secret"
	"gatehouse/storage"
)

// catalogue is a scope catalogue as data.
type catalogue map[string][]string

func (c catalogue) Scope(_ context.Context, name string) (*storage.Scope, error) {
	names, ok := c[name]
	if !ok {
		return nil, storage.ErrNotFound
	}
	return &storage.Scope{Name: name, Claims: names}, nil
}

var scopes = catalogue{
	"openid":               nil,
	"profile":              {"name", "given_name", "family_name", "preferred_username", "locale", "updated_at"},
	"email":                {"email", "email_verified"},
	"phone":                {"phone_number", "phone_number_verified"},
	"address":              {"address"},
	"unionid":              {"unionid"},
	"points_read":          {"points", "EmployeeID", "vip"},
	"greedy":               {"sub", "iss", "email", "company_id", "nick"},
	"gam_user_roles":       {"roles"},
	"gam_user_additional":  {"attributes"},
	"user_session":         nil,
	"user_first_name":      {"given_name"},
	"gam_user_data":        {"sub", "name", "email"},
	"session_initial_prop": nil,
}

func ana() storage.User {
	return storage.User{
		ID: "0b0b0b0b-0000-4000-8000-000000000001", Email: "ana@example.com", EmailVerified: true, Phone: "+59899123456",
		FirstName: "Ana", LastName: "Souza", Locale: "es", Roles: []string{storage.RoleCompanyAdmin}, UpdatedAt: time.Unix(1767323045, 5e8),
		Attributes: map[string]any{"points": 120.0, "EmployeeID": "123100", "vip": false, "address": map[string]any{"locality": "Canelones"}},
	}
}

func newClaims() *claims.Claims { return claims.New(bytes.Repeat([]byte("s"), 32), scopes) }

func TestUserInfoReleasesExactlyWhatTheScopesSay(t *testing.T) {
	for scope, want := range map[string]string{
		"openid":               `{}`,
		"profile":              `{"name":"Ana Souza","given_name":"Ana","family_name":"Souza","locale":"es","updated_at":1767323045}`,
		"email":                `{"email":"ana@example.com","email_verified":true}`,
		"phone":                `{"phone_number":"+59899123456","phone_number_verified":false}`,
		"address":              `{"address":{"locality":"Canelones"}}`,
		"points_read":          `{"points":120,"EmployeeID":"123100","vip":false}`,
		"gam_user_roles":       `{"roles":["company_admin"]}`,
		"user_first_name":      `{"given_name":"Ana"}`,
		"session_initial_prop": `{}`,
		"not_in_the_catalogue": `{}`,
	} {
		t.Run(scope, func(t *testing.T) {
			info, err := newClaims().UserInfo(t.Context(), ana(), &storage.Client{ID: "photoprint"}, []string{scope})
			require.NoError(t, err)
			require.Equal(t, ana().ID, info["sub"])
			delete(info, "sub")
			got, err := json.Marshal(info)
			require.NoError(t, err)
			require.JSONEq(t, want, string(got))
		})
	}
}

func TestUserInfoLeavesOutWhatAPersonDoesNotHave(t *testing.T) {
	nobody := storage.User{ID: "u", EmailVerified: true, PhoneVerified: true, Attributes: map[string]any{"points": nil, "EmployeeID": "", "address": "a street"}}
	all := []string{"openid", "profile", "email", "phone", "address", "unionid", "points_read", "gam_user_roles"}
	info, err := newClaims().UserInfo(t.Context(), nobody, &storage.Client{ID: "photoprint"}, all)
	require.NoError(t, err)
	require.Equal(t, map[string]any{"sub": "u"}, info)
}

func TestAttributesNeverOverrideStandardAndProtocolClaims(t *testing.T) {
	mallory := ana()
	for _, name := range []string{"sub", "iss", "email", "company_id", "name", "roles"} {
		mallory.Attributes[name] = "forged"
	}
	mallory.Attributes["nick"] = "mal"
	info, err := newClaims().UserInfo(t.Context(), mallory, &storage.Client{ID: "photoprint"}, []string{"greedy", "profile", "gam_user_roles"})
	require.NoError(t, err)
	require.Equal(t, ana().ID, info["sub"])
	require.Equal(t, "ana@example.com", info["email"])
	require.Equal(t, "mal", info["nick"])
	require.Equal(t, "Ana Souza", info["name"])
	require.Equal(t, []string{storage.RoleCompanyAdmin}, info["roles"])
	require.NotContains(t, info, "iss")
	require.NotContains(t, info, "company_id")
}

func TestAttributesAreThoseWithoutAScopeOfTheirOwn(t *testing.T) {
	u := ana()
	u.Attributes["custominfo"] = map[string]any{"City": "Canelones"}
	u.Attributes["guid"], u.Attributes["external_id"] = "7d1d7a46", "E-77" // which "do not share user IDs" is about
	u.Attributes["city"], u.Attributes["birthdate"], u.Attributes["nothing"], u.Attributes["empty"] = "Canelones", "2000-01-01", nil, ""
	before := maps.Clone(u.Attributes)
	released, err := newClaims().Of(t.Context(), u, &storage.Client{ID: "photoprint"}, "gam_user_additional")
	require.NoError(t, err)
	require.Equal(t, []claims.Claim{{Name: "attributes", Value: map[string]any{"points": 120.0, "EmployeeID": "123100", "vip": false}}}, released)
	require.Equal(t, before, u.Attributes, "the person's own stay as they are")

	u.Attributes = map[string]any{"city": "Canelones"}
	info, err := newClaims().UserInfo(t.Context(), u, &storage.Client{ID: "photoprint"}, []string{"gam_user_additional"})
	require.NoError(t, err)
	require.NotContains(t, info, "attributes")
}

func TestUserInfoIsTheUnionOfItsScopesClaims(t *testing.T) {
	c, client, all := newClaims(), &storage.Client{ID: "photoprint", PublisherID: "printco"}, []string{"openid", "profile", "email", "unionid", "points_read"}
	union := map[string]any{}
	for _, scope := range all {
		of, err := c.Of(t.Context(), ana(), client, scope)
		require.NoError(t, err)
		for _, claim := range of {
			if claim.Value != nil {
				union[claim.Name] = claim.Value
			}
		}
	}
	info, err := c.UserInfo(t.Context(), ana(), client, all)
	require.NoError(t, err)
	require.Equal(t, union, info)
}

func TestNamesAreWhatScopesMayReleaseWithOrWithoutAValue(t *testing.T) {
	names, err := newClaims().Names(t.Context(), []string{"openid", "phone", "user_first_name", "not_in_the_catalogue"})
	require.NoError(t, err)
	require.Equal(t, []string{"sub", "phone_number", "phone_number_verified", "given_name"}, names)
	_, err = claims.New(nil, outage{}).Names(t.Context(), []string{"phone"})
	require.ErrorIs(t, err, storage.ErrUnavailable)
}

func TestOpenIDReleasesTheSubjectThatTheClientSees(t *testing.T) {
	c, client := newClaims(), &storage.Client{ID: "a", SubjectType: "pairwise"}
	released, err := c.Of(t.Context(), ana(), client, "openid")
	require.NoError(t, err)
	require.Equal(t, []claims.Claim{{Name: "sub", Value: c.Subject(ana().ID, client)}}, released)
}

func TestUserInfoReportsAnOutageOfTheCatalogue(t *testing.T) {
	_, err := claims.New(nil, outage{}).UserInfo(t.Context(), ana(), &storage.Client{}, []string{"email"})
	require.ErrorIs(t, err, storage.ErrUnavailable)
}

type outage struct{}

func (outage) Scope(context.Context, string) (*storage.Scope, error) {
	return nil, storage.ErrUnavailable
}

func TestPairwiseSubjectsAreStableAndTellClientsNothingInCommon(t *testing.T) {
	c := newClaims()
	a := &storage.Client{ID: "a", SubjectType: "pairwise", PublisherID: "p"}
	b := &storage.Client{ID: "b", SubjectType: "pairwise", PublisherID: "p"}
	require.Equal(t, "u1", c.Subject("u1", &storage.Client{ID: "a"}))
	require.Equal(t, c.Subject("u1", a), newClaims().Subject("u1", a))
	require.Regexp(t, regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`), c.Subject("u1", a))

	ids := map[string]bool{
		"u1": true, c.Subject("u1", a): true, c.Subject("u1", b): true, c.Subject("u2", a): true,
		c.UnionID("u1", "p"): true, c.UnionID("u1", "a"): true, c.UnionID("u2", "p"): true,
		claims.New([]byte("another salt"), scopes).Subject("u1", a): true,
	}
	require.Len(t, ids, 8)
	require.Empty(t, c.UnionID("u1", ""))
}

func TestACompanysUserinfoHoldsNothingOfThePerson(t *testing.T) {
	c, client := newClaims(), &storage.Client{ID: "a", SubjectType: "pairwise"}
	require.Equal(t, map[string]any{"sub": "acme", "company_id": "acme", "company_name": "Acme Ltd", "allowed_by": c.Subject("u1", client)},
		c.Company(storage.Company{ID: "acme", Name: "Acme Ltd"}, "u1", client))
}

// constants is the contract of storage.Keys.Constant: the first value wins.
type constants map[string][]byte

func (c constants) Constant(_ context.Context, name string, value []byte) ([]byte, error) {
	if _, ok := c[name]; !ok {
		c[name] = value
	}
	return c[name], nil
}

func (c constants) ReplaceSealed(_ context.Context, _, constants map[string][]byte) error {
	maps.Copy(c, constants)
	return nil
}

func TestSaltIsDrawnOnceAndSurvivesRotationOfTheRootSecret(t *testing.T) {
	first, second := bytes.Repeat([]byte("1"), 32), bytes.Repeat([]byte("2"), 32)
	root := func(current, other []byte) secret.Root {
		r, err := secret.New(current, other)
		require.NoError(t, err)
		return r
	}
	store := constants{}
	salt, err := claims.LoadSalt(t.Context(), store, root(first, nil))
	require.NoError(t, err)
	require.Len(t, salt, 32)
	require.NotContains(t, string(store[claims.SaltName]), string(salt), "it is stored sealed")

	for _, r := range []struct {
		name string
		root secret.Root
	}{
		{"again", root(first, nil)}, {"announced", root(first, second)}, {"swapped", root(second, first)},
		{"without the old one", root(second, nil)},
	} {
		same, err := claims.LoadSalt(t.Context(), store, r.root)
		require.NoError(t, err, r.name)
		require.Equal(t, salt, same, r.name)
	}
	_, err = claims.LoadSalt(t.Context(), store, root(first, nil))
	require.ErrorIs(t, err, secret.ErrSealed)
	require.ErrorContains(t, err, "GATEHOUSE_SECRET_PREVIOUS")
}

func TestSaltReportsAnOutage(t *testing.T) {
	root, err := secret.New(bytes.Repeat([]byte("1"), 32), nil)
	require.NoError(t, err)
	_, err = claims.LoadSalt(t.Context(), down{}, root)
	require.True(t, errors.Is(err, storage.ErrUnavailable))
}

type down struct{}

func (down) Constant(context.Context, string, []byte) ([]byte, error) {
	return nil, storage.ErrUnavailable
}

func (down) ReplaceSealed(context.Context, map[string][]byte, map[string][]byte) error {
	return storage.ErrUnavailable
}
