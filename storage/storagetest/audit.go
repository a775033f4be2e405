package storagetest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// deed is an event as somebody would record it.
func deed(action, target string) storage.AuditEvent {
	return storage.AuditEvent{
		Actor: storage.Actor{Kind: storage.ActorUser, ID: id(), Address: "192.0.2.1"}, Action: action, At: moment,
		Target: storage.Target{Kind: "client", ID: target}, Detail: map[string]string{"reason": "a word"},
	}
}

// eventsOn returns what was recorded about a client, newest first.
func eventsOn(t *testing.T, s storage.Store, client string) []storage.AuditEvent {
	t.Helper()
	events, err := s.AuditEvents(t.Context(), storage.AuditFilter{Target: storage.Target{Kind: "client", ID: client}}, "", 100)
	require.NoError(t, err)
	return events
}

func audit() []contract {
	return []contract{
		{"an event is stored with the write that it describes, and not without it", func(t *testing.T, s storage.Store) {
			c := fullClient()
			e := deed("client.create", c.ID)
			require.NoError(t, s.CreateClient(storage.Audited(t.Context(), e), c))
			require.ErrorIs(t, s.CreateClient(storage.Audited(t.Context(), e), c), storage.ErrExists)
			got := eventsOn(t, s, c.ID)
			require.Len(t, got, 1)
			require.Len(t, got[0].ID, 36)
			got[0].ID = ""
			require.Equal(t, e, got[0])
		}},
		{"an event is stored with a unit of work, and not with one whose condition does not hold", func(t *testing.T, s storage.Store) {
			g := grantOf(person(t, s).ID, id())
			require.NoError(t, s.Apply(storage.Audited(t.Context(), deed("grant.allow", g.ClientID)), storage.Unit{storage.SaveGrant{Grant: g}}))
			g.Version++
			err := s.Apply(storage.Audited(t.Context(), deed("grant.deny", g.ClientID)), storage.Unit{storage.SaveGrant{Grant: g, IfVersion: 99}})
			require.ErrorIs(t, err, storage.ErrConflict)
			require.Len(t, eventsOn(t, s, g.ClientID), 1)
		}},
		{"several events are stored by themselves, in their order, whatever their bytes", func(t *testing.T, s storage.Store) {
			target := id()
			first, second := deed("client.look", target), deed("client.look\x00", target)
			second.Action, second.Detail = "client.leave", map[string]string{"re\xffason": "a\x00b"}
			require.NoError(t, s.Record(storage.Audited(storage.Audited(t.Context(), first), second)))
			got := eventsOn(t, s, target)
			require.Len(t, got, 2)
			require.Equal(t, "client.leave", got[0].Action)
			require.Equal(t, map[string]string{"re\uFFFDason": "a\uFFFDb"}, got[0].Detail)
		}},
		{"events are found by who, what, on whom and when, page by page", func(t *testing.T, s storage.Store) {
			target, other := id(), id()
			e := deed("client.approve", target)
			late := deed("client.approve", target)
			late.At = moment.Add(time.Hour)
			require.NoError(t, s.Record(storage.Audited(t.Context(), e, deed("client.suspend", target), deed("clientele", target), deed("client.approve", other), late)))
			on := storage.Target{Kind: "client", ID: target}
			for _, c := range []struct {
				filter storage.AuditFilter
				found  int
			}{
				{storage.AuditFilter{Target: on}, 4},
				{storage.AuditFilter{Target: on, Action: "client.approve"}, 2},
				{storage.AuditFilter{Target: on, Action: "client."}, 3},
				{storage.AuditFilter{Target: on, Action: "client"}, 0},
				{storage.AuditFilter{Target: on, Since: moment.Add(time.Minute)}, 1},
				{storage.AuditFilter{Target: on, Until: moment.Add(time.Minute)}, 3},
				{storage.AuditFilter{Actor: storage.Actor{Kind: e.Actor.Kind, ID: e.Actor.ID}}, 1},
				{storage.AuditFilter{Actor: storage.Actor{Kind: storage.ActorClient, ID: e.Actor.ID}}, 0},
				{storage.AuditFilter{Target: storage.Target{Kind: "client", ID: "\x00"}}, 0},
			} {
				got, err := s.AuditEvents(t.Context(), c.filter, "", 10)
				require.NoError(t, err)
				require.Len(t, got, c.found, "%+v", c.filter)
			}
			var seen []string
			for before := ""; ; {
				page, err := s.AuditEvents(t.Context(), storage.AuditFilter{Target: on}, before, 3)
				require.NoError(t, err)
				for _, e := range page {
					seen = append(seen, e.ID)
				}
				if len(page) < 3 {
					break
				}
				before = page[2].ID
			}
			require.Len(t, seen, 4)
			require.IsDecreasing(t, seen)
		}},
	}
}

// sum chains an event by its hash; how is the caller's business.
func sum(before []byte, e storage.AuditEvent) []byte {
	hash := sha256.Sum256(append(bytes.Clone(before), e.ID...))
	return hash[:]
}

// marked tells both ends.
func marked(before, end storage.ChainEnd) string {
	return fmt.Sprintf("%d after %d", end.Sequence, before.Sequence)
}

func chain() []contract {
	return []contract{
		{"sealing gives every event one place, by whomever it is done at once", func(t *testing.T, s storage.Store) {
			const events = 60
			for range events {
				require.NoError(t, s.Record(storage.Audited(t.Context(), deed("client.approve", id()))))
			}
			end, waiting, err := s.ChainEnd(t.Context())
			require.NoError(t, err)
			require.Equal(t, storage.ChainEnd{}, end)
			require.Equal(t, events, waiting)
			var group sync.WaitGroup
			for range 4 {
				group.Go(func() {
					for {
						n, err := s.SealAudit(t.Context(), 7, sum, marked)
						if err != nil || n == 0 {
							return
						}
					}
				})
			}
			group.Wait()
			var before []byte
			sealed, err := s.SealedEvents(t.Context(), 0, 2*events)
			require.NoError(t, err)
			require.Len(t, sealed, events)
			for i, e := range sealed {
				require.EqualValues(t, i+1, e.Sequence)
				before = sum(before, e)
				require.Equal(t, before, e.Hash)
			}
			end, waiting, err = s.ChainEnd(t.Context())
			require.NoError(t, err)
			mark := fmt.Sprintf("%d after %d", events, events-events%7)
			if events%7 == 0 {
				mark = fmt.Sprintf("%d after %d", events, events-7)
			}
			require.Equal(t, storage.ChainEnd{Sequence: events, Hash: before, Mark: mark}, end)
			require.NoError(t, s.MarkChain(t.Context(), storage.ChainEnd{Sequence: events, Hash: before, Mark: "moved"}, "x"))
			require.NoError(t, s.MarkChain(t.Context(), end, "anew"))
			marked, _, err := s.ChainEnd(t.Context())
			require.NoError(t, err)
			require.Equal(t, "anew", marked.Mark)
			strays, err := s.StrayEvents(t.Context())
			require.NoError(t, err)
			require.Zero(t, strays)
			require.Zero(t, waiting)
			rest, err := s.SealedEvents(t.Context(), events-2, 10)
			require.NoError(t, err)
			require.Len(t, rest, 2)
		}},
	}
}
