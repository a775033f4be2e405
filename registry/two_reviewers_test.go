package registry_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/registry"
	"gatehouse/storage"
)

// keyOf is an API key of a person.
func keyOf(person storage.Actor, id string) storage.Actor {
	return storage.Actor{Kind: storage.ActorAPIKey, ID: id, Person: person.ID}
}

var health = storage.ClientScope{Name: "health", Purpose: map[string]string{"en": "to know how you are"}}

// twoApprove is a registry where health needs two people, and a mini app that is submitted.
func twoApprove(t *testing.T, dsn string, change func(c *storage.Client)) (*registry.Registry, *counted) {
	t.Helper()
	s := newStore(t, dsn)
	r := registry.New(s, time.Now)
	r.TwoReviewers = true
	require.NoError(t, s.SaveScope(t.Context(), storage.Scope{Name: "health", Sensitive: true}))
	c := submittable("submitted")
	change(&c)
	require.NoError(t, r.Create(t.Context(), c))
	return r, s
}

func asking(c *storage.Client) { c.Scopes = append(c.Scopes, health) }

func live(t *testing.T, r *registry.Registry) storage.Client {
	t.Helper()
	w, err := r.Work(t.Context(), "photoprint")
	require.NoError(t, err)
	return w.Live
}

func approve(t *testing.T, r *registry.Registry, by storage.Actor, change func(c *storage.Client)) (string, error) {
	t.Helper()
	step := registry.Step{Action: registry.Approve, ClientID: "photoprint", By: by}
	if change != nil {
		w, err := r.Work(t.Context(), "photoprint")
		require.NoError(t, err)
		c := w.Proposed()
		c.Scopes = slices.Clone(c.Scopes)
		change(&c)
		step.Changed = &c
	}
	return r.Take(t.Context(), step)
}

func TestOnePersonIsOneHoweverManyAPIKeysTheyHave(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		r, s := twoApprove(t, dsn, asking)
		status, err := approve(t, r, reviewer, nil)
		require.NoError(t, err)
		require.Equal(t, "submitted", status)
		for _, again := range []storage.Actor{reviewer, keyOf(reviewer, "k1"), keyOf(reviewer, "k2")} {
			_, err = approve(t, r, again, nil)
			require.ErrorContains(t, err, "you have approved it already")
		}
		for _, nobody := range []storage.Actor{{Kind: storage.ActorCommand, ID: "root"}, {Kind: storage.ActorClient, ID: "ops"}, {Kind: storage.ActorAPIKey, ID: "k3"}} {
			_, err = approve(t, r, nobody, nil)
			require.ErrorContains(t, err, "two people have to")
		}
		status, err = approve(t, r, keyOf(second, "k4"), nil)
		require.NoError(t, err)
		require.Equal(t, "approved", status)
		events, err := s.AuditEvents(t.Context(), storage.AuditFilter{Action: "client.approve"}, "", 10)
		require.NoError(t, err)
		require.Equal(t, second.ID, events[0].Detail["person"], "the event names whose key it was")
	})
}

func TestWhatAReviewerAddsNeedsTwoPeopleToo(t *testing.T) {
	r, _ := twoApprove(t, testdb.SQLite(t), func(*storage.Client) {})
	status, err := approve(t, r, reviewer, asking)
	require.NoError(t, err)
	require.Equal(t, "submitted", status)
	require.Equal(t, "submitted", live(t, r).Status)
	status, err = approve(t, r, second, nil)
	require.NoError(t, err)
	require.Equal(t, "approved", status)
	require.Equal(t, "health", live(t, r).Scopes[2].Name, "what the first one changed is what goes live")
}

func TestTwoPeopleApproveTheSame(t *testing.T) {
	elsewhere := func(c *storage.Client) { c.RedirectURIs = []string{"https://elsewhere.example/cb"} }
	t.Run("of a mini app that is not live", func(t *testing.T) {
		r, _ := twoApprove(t, testdb.SQLite(t), asking)
		_, err := approve(t, r, reviewer, nil)
		require.NoError(t, err)
		status, err := approve(t, r, second, elsewhere)
		require.NoError(t, err)
		require.Equal(t, "submitted", status, "the first one never saw it")
		status, err = approve(t, r, reviewer, nil)
		require.NoError(t, err)
		require.Equal(t, "approved", status)
		require.Equal(t, []string{"https://elsewhere.example/cb"}, live(t, r).RedirectURIs)
	})
	t.Run("of a version", func(t *testing.T) {
		r, s := twoApprove(t, testdb.SQLite(t), func(c *storage.Client) { c.Status = "approved" })
		c := live(t, r)
		asking(&c)
		_, err := r.Propose(t.Context(), dev, c, "")
		require.NoError(t, err)
		take(t, r, registry.Submit, dev)
		_, err = approve(t, r, reviewer, func(c *storage.Client) { c.Name = "Photo Print" })
		require.NoError(t, err)
		status, err := approve(t, r, second, elsewhere)
		require.NoError(t, err)
		require.Equal(t, "submitted", status)
		status, err = approve(t, r, reviewer, nil)
		require.NoError(t, err)
		require.Equal(t, "approved", status)
		require.Equal(t, "Photo Print", live(t, r).Name)
		require.Equal(t, []string{"https://elsewhere.example/cb"}, live(t, r).RedirectURIs)
		versions, err := s.ClientVersions(t.Context(), "photoprint", "", "", 100)
		require.NoError(t, err)
		require.True(t, slices.ContainsFunc(versions, func(v storage.ClientVersion) bool {
			return v.Status == "archived" && v.Client.Name == c.Name && len(v.Client.Scopes) == 3
		}), "what the developer submitted stays")
	})
	t.Run("and not what an admin made of it between them", func(t *testing.T) {
		r, _ := twoApprove(t, testdb.SQLite(t), asking)
		_, err := approve(t, r, reviewer, nil)
		require.NoError(t, err)
		c := live(t, r)
		elsewhere(&c)
		require.NoError(t, r.Update(t.Context(), c, c.UpdatedAt))
		status, err := approve(t, r, second, nil)
		require.NoError(t, err)
		require.Equal(t, "submitted", status)
	})
}

func TestOfTwoFirstApprovalsAtOnceNoneIsLost(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		r, _ := twoApprove(t, dsn, asking)
		var done sync.WaitGroup
		for _, by := range []storage.Actor{reviewer, second} {
			done.Go(func() {
				for range 20 {
					if _, err := approve(t, r, by, nil); err == nil {
						return
					}
				}
			})
		}
		done.Wait()
		require.Equal(t, "approved", live(t, r).Status)
	})
}

func TestAVersionChangesWhatItsDeveloperAskedToChangeAndNothingElse(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		s := newStore(t, dsn)
		r := registry.New(s, time.Now)
		c := submittable("approved")
		c.FirstParty, c.ResourceServer = true, true
		c.PublisherID = ""
		require.NoError(t, r.Create(t.Context(), c))
		c.Name = "PhotoPrint Two"
		_, err := r.Propose(t.Context(), dev, c, "")
		require.NoError(t, err)

		admins := live(t, r)
		admins.FirstParty, admins.ResourceServer, admins.RedirectURIs = false, false, []string{"https://moved.example/cb"}
		require.NoError(t, r.Update(t.Context(), admins, admins.UpdatedAt))
		w, err := r.Work(t.Context(), "photoprint")
		require.NoError(t, err)
		require.Equal(t, []string{"name"}, registry.Changed(w.Live, w.Proposed()), "a reviewer is shown what was asked for")

		again := w.Proposed()
		again.ClientURI = "https://photoprint.example/"
		waiting, err := r.Propose(t.Context(), dev, again, w.ETag())
		require.NoError(t, err)
		require.Equal(t, []string{"name", "client_uri"}, waiting)
		admins = live(t, r)
		admins.RedirectURIs = []string{"https://again.example/cb"}
		require.NoError(t, r.Update(t.Context(), admins, admins.UpdatedAt))

		take(t, r, registry.Submit, dev)
		take(t, r, registry.Approve, reviewer)
		got := live(t, r)
		require.Equal(t, "PhotoPrint Two", got.Name)
		require.Equal(t, "https://photoprint.example/", got.ClientURI)
		require.Equal(t, []string{"https://again.example/cb"}, got.RedirectURIs)
		require.False(t, got.FirstParty)
		require.False(t, got.ResourceServer)
	})
}
