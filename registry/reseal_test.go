package registry_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/secret"
	"gatehouse/internal/testdb"
	"gatehouse/registry"
	"gatehouse/storage"
)

func outbound(t *testing.T, current, other string) *registry.Outbound {
	t.Helper()
	long := func(s string) []byte { return []byte(strings.Repeat(s, secret.MinLength/max(1, len(s))+1)) }
	previous := long(other)
	if other == "" {
		previous = nil
	}
	root, err := secret.New(long(current), previous)
	require.NoError(t, err)
	return registry.NewOutbound(root)
}

// outboundOf opens a client's outbound secrets, of which the one for the sign-in call is that of the super app.
func outboundOf(t *testing.T, s *counted, o *registry.Outbound, id string) (app, superApp string, current bool) {
	t.Helper()
	c, err := s.Store.Client(t.Context(), id)
	require.NoError(t, err)
	boxo, _ := registry.BoxoOf(&c)
	gam, _ := registry.GAMOf(&c)
	app, first, err := o.Open(id, boxo.Platform.AppSecret)
	require.NoError(t, err)
	superApp, second, err := o.Open(id, gam.SuperApp.ClientSecret)
	require.NoError(t, err)
	signin, third, err := o.Open(id, gam.SigninSecret)
	require.NoError(t, err)
	require.Equal(t, superApp, signin)
	return app, superApp, first && second && third
}

// sealing is a client with outbound secrets.
func sealing(id string, o *registry.Outbound) storage.Client {
	c := named(id, "boxo", fmt.Sprintf(`{"app_id":"shop","platform":{"token_url":"https://a.example/","app_secret":%q}}`, o.Seal(id, "app secret of "+id)))
	c.Dialects["gam"] = json.RawMessage(fmt.Sprintf(`{"signin_url":"https://a.example/","signin_secret":%q,"superapp":{"client_id":"x","client_secret":%q}}`,
		o.Seal(id, "superapp secret of "+id), o.Seal(id, "superapp secret of "+id)))
	return c
}

func TestOutboundSecretsAreSealedAnewWhenTheRootSecretWasSwapped(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		s := newStore(t, dsn)
		require.NoError(t, s.SaveScope(t.Context(), storage.Scope{Name: "points_read"}))
		r := registry.New(s, time.Now)
		before := outbound(t, "old", "")
		create(t, r, sealing("a", before), sealing("b", before), named("c", "boxo", `{}`), mini())
		revision := func() int64 {
			n, err := s.Revision(t.Context())
			require.NoError(t, err)
			return n
		}
		was := revision()
		require.NoError(t, r.Reseal(t.Context(), before))
		require.NoError(t, r.Reseal(t.Context(), outbound(t, "old", "new")), "announced")
		require.Equal(t, was, revision(), "there is nothing to do")

		swapped := outbound(t, "new", "old")
		require.NoError(t, r.Reseal(t.Context(), swapped))
		require.Equal(t, was+2, revision(), "two clients have secrets")
		require.NoError(t, r.Reseal(t.Context(), swapped))
		require.Equal(t, was+2, revision(), "and once is enough")
		for _, id := range []string{"a", "b"} {
			app, superApp, current := outboundOf(t, s, outbound(t, "new", ""), id)
			require.Equal(t, "app secret of "+id, app)
			require.Equal(t, "superapp secret of "+id, superApp)
			require.True(t, current)
		}
		c, err := s.Store.Client(t.Context(), "a")
		require.NoError(t, err)
		boxo, _ := registry.BoxoOf(&c)
		require.Equal(t, "shop", boxo.AppID)
		require.Equal(t, "https://a.example/", boxo.Platform.TokenURL)
		require.Empty(t, registry.CheckClient(c, catalogue))
	})
}

func TestASecretThatDoesNotOpenKeepsNothingFromStarting(t *testing.T) {
	r, s := newRegistry(t)
	create(t, r, sealing("a", outbound(t, "lost", "")), sealing("b", outbound(t, "old", "")))
	require.NoError(t, r.Reseal(t.Context(), outbound(t, "new", "old")))
	_, _, current := outboundOf(t, s, outbound(t, "lost", ""), "a")
	require.True(t, current, "it is as it was")
	_, _, current = outboundOf(t, s, outbound(t, "new", ""), "b")
	require.True(t, current)
}

func TestResealLeavesAClientToWhoeverChangedItMeanwhile(t *testing.T) {
	r, s := newRegistry(t)
	create(t, r, sealing("a", outbound(t, "old", "")))
	s.listed = func() { // between the read and the write
		s.listed = nil
		c, err := s.Store.Client(t.Context(), "a")
		require.NoError(t, err)
		c.Name = "Renamed"
		require.NoError(t, r.Update(t.Context(), c, c.UpdatedAt))
	}
	swapped := outbound(t, "new", "old")
	require.NoError(t, r.Reseal(t.Context(), swapped))
	c, err := s.Store.Client(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, "Renamed", c.Name)
	require.NoError(t, r.Reseal(t.Context(), swapped))
	_, _, current := outboundOf(t, s, swapped, "a")
	require.True(t, current)
}

// The next start has the current root secret alone, and seals nothing anew.
func TestWhatIsSavedWhileItIsSealedAnewIsSealedAnewToo(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		s := newStore(t, dsn)
		require.NoError(t, s.SaveScope(t.Context(), storage.Scope{Name: "points_read"}))
		r := registry.New(s, time.Now)
		old, swapped := outbound(t, "old", ""), outbound(t, "new", "old")
		create(t, r, sealing("a", old), submittable("approved"))
		p := live(t, r)
		p.Dialects = sealing("photoprint", old).Dialects
		_, err := r.Propose(t.Context(), dev, p, "")
		require.NoError(t, err)
		s.listed = func() { // between the read and the write
			s.listed = nil
			c, err := s.Store.Client(t.Context(), "a")
			require.NoError(t, err)
			was := c.UpdatedAt
			c.Name, c.UpdatedAt = "Renamed", was.Add(time.Second)
			require.NoError(t, s.UpdateClient(t.Context(), c, was))
		}
		s.opened = func() {
			s.opened = nil
			w, err := r.Work(t.Context(), "photoprint")
			require.NoError(t, err)
			c := w.Proposed()
			c.Name = "Renamed too"
			_, err = r.Propose(t.Context(), dev, c, w.ETag())
			require.NoError(t, err)
		}
		require.NoError(t, r.Reseal(t.Context(), swapped))
		_, _, current := outboundOf(t, s, outbound(t, "new", ""), "a")
		require.True(t, current)
		take(t, r, registry.Submit, dev)
		take(t, r, registry.Approve, reviewer)
		_, _, current = outboundOf(t, s, outbound(t, "new", ""), "photoprint")
		require.True(t, current)
		require.Equal(t, "Renamed too", live(t, r).Name)
	})
}
