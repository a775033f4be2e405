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

var (
	dev      = storage.Actor{Kind: storage.ActorUser, ID: "dev", Address: "192.0.2.1"}
	reviewer = storage.Actor{Kind: storage.ActorUser, ID: "reviewer"}
	second   = storage.Actor{Kind: storage.ActorUser, ID: "second"}
)

// submittable is a mini app that may be reviewed, where it stands.
func submittable(status string) storage.Client {
	c := mini()
	c.Status = status
	c.Scopes = []storage.ClientScope{{Name: "openid"}, {Name: "email", Purpose: map[string]string{"en": "to send your order status"}}}
	return c
}

func take(t *testing.T, r *registry.Registry, action registry.Action, by storage.Actor) string {
	t.Helper()
	status, err := r.Take(t.Context(), registry.Step{Action: action, ClientID: "photoprint", By: by, Comment: "because"})
	require.NoError(t, err, action)
	return status
}

// The sentence: draft → submitted → approved | changes_requested | rejected; changes_requested → submitted;
// approved → suspended → approved; any → archived.
func TestTheWorkflowHasTheArrowsOfTheContractAndNoOthers(t *testing.T) {
	arrows := map[string]map[registry.Action]string{
		"draft":             {"submit": "submitted"},
		"submitted":         {"approve": "approved", "request-changes": "changes_requested", "reject": "rejected"},
		"changes_requested": {"submit": "submitted"},
		"approved":          {"suspend": "suspended"},
		"suspended":         {"reinstate": "approved"},
		"rejected":          {},
		"archived":          {},
	}
	for from, out := range arrows {
		if from != "archived" {
			out["archive"] = "archived"
		}
		for _, action := range registry.Actions() {
			t.Run(from+" "+string(action), func(t *testing.T) {
				r, s := newRegistry(t)
				require.NoError(t, r.Create(t.Context(), submittable(from)))
				status, err := r.Take(t.Context(), registry.Step{Action: action, ClientID: "photoprint", By: reviewer, Comment: "because"})
				stored, readErr := s.Store.Client(t.Context(), "photoprint")
				require.NoError(t, readErr)
				to, possible := out[action]
				if !possible {
					var refused *registry.StatusError
					require.ErrorAs(t, err, &refused)
					require.Equal(t, from, refused.Status)
					require.Equal(t, from, stored.Status)
					return
				}
				require.NoError(t, err)
				require.Equal(t, to, status)
				require.Equal(t, to, stored.Status)
				events, err := s.AuditEvents(t.Context(), storage.AuditFilter{}, "", 10)
				require.NoError(t, err)
				require.Len(t, events, 1)
				require.Equal(t, "client."+string(action), events[0].Action)
				require.Equal(t, reviewer, events[0].Actor)
				require.Equal(t, from, events[0].Detail["from"])
				notes, err := s.ReviewNotes(t.Context(), "photoprint", "", 10)
				require.NoError(t, err)
				require.Equal(t, "because", notes[0].Text)
			})
		}
	}
}

func TestALiveMiniAppGoesOnAsItIsWhileAVersionWaits(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		s := newStore(t, dsn)
		r := registry.New(s, time.Now)
		live := submittable("approved")
		require.NoError(t, r.Create(t.Context(), live))
		proposed := live
		proposed.RedirectURIs = append(slices.Clone(live.RedirectURIs), "https://photoprint.example/new")
		proposed.Contacts = []string{"help@photoprint.example"}
		waiting, err := r.Propose(t.Context(), dev, proposed, "")
		require.NoError(t, err)
		require.Equal(t, []string{"redirect_uris"}, waiting)

		now, err := r.Client(t.Context(), "photoprint")
		require.NoError(t, err)
		require.Equal(t, live.RedirectURIs, now.RedirectURIs)
		require.Equal(t, proposed.Contacts, now.Contacts, "contacts need no review")

		require.Equal(t, "submitted", take(t, r, registry.Submit, dev))
		_, err = r.Propose(t.Context(), dev, live, "")
		require.ErrorContains(t, err, "is submitted", "what is under review does not move")
		require.Equal(t, "changes_requested", take(t, r, registry.RequestChanges, reviewer))
		proposed.Name = "PhotoPrint Plus"
		waiting, err = r.Propose(t.Context(), dev, proposed, "")
		require.NoError(t, err)
		require.Equal(t, []string{"name", "redirect_uris"}, waiting)
		take(t, r, registry.Submit, dev)
		now, err = r.Client(t.Context(), "photoprint")
		require.NoError(t, err)
		require.Equal(t, "PhotoPrint", now.Name)
		require.Equal(t, "approved", now.Status)

		require.Equal(t, "approved", take(t, r, registry.Approve, reviewer))
		now, err = r.Client(t.Context(), "photoprint")
		require.NoError(t, err)
		require.Equal(t, "PhotoPrint Plus", now.Name)
		require.Equal(t, proposed.RedirectURIs, now.RedirectURIs)
		w, err := r.Work(t.Context(), "photoprint")
		require.NoError(t, err)
		require.Nil(t, w.Version)
	})
}

func TestASuspendedMiniAppStaysSoWhenAVersionOfItIsApproved(t *testing.T) {
	r, _ := newRegistry(t)
	live := submittable("approved")
	require.NoError(t, r.Create(t.Context(), live))
	live.Name = "PhotoPrint Plus"
	_, err := r.Propose(t.Context(), dev, live, "")
	require.NoError(t, err)
	take(t, r, registry.Submit, dev)
	take(t, r, registry.Suspend, reviewer)
	take(t, r, registry.Approve, reviewer)
	c, err := r.Client(t.Context(), "photoprint")
	require.NoError(t, err)
	require.Equal(t, "suspended", c.Status)
	require.Equal(t, "PhotoPrint Plus", c.Name)
	require.False(t, c.TokensFrom.IsZero(), "and its tokens stay dead once it is reinstated")
}

func TestAReviewerMayApproveWithChanges(t *testing.T) {
	r, _ := newRegistry(t)
	c := submittable("submitted")
	require.NoError(t, r.Create(t.Context(), c))
	c.Name, c.Status = "PhotoPrint (changed)", "archived"
	_, err := r.Take(t.Context(), registry.Step{Action: registry.Approve, ClientID: "photoprint", By: reviewer, Changed: &c})
	require.NoError(t, err)
	got, err := r.Client(t.Context(), "photoprint")
	require.NoError(t, err)
	require.Equal(t, "PhotoPrint (changed)", got.Name)
	require.Equal(t, "approved", got.Status)
}

func TestWhoDecidesAgainstAMiniAppSaysWhy(t *testing.T) {
	for action, from := range map[registry.Action]string{registry.RequestChanges: "submitted", registry.Reject: "submitted", registry.Suspend: "approved"} {
		r, _ := newRegistry(t)
		require.NoError(t, r.Create(t.Context(), submittable(from)))
		_, err := r.Take(t.Context(), registry.Step{Action: action, ClientID: "photoprint", By: reviewer, Comment: " "})
		require.ErrorContains(t, err, "comment: must not be empty; say why", action)
	}
}

func TestASubmissionNeedsAPurposeForWhateverPeopleShare(t *testing.T) {
	r, _ := newRegistry(t)
	c := submittable("draft")
	c.Scopes[1].Purpose = nil
	require.NoError(t, r.Create(t.Context(), c), "a draft may lack it")
	_, err := r.Take(t.Context(), registry.Step{Action: registry.Submit, ClientID: "photoprint", By: dev})
	require.ErrorContains(t, err, "scopes[1].purpose: is missing")
}

func TestSensitiveScopesNeedTwoPeopleWhereTheOperatorAsksForIt(t *testing.T) {
	r, s := newRegistry(t)
	r.TwoReviewers = true
	require.NoError(t, s.SaveScope(t.Context(), storage.Scope{Name: "health", Sensitive: true}))
	c := submittable("draft")
	require.NoError(t, r.Create(t.Context(), c))
	c.Scopes = append(c.Scopes, storage.ClientScope{Name: "health", Purpose: map[string]string{"en": "to know how you are"}})
	_, err := r.Propose(t.Context(), dev, c, "")
	require.NoError(t, err)
	for round := range 2 { // approvals of an earlier submission do not count
		take(t, r, registry.Submit, dev)
		require.Equal(t, "submitted", take(t, r, registry.Approve, reviewer))
		_, err = r.Take(t.Context(), registry.Step{Action: registry.Approve, ClientID: "photoprint", By: reviewer})
		require.ErrorContains(t, err, "a second person has to")
		if round == 0 {
			take(t, r, registry.RequestChanges, second)
		}
	}
	require.Equal(t, "approved", take(t, r, registry.Approve, second))
}

func TestOfTwoPeopleWhoDecideAtOnceOneIsRefused(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		s := newStore(t, dsn)
		r := registry.New(s, time.Now)
		for range 10 {
			c := submittable("submitted")
			c.ID = registry.GenerateID()
			require.NoError(t, r.Create(t.Context(), c))
			var done sync.WaitGroup
			var errs [2]error
			for i, action := range []registry.Action{registry.Approve, registry.Reject} {
				done.Go(func() {
					_, errs[i] = r.Take(t.Context(), registry.Step{Action: action, ClientID: c.ID, By: reviewer, Comment: "because"})
				})
			}
			done.Wait()
			require.True(t, (errs[0] == nil) != (errs[1] == nil), "%v", errs)
			got, err := s.Store.Client(t.Context(), c.ID)
			require.NoError(t, err)
			require.Equal(t, errs[0] == nil, got.Status == "approved")
			notes, err := s.ReviewNotes(t.Context(), c.ID, "", 10)
			require.NoError(t, err)
			require.Len(t, notes, 1)
		}
	})
}

func TestASaveThatWasMadeFromAnOlderStateIsRefused(t *testing.T) {
	r, _ := newRegistry(t)
	live := submittable("approved")
	require.NoError(t, r.Create(t.Context(), live))
	before, err := r.Work(t.Context(), "photoprint")
	require.NoError(t, err)
	live.Name = "One"
	_, err = r.Propose(t.Context(), dev, live, before.ETag())
	require.NoError(t, err)
	live.Name = "Two"
	_, err = r.Propose(t.Context(), dev, live, before.ETag())
	require.ErrorIs(t, err, storage.ErrConflict)
	require.NoError(t, r.Discard(t.Context(), dev, "photoprint"))
	require.ErrorIs(t, r.Discard(t.Context(), dev, "photoprint"), storage.ErrNotFound)
}
