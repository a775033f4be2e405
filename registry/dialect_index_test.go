package registry_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/registry"
	"gatehouse/storage"
)

// named returns speaking under another ID.
func named(id, dialect, settings string) storage.Client {
	c := speaking(dialect, settings)
	c.ID = id
	return c
}

func create(t *testing.T, r *registry.Registry, clients ...storage.Client) {
	t.Helper()
	for _, c := range clients {
		require.NoError(t, r.Create(t.Context(), c))
	}
}

func ids(clients []*storage.Client) []string {
	var ids []string
	for _, c := range clients {
		ids = append(ids, c.ID)
	}
	return ids
}

const superApp = `"url":"https://superapp.example/gam","client_secret":"sealed:x"`

func TestBoxoAppFindsEveryClientOfThatAppID(t *testing.T) {
	r, _ := newRegistry(t)
	create(t, r, named("a", "boxo", `{"app_id":"shop"}`), named("shop", "boxo", `{}`), named("b", "boxo", `{"app_id":"Shop"}`), named("c", "gam", `{}`))
	draft := named("d", "boxo", `{"app_id":"shop"}`)
	draft.Status = storage.StatusDraft
	create(t, r, draft)
	apps, err := r.BoxoApp(t.Context(), "shop")
	require.NoError(t, err)
	require.Equal(t, []string{"a", "d", "shop"}, ids(apps))
	apps, err = r.BoxoApp(t.Context(), "c")
	require.NoError(t, err)
	require.Empty(t, apps)
}

func TestGAMMiniAppIsTheApprovedClientOfASuperApp(t *testing.T) {
	r, _ := newRegistry(t)
	suspended := named("suspended", "gam", `{"superapp":{"client_id":"theirs-2",`+superApp+`}}`)
	suspended.Status = storage.StatusSuspended
	create(t, r, suspended, named("ours", "gam", `{"superapp":{"client_id":"theirs",`+superApp+`}}`), named("same", "gam", `{"superapp":{`+superApp+`}}`),
		named("no-url", "gam", `{"superapp":{"client_id":"theirs-3"}}`), named("boxo", "boxo", `{}`))
	for id, want := range map[string]string{"theirs": "ours", "same": "same", "ours": "", "theirs-2": "", "theirs-3": "", "no-url": "", "boxo": "", "": ""} {
		c, err := r.GAMMiniApp(t.Context(), id)
		if want == "" {
			require.ErrorIs(t, err, storage.ErrNotFound, id)
			continue
		}
		require.NoError(t, err, id)
		require.Equal(t, want, c.ID, id)
	}
}

func TestASecondClientForOneMiniAppIsRefused(t *testing.T) {
	r, s := newRegistry(t)
	create(t, r, named("a", "gam", `{"superapp":{"client_id":"theirs",`+superApp+`}}`), named("theirs", "gam", `{}`))
	second := named("b", "gam", `{"superapp":{"client_id":"theirs",`+superApp+`}}`)
	refused := func(err error) {
		t.Helper()
		var problems registry.Problems
		require.ErrorAs(t, err, &problems)
		require.Equal(t, registry.Problems{{Field: "dialects.gam.superapp.client_id",
			Text: `"theirs" is that of the client "a" already; give the one that the super app knows this mini app by`}}, problems)
	}
	refused(r.Create(t.Context(), second))
	second.Status = storage.StatusDraft
	create(t, r, second)
	second, err := s.Store.Client(t.Context(), "b")
	require.NoError(t, err)
	second.Status = storage.StatusApproved
	refused(r.Update(t.Context(), second, second.UpdatedAt))

	first, err := s.Store.Client(t.Context(), "a")
	require.NoError(t, err)
	first.Name = "Renamed"
	require.NoError(t, r.Update(t.Context(), first, first.UpdatedAt), "it is no second one of itself")
	first, err = s.Store.Client(t.Context(), "a")
	require.NoError(t, err)
	first.Status = storage.StatusArchived
	require.NoError(t, r.Update(t.Context(), first, first.UpdatedAt))
	require.NoError(t, r.Update(t.Context(), second, second.UpdatedAt), "the place is free")
	c, err := r.GAMMiniApp(t.Context(), "theirs")
	require.NoError(t, err)
	require.Equal(t, "b", c.ID)
}

func TestTheIndexOfDialectsReadsEveryClientOnce(t *testing.T) {
	r, s := newRegistry(t)
	for i := range 1001 { // three pages
		c := speaking("boxo", `{"app_id":"shop"}`)
		c.ID, c.CreatedAt, c.UpdatedAt = fmt.Sprintf("c%04d", i), time.Now(), time.Now()
		if i%2 == 1 {
			c.Dialects = nil
		}
		require.NoError(t, s.CreateClient(t.Context(), c))
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			apps, err := r.BoxoApp(context.Background(), "shop")
			if err != nil || len(apps) != 501 {
				t.Errorf("%d apps, %v", len(apps), err)
			}
			_, _ = r.GAMMiniApp(context.Background(), "nobody")
		})
	}
	all.Wait()
	require.EqualValues(t, 3, s.pages.Load())
	r.Forget()
	_, err := r.BoxoApp(t.Context(), "shop")
	require.NoError(t, err)
	require.EqualValues(t, 6, s.pages.Load())
}

func TestAllClientsAreReadOnceUntilOneChanges(t *testing.T) {
	r, s := newRegistry(t)
	ids := func() (ids []string) {
		clients, err := r.Clients(t.Context())
		require.NoError(t, err)
		for _, c := range clients {
			ids = append(ids, c.ID)
		}
		return ids
	}
	require.Empty(t, ids())
	for _, id := range []string{"b", "a"} {
		require.NoError(t, r.Create(t.Context(), storage.Client{ID: id, Name: id, Public: true, RedirectURIs: []string{"https://app.example/cb"}}))
	}
	before := s.pages.Load()
	for range 3 {
		require.Equal(t, []string{"a", "b"}, ids())
	}
	require.EqualValues(t, 1, s.pages.Load()-before)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r.Forget()
	_, err := r.Clients(ctx)
	require.Error(t, err)
	require.Len(t, ids(), 2, "an outage is not remembered")
}

func TestAnOutageOfTheIndexIsNotRemembered(t *testing.T) {
	r, _ := newRegistry(t)
	create(t, r, named("a", "boxo", `{}`))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := r.BoxoApp(ctx, "a")
	require.Error(t, err)
	_, err = r.GAMMiniApp(ctx, "a")
	require.Error(t, err)
	require.NotErrorIs(t, err, storage.ErrNotFound)
	apps, err := r.BoxoApp(t.Context(), "a")
	require.NoError(t, err)
	require.Len(t, apps, 1)
}

func TestDialectsOfOtherProcessesAreSeen(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		here, there := newStore(t, dsn), newStore(t, dsn)
		require.NoError(t, there.SaveScope(t.Context(), storage.Scope{Name: "points_read"}))
		r, other := registry.New(here, time.Now), registry.New(there, time.Now)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { r.Run(ctx); close(ended) }()
		_, err := r.GAMMiniApp(t.Context(), "theirs")
		require.ErrorIs(t, err, storage.ErrNotFound)
		c := named("ours", "gam", `{"superapp":{"client_id":"theirs",`+superApp+`}}`)
		c.Dialects["boxo"] = json.RawMessage(`{"app_id":"shop"}`)
		create(t, other, c)
		require.Eventually(t, func() bool { _, err := r.GAMMiniApp(t.Context(), "theirs"); return err == nil }, 60*time.Second, 10*time.Millisecond)
		apps, err := r.BoxoApp(t.Context(), "shop")
		require.NoError(t, err)
		require.Equal(t, []string{"ours"}, ids(apps))
		cancel()
		<-ended
	})
}
