package storagetest

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

func fullClient() storage.Client {
	return storage.Client{
		ID: id(), Name: "PhotoPrint", Names: map[string]string{"es": "FotoPrint"}, PublisherID: "printco",
		Secrets: []storage.ClientSecret{
			{ID: "1", Hash: "$sha256$x", CreatedAt: moment, ExpiresAt: moment.Add(time.Hour)},
			{ID: "2", Hash: "$sha256$y", CreatedAt: moment},
		},
		RedirectURIs: []string{"https://photoprint.example/cb?a=1&b=<2>"}, GrantTypes: []string{"authorization_code"},
		TokenTypes: []string{"user", "company"}, TokenEndpointAuthMethod: "client_secret_basic",
		Scopes: []storage.ClientScope{
			{Name: "openid", Required: true}, {Name: "email", Purpose: map[string]string{"en": "to send your order status"}},
		},
		SubjectType: "pairwise", Status: storage.StatusApproved, ResourceServer: true, FirstParty: true, PKCE: "required",
		IDTokenAlg: "ES256", AccessTokenLifetime: storage.Never, RefreshTokenLifetime: storage.Lifetime(time.Hour),
		CodeLifetime: storage.Lifetime(time.Minute), RefreshReuseGrace: 10 * time.Second, LogoURI: "logo",
		ClientURI: "client", PolicyURI: "policy", TOSURI: "tos", Contacts: []string{"a@b"},
		PostLogoutRedirectURIs: []string{"https://photoprint.example/bye"}, InitiateLoginURI: "initiate",
		JWKS: json.RawMessage(`{"keys":[]}`), JWKSURI: "jwks", WebhookURI: "webhook",
		Dialects:  map[string]json.RawMessage{"boxo": json.RawMessage(`{"app_id":"photoprint"}`)},
		CreatedAt: moment, UpdatedAt: moment,
	}
}

func registry() []contract {
	return []contract{
		{"a client comes back as it was stored", func(t *testing.T, s storage.Store) {
			for _, c := range []storage.Client{fullClient(), {ID: id(), Public: true}} {
				require.NoError(t, s.CreateClient(t.Context(), c))
				got, err := s.Client(t.Context(), c.ID)
				require.NoError(t, err)
				require.Equal(t, c, got)
				require.ErrorIs(t, s.CreateClient(t.Context(), c), storage.ErrExists)
			}
		}},
		{"a key that nothing has is ErrNotFound, whatever its bytes", func(t *testing.T, s storage.Store) {
			for _, key := range append([]string{"", "nobody"}, unstorable...) {
				_, err := s.Client(t.Context(), key)
				require.ErrorIs(t, err, storage.ErrNotFound, "%q", key)
				_, err = s.Publisher(t.Context(), key)
				require.ErrorIs(t, err, storage.ErrNotFound, "%q", key)
			}
		}},
		{"a client is replaced only if it has not moved", func(t *testing.T, s storage.Store) {
			c := fullClient()
			require.NoError(t, s.CreateClient(t.Context(), c))
			changed := storage.Client{ID: c.ID, Name: "New", CreatedAt: c.CreatedAt, UpdatedAt: moment.Add(time.Second)}
			stale := moment.Add(-time.Second)
			require.ErrorIs(t, s.UpdateClient(t.Context(), changed, stale), storage.ErrConflict)
			require.NoError(t, s.UpdateClient(t.Context(), changed, moment))
			require.ErrorIs(t, s.UpdateClient(t.Context(), changed, moment), storage.ErrConflict)
			got, err := s.Client(t.Context(), c.ID)
			require.NoError(t, err)
			require.Equal(t, changed, got)
			require.ErrorIs(t, s.UpdateClient(t.Context(), storage.Client{ID: id()}, moment), storage.ErrNotFound)
		}},
		{"of simultaneous updates of one client one succeeds", func(t *testing.T, s storage.Store) {
			c := fullClient()
			require.NoError(t, s.CreateClient(t.Context(), c))
			succeeded, conflicts := atOnce(t, 10, func(i int) error {
				next := c
				next.UpdatedAt = moment.Add(time.Duration(i+1) * time.Second)
				return s.UpdateClient(t.Context(), next, moment)
			})
			require.Equal(t, []int{1, 9}, []int{succeeded, conflicts})
		}},
		{"clients are listed page by page in the order of their IDs", func(t *testing.T, s storage.Store) {
			prefix := "~" + id() // after every other ID
			for _, suffix := range []string{"c", "B", "a"} {
				require.NoError(t, s.CreateClient(t.Context(), storage.Client{ID: prefix + suffix}))
			}
			page, err := s.Clients(t.Context(), prefix, 2)
			require.NoError(t, err)
			require.Len(t, page, 2)
			require.Equal(t, []string{prefix + "B", prefix + "a"}, []string{page[0].ID, page[1].ID})
			page, err = s.Clients(t.Context(), page[1].ID, 2)
			require.NoError(t, err)
			require.Len(t, page, 1)
		}},
		{"a publisher is created, replaced and listed", func(t *testing.T, s storage.Store) {
			p := storage.Publisher{ID: id(), Name: "Print Co"}
			require.NoError(t, s.SavePublisher(t.Context(), p))
			p.Verified, p.VerifiedAt, p.Developers = true, moment, []string{"dev@example.com"}
			require.NoError(t, s.SavePublisher(t.Context(), p))
			got, err := s.Publisher(t.Context(), p.ID)
			require.NoError(t, err)
			require.Equal(t, p, got)
			list, err := s.Publishers(t.Context(), "", 10)
			require.NoError(t, err)
			require.Equal(t, []storage.Publisher{p}, list)
		}},
		{"scopes are created, replaced and listed by name", func(t *testing.T, s storage.Store) {
			points := storage.Scope{
				Name: "points_read", Title: map[string]string{"en": "Points"}, Description: map[string]string{"en": "See"},
				Claims: []string{"points"}, Sensitive: true, Client: true,
			}
			require.NoError(t, s.SaveScope(t.Context(), storage.Scope{Name: "points_read"}))
			require.NoError(t, s.SaveScope(t.Context(), storage.Scope{Name: "A"}))
			require.NoError(t, s.SaveScope(t.Context(), points))
			list, err := s.Scopes(t.Context())
			require.NoError(t, err)
			require.Equal(t, []storage.Scope{{Name: "A"}, points}, list)
		}},
		{"the revision grows with every write that caches must see", provesRevision},
		{"a wait for the revision ends with it, or with its context", func(t *testing.T, s storage.Store) {
			seen, err := s.AwaitRevision(t.Context(), -1)
			require.NoError(t, err)
			is, err := s.Revision(t.Context())
			require.NoError(t, err)
			require.Equal(t, is, seen)
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
			defer cancel()
			_, err = s.AwaitRevision(ctx, seen)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.NoError(t, s.SaveScope(t.Context(), storage.Scope{Name: "points_read"}))
			after, err := s.AwaitRevision(t.Context(), seen)
			require.NoError(t, err)
			require.Greater(t, after, seen)
		}},
		{"a read by a context that has ended returns the context's error", func(t *testing.T, s storage.Store) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := s.Client(ctx, "any")
			require.ErrorIs(t, err, context.Canceled)
			_, err = s.Token(ctx, storage.TokenKey{})
			require.ErrorIs(t, err, context.Canceled)
		}},
	}
}

func provesRevision(t *testing.T, s storage.Store) {
	ctx, c := t.Context(), fullClient()
	last, err := s.Revision(ctx)
	require.NoError(t, err)
	step := func(what string, grows bool, err error) {
		t.Helper()
		require.NoError(t, err, what)
		now, err := s.Revision(ctx)
		require.NoError(t, err)
		require.Equal(t, grows, now > last, what)
		last = now
	}
	step("create client", true, s.CreateClient(ctx, c))
	step("update client", true, s.UpdateClient(ctx, c, moment))
	step("save publisher", true, s.SavePublisher(ctx, storage.Publisher{ID: id()}))
	step("save scope", true, s.SaveScope(ctx, storage.Scope{Name: id()}))
	step("save company", true, s.SaveCompany(ctx, storage.Company{ID: id()}))
	key := storage.Key{ID: id(), Generation: 1, Algorithm: "ES256", Sealed: []byte{1}, Public: []byte{2}}
	step("insert keys", true, s.InsertKeys(ctx, []storage.Key{key}, moment))
	step("replace sealed", true, s.ReplaceSealed(ctx, map[string][]byte{key.ID: {3}}, nil))
	step("delete keys", true, s.DeleteKeys(ctx, []string{key.ID}))
	step("create user", false, s.CreateUser(ctx, storage.User{ID: id()}))
}

func signingKey(generation int, algorithm string) storage.Key {
	return storage.Key{
		ID: id(), Generation: generation, Algorithm: algorithm, Sealed: []byte("sealed"), Public: []byte(`{"kty":"EC"}`),
		CreatedAt: moment, ActiveFrom: moment.Add(time.Hour),
	}
}

func keys() []contract {
	return []contract{
		{"a new generation retires the older ones once", func(t *testing.T, s storage.Store) {
			first := []storage.Key{signingKey(1, "ES256"), signingKey(1, "RS256")}
			second := []storage.Key{signingKey(2, "ES256"), signingKey(2, "RS256")}
			third := []storage.Key{signingKey(3, "ES256")}
			require.NoError(t, s.InsertKeys(t.Context(), first, moment))
			requireKeys(t, s, first...)
			require.NoError(t, s.InsertKeys(t.Context(), second, moment.Add(time.Hour)))
			require.NoError(t, s.InsertKeys(t.Context(), third, moment.Add(2*time.Hour)))
			for i := range 2 {
				first[i].RetiredAt, second[i].RetiredAt = moment.Add(time.Hour), moment.Add(2*time.Hour)
			}
			requireKeys(t, s, slices.Concat(first, second, third)...)
			require.NoError(t, s.DeleteKeys(t.Context(), []string{first[0].ID, first[1].ID, "unknown"}))
			requireKeys(t, s, slices.Concat(second, third)...)
		}},
		{"a generation that is there already is ErrExists and changes nothing", func(t *testing.T, s storage.Store) {
			first := signingKey(1, "ES256")
			require.NoError(t, s.InsertKeys(t.Context(), []storage.Key{first}, moment))
			for _, algorithm := range []string{"ES256", "RS256"} {
				err := s.InsertKeys(t.Context(), []storage.Key{signingKey(1, algorithm)}, moment)
				require.ErrorIs(t, err, storage.ErrExists)
			}
			requireKeys(t, s, first)
		}},
		{"of simultaneous insertions of a generation one succeeds", func(t *testing.T, s storage.Store) {
			succeeded, _ := atOnce(t, 8, func(int) error {
				err := s.InsertKeys(t.Context(), []storage.Key{signingKey(1, "ES256"), signingKey(1, "RS256")}, moment)
				return existsAsConflict(err)
			})
			require.Equal(t, 1, succeeded)
			list, err := s.Keys(t.Context())
			require.NoError(t, err)
			require.Len(t, list, 2)
		}},
		{"the first value of a constant wins for ever", func(t *testing.T, s storage.Store) {
			values := make([]string, 8)
			atOnce(t, 8, func(i int) error {
				value, err := s.Constant(t.Context(), "salt", []byte{byte(i)})
				values[i] = string(value)
				return err
			})
			for _, value := range values {
				require.Len(t, value, 1)
				require.Equal(t, values[0], value)
			}
			all, err := s.Constants(t.Context())
			require.NoError(t, err)
			require.Equal(t, map[string][]byte{"salt": []byte(values[0])}, all)
		}},
		{"sealed bytes are replaced in keys and constants", func(t *testing.T, s storage.Store) {
			key := signingKey(1, "ES256")
			require.NoError(t, s.InsertKeys(t.Context(), []storage.Key{key}, moment))
			_, err := s.Constant(t.Context(), "salt", []byte("old"))
			require.NoError(t, err)
			err = s.ReplaceSealed(t.Context(), map[string][]byte{key.ID: []byte("new")}, map[string][]byte{"salt": []byte("n")})
			require.NoError(t, err)
			key.Sealed = []byte("new")
			requireKeys(t, s, key)
			value, err := s.Constant(t.Context(), "salt", []byte("other"))
			require.NoError(t, err)
			require.Equal(t, []byte("n"), value)
		}},
	}
}

func requireKeys(t *testing.T, s storage.Store, want ...storage.Key) {
	t.Helper()
	got, err := s.Keys(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func checker() []contract {
	return []contract{
		{"a healthy store checks out", func(t *testing.T, s storage.Store) { require.NoError(t, s.Check(t.Context())) }},
		{"a closed store is unavailable, and closing twice is no error", func(t *testing.T, s storage.Store) {
			require.NoError(t, s.Close())
			require.NoError(t, s.Close())
			require.ErrorIs(t, s.Check(t.Context()), storage.ErrUnavailable)
			_, err := s.Token(t.Context(), storage.TokenKey{})
			require.ErrorIs(t, err, storage.ErrUnavailable)
			_, err = s.Client(t.Context(), "c")
			require.ErrorIs(t, err, storage.ErrUnavailable)
			require.ErrorIs(t, s.Apply(t.Context(), storage.Unit{storage.RevokeFamily{}}), storage.ErrUnavailable)
			require.ErrorIs(t, s.SaveCompany(t.Context(), storage.Company{ID: "c"}), storage.ErrUnavailable)
		}},
	}
}

func queries() []contract {
	return []contract{
		{"clients are found by status, publisher and name, page by page", func(t *testing.T, s storage.Store) {
			add := func(name, publisher, status string) string {
				c := storage.Client{ID: id(), Name: name, PublisherID: publisher, Status: status, CreatedAt: moment, UpdatedAt: moment}
				require.NoError(t, s.CreateClient(t.Context(), c))
				return c.ID
			}
			photo, waiting, draft := add("Photo_100%", "printco", "approved"), add("Other", "printco", "approved"), add("photo", "acme", "draft")
			v := storage.ClientVersion{ID: timeID(), ClientID: waiting, Status: storage.StatusSubmitted, CreatedAt: moment, UpdatedAt: moment}
			require.NoError(t, s.ApplyReview(t.Context(), storage.Review{Version: &v}))
			for name, c := range map[string]struct {
				q    storage.ClientQuery
				want []string
			}{
				"all":          {storage.ClientQuery{}, []string{photo, waiting, draft}},
				"status":       {storage.ClientQuery{Status: "draft"}, []string{draft}},
				"waiting":      {storage.ClientQuery{Status: "submitted"}, []string{waiting}},
				"publisher":    {storage.ClientQuery{Publishers: []string{"printco", "nobody"}}, []string{photo, waiting}},
				"name":         {storage.ClientQuery{Search: "PHOTO"}, []string{photo, draft}},
				"a later word": {storage.ClientQuery{Search: "_100%"}, []string{photo}},
				"no pattern":   {storage.ClientQuery{Search: "p_oto"}, nil},
				"a middle":     {storage.ClientQuery{Search: "hoto"}, nil},
				"two words":    {storage.ClientQuery{Search: "10 phó"}, []string{photo}},
				"signs alone":  {storage.ClientQuery{Search: "%"}, nil},
				"id":           {storage.ClientQuery{Search: waiting[:10]}, []string{waiting}},
				"id's middle":  {storage.ClientQuery{Search: waiting[1:10]}, nil},
				"both":         {storage.ClientQuery{Search: "photo", Status: "approved", Publishers: []string{"printco"}}, []string{photo}},
				"unstorable":   {storage.ClientQuery{Search: "\x00"}, nil},
			} {
				var got []string
				for after := ""; ; {
					page, err := s.FindClients(t.Context(), c.q, after, 1)
					require.NoError(t, err)
					if len(page) == 0 {
						break
					}
					got, after = append(got, page[0].ID), page[0].ID
				}
				require.ElementsMatch(t, c.want, got, name)
			}
		}},
		{"a publisher that answers for something is not deleted, and one that moved neither", func(t *testing.T, s storage.Store) {
			p := storage.Publisher{ID: id(), Name: "Print Co"}
			require.ErrorIs(t, s.DeletePublisher(t.Context(), p), storage.ErrNotFound)
			require.NoError(t, s.SavePublisher(t.Context(), p))
			c := registered(t, s)
			v := versionOf(c, storage.StatusDraft)
			v.Client.PublisherID = p.ID
			require.NoError(t, s.ApplyReview(t.Context(), storage.Review{Version: &v}))
			require.ErrorIs(t, s.DeletePublisher(t.Context(), p), storage.ErrConflict, "an open version moves to it")
			closed := v
			closed.Status, closed.UpdatedAt = storage.StatusArchived, v.UpdatedAt.Add(time.Second)
			require.NoError(t, s.ApplyReview(t.Context(), storage.Review{Version: &closed, VersionWas: v.UpdatedAt}))
			of := fullClient()
			of.PublisherID = p.ID
			require.NoError(t, s.CreateClient(t.Context(), of))
			require.ErrorIs(t, s.DeletePublisher(t.Context(), p), storage.ErrConflict, "a client is its")
			require.NoError(t, s.DeleteClient(t.Context(), of.ID))
			require.ErrorIs(t, s.DeletePublisher(t.Context(), storage.Publisher{ID: p.ID, Name: "Other"}), storage.ErrConflict)
			require.NoError(t, s.DeletePublisher(t.Context(), p))
			_, err := s.Publisher(t.Context(), p.ID)
			require.ErrorIs(t, err, storage.ErrNotFound)
		}},
		{"a company that has people or decided is not deleted", func(t *testing.T, s storage.Store) {
			c := storage.Company{ID: id(), Name: "Acme"}
			require.ErrorIs(t, s.DeleteCompany(t.Context(), c), storage.ErrNotFound)
			require.NoError(t, s.SaveCompany(t.Context(), c))
			u := withRoles()
			u.CompanyID = c.ID
			require.NoError(t, s.CreateUser(t.Context(), u))
			require.ErrorIs(t, s.DeleteCompany(t.Context(), c), storage.ErrConflict)
			left := u
			left.CompanyID, left.UpdatedAt = "", u.UpdatedAt.Add(time.Second)
			require.NoError(t, s.UpdateUser(t.Context(), left, u.UpdatedAt))
			g := grantOf("", id())
			g.Owner = storage.Owner{CompanyID: c.ID}
			apply(t, s, storage.SaveGrant{Grant: g})
			require.ErrorIs(t, s.DeleteCompany(t.Context(), c), storage.ErrConflict)
			apply(t, s, storage.EndGrant{ID: g.ID, At: moment})
			require.ErrorIs(t, s.DeleteCompany(t.Context(), storage.Company{ID: c.ID, Name: "Other"}), storage.ErrConflict)
			require.NoError(t, s.DeleteCompany(t.Context(), c))
			_, err := s.Company(t.Context(), c.ID)
			require.ErrorIs(t, err, storage.ErrNotFound)
		}},
		{"a client that is deleted takes its versions, notes and grants with it", func(t *testing.T, s storage.Store) {
			c := registered(t, s)
			g := grantOf(person(t, s).ID, c.ID)
			apply(t, s, storage.SaveGrant{Grant: g})
			v := versionOf(c, storage.StatusDraft)
			require.NoError(t, s.ApplyReview(t.Context(), storage.Review{Version: &v, Note: &storage.ReviewNote{ID: timeID(), ClientID: c.ID, At: moment}}))
			require.NoError(t, s.DeleteClient(t.Context(), c.ID))
			require.ErrorIs(t, s.DeleteClient(t.Context(), c.ID), storage.ErrNotFound)
			_, err := s.OpenVersion(t.Context(), c.ID)
			require.ErrorIs(t, err, storage.ErrNotFound)
			_, err = s.Grant(t.Context(), g.Owner, c.ID)
			require.ErrorIs(t, err, storage.ErrNotFound)
			notes, err := s.ReviewNotes(t.Context(), c.ID, "", 10)
			require.NoError(t, err)
			require.Empty(t, notes)
			for _, key := range unstorable {
				require.ErrorIs(t, s.DeleteClient(t.Context(), key), storage.ErrNotFound)
			}
		}},
	}
}
