package storagetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// listener stores a client that wants to be told, or with an empty uri one that does not.
func listener(t *testing.T, s storage.Store, uri string) string {
	t.Helper()
	c := storage.Client{ID: id(), WebhookURI: uri, CreatedAt: moment, UpdatedAt: moment}
	require.NoError(t, s.CreateClient(t.Context(), c))
	return c.ID
}

const webhook = "https://app.example/events"

// told returns the deliveries of a client, without what is different each time.
func told(t *testing.T, s storage.Store, clientID string) (list []storage.Delivery) {
	t.Helper()
	for after := ""; ; {
		page, err := s.Deliveries(t.Context(), 0, after, 100)
		require.NoError(t, err)
		for _, d := range page {
			if d.ClientID == clientID {
				require.Len(t, d.ID, 36)
				d.ID = ""
				list = append(list, d)
			}
		}
		if len(page) < 100 {
			return list
		}
		after = page[99].ID
	}
}

// news is a delivery as it is written.
func news(g storage.Grant, event storage.DeliveryEvent, scope string, when time.Time) storage.Delivery {
	return storage.Delivery{
		ClientID: g.ClientID, Owner: g.Owner, Event: event, Scope: scope, State: storage.DeliveryPending, DueAt: when, CreatedAt: when,
	}
}

// grantedTo stores a grant of a new person for a client that allows scopes.
func grantedTo(t *testing.T, s storage.Store, clientID string, scopes ...string) storage.Grant {
	t.Helper()
	g := grantOf(person(t, s).ID, clientID)
	g.Decisions = decisions(scopes...)
	apply(t, s, storage.SaveGrant{Grant: g})
	return g
}

// decisions are those of scopes, allowed unless a minus stands before one.
func decisions(scopes ...string) (list []storage.Decision) {
	for _, scope := range slices.Sorted(slices.Values(scopes)) {
		d := storage.Decision{Scope: scope, Allowed: scope[0] != '-', DecidedAt: moment}
		if !d.Allowed {
			d.Scope = scope[1:]
		}
		list = append(list, d)
	}
	return list
}

func deliveries() []contract {
	later := moment.Add(time.Minute)
	return []contract{
		{"ending a grant that allows something tells the client once, for a person and for a company", func(t *testing.T, s storage.Store) {
			client := listener(t, s, webhook)
			g := grantedTo(t, s, client, "email", "-phone")
			company := grantOf("", client)
			company.Owner = storage.Owner{CompanyID: id()}
			apply(t, s, storage.SaveGrant{Grant: company})
			require.Empty(t, told(t, s, client))
			for range 2 {
				apply(t, s, storage.EndGrant{ID: g.ID, At: moment}, storage.EndGrant{ID: g.ID, At: later})
			}
			apply(t, s, storage.EndGrant{ID: company.ID, At: later})
			require.Equal(t, []storage.Delivery{
				news(g, storage.EventGrantEnded, "", moment), news(company, storage.EventGrantEnded, "", later),
			}, told(t, s, client))
		}},
		{"nobody is told of a grant that allows nothing, or of a client that does not want to be told, or of a grant that there is not", func(t *testing.T, s storage.Store) {
			client, quiet := listener(t, s, webhook), listener(t, s, "")
			denied, unheard, unknown := grantedTo(t, s, client, "-email"), grantedTo(t, s, quiet, "email"), grantedTo(t, s, id(), "email")
			apply(t, s, storage.EndGrant{ID: denied.ID, At: moment}, storage.EndGrant{ID: unheard.ID, At: moment},
				storage.EndGrant{ID: unknown.ID, At: moment}, storage.EndGrant{ID: id(), At: moment})
			require.Empty(t, told(t, s, client))
			require.Empty(t, told(t, s, quiet))
			require.Empty(t, told(t, s, unknown.ClientID))
		}},
		{"a grant that another takes the place of tells what is kept, and nothing when all is", func(t *testing.T, s storage.Store) {
			client := listener(t, s, webhook)
			g := grantedTo(t, s, client, "email", "openid", "phone")
			same, less := g, g
			same.ID, less.ID = id(), id()
			apply(t, s, storage.EndGrant{ID: g.ID, At: moment, Kept: []string{"phone", "openid", "profile", "email"}}, storage.SaveGrant{Grant: same})
			require.Empty(t, told(t, s, client))
			apply(t, s, storage.EndGrant{ID: same.ID, At: later, Kept: []string{"phone", "email"}}, storage.SaveGrant{Grant: less})
			require.Equal(t, []storage.Delivery{news(g, storage.EventGrantNarrowed, "email phone", later)}, told(t, s, client))
		}},
		{"a change in place tells of what it takes away", func(t *testing.T, s storage.Store) {
			client := listener(t, s, webhook)
			g := grantedTo(t, s, client, "email", "openid")
			change := func(scopes ...string) storage.SaveGrant {
				g.Version++
				g.UpdatedAt, g.Decisions = g.UpdatedAt.Add(time.Minute), decisions(scopes...)
				return storage.SaveGrant{Grant: g, IfVersion: g.Version - 1}
			}
			apply(t, s, change("email", "openid", "phone"))
			apply(t, s, change("email", "openid", "phone", "-profile"))
			require.Empty(t, told(t, s, client))
			apply(t, s, change("email", "-openid", "address"))
			narrowed := news(g, storage.EventGrantNarrowed, "address email", g.UpdatedAt)
			require.Equal(t, []storage.Delivery{narrowed}, told(t, s, client))
			apply(t, s, change("-email"))
			require.Equal(t, []storage.Delivery{narrowed, news(g, storage.EventGrantEnded, "", g.UpdatedAt)}, told(t, s, client))
		}},
		{"a unit that conflicts tells nobody", func(t *testing.T, s storage.Store) {
			client := listener(t, s, webhook)
			g := grantedTo(t, s, client, "email")
			requireConflict(t, s, storage.EndGrant{ID: g.ID, At: moment}, storage.HoldGrant{ID: g.ID})
			stale := g
			stale.Decisions, stale.Version = nil, 6
			requireConflict(t, s, storage.SaveGrant{Grant: stale, IfVersion: 5})
			require.Empty(t, told(t, s, client))
			requireGrant(t, s, g)
		}},
		{"disabling and enabling a user tells each client that may read something, once for each change", func(t *testing.T, s storage.Store) {
			client, second, quiet := listener(t, s, webhook), listener(t, s, webhook), listener(t, s, "")
			g := grantedTo(t, s, client, "email")
			other, denied, ended, unheard := grantOf(g.Owner.UserID, second), grantOf(g.Owner.UserID, listener(t, s, webhook)),
				grantOf(g.Owner.UserID, listener(t, s, webhook)), grantOf(g.Owner.UserID, quiet)
			denied.Decisions, ended.Decisions = decisions("-email"), decisions("-email")
			apply(t, s, storage.SaveGrant{Grant: other}, storage.SaveGrant{Grant: denied}, storage.SaveGrant{Grant: ended},
				storage.SaveGrant{Grant: unheard}, storage.EndGrant{ID: ended.ID, At: moment})
			stranger := grantedTo(t, s, client, "email")
			for range 2 {
				require.NoError(t, s.SetDisabled(t.Context(), g.Owner.UserID, true, moment))
			}
			for range 2 {
				require.NoError(t, s.SetDisabled(t.Context(), g.Owner.UserID, false, later))
			}
			require.Equal(t, []storage.Delivery{
				news(g, storage.EventUserDisabled, "", moment), news(g, storage.EventUserEnabled, "", later),
			}, told(t, s, client))
			require.Equal(t, []storage.Delivery{
				news(other, storage.EventUserDisabled, "", moment), news(other, storage.EventUserEnabled, "", later),
			}, told(t, s, second))
			for _, silent := range []string{denied.ClientID, ended.ClientID, quiet} {
				require.Empty(t, told(t, s, silent))
			}
			requireGrant(t, s, stranger)
			require.ErrorIs(t, s.SetDisabled(t.Context(), id(), true, moment), storage.ErrNotFound)
		}},
		{"disabling and enabling a user tells no client whose grant has run out", func(t *testing.T, s storage.Store) {
			client, over, partly := listener(t, s, webhook), listener(t, s, webhook), listener(t, s, webhook)
			g := grantOf(person(t, s).ID, client)
			g.Decisions = decisions("email", "phone")
			g.Decisions[0].Until, g.Decisions[1].Until = later.Add(time.Microsecond), moment
			ranOut, half := grantOf(g.Owner.UserID, over), grantOf(g.Owner.UserID, partly)
			ranOut.Decisions, half.Decisions = decisions("email"), decisions("email", "phone")
			ranOut.Decisions[0].Until, half.Decisions[0].Until = later, moment
			apply(t, s, storage.SaveGrant{Grant: g}, storage.SaveGrant{Grant: ranOut}, storage.SaveGrant{Grant: half})
			for _, disabled := range []bool{true, false} {
				require.NoError(t, s.SetDisabled(t.Context(), g.Owner.UserID, disabled, later))
			}
			require.Len(t, told(t, s, client), 2)
			require.Len(t, told(t, s, partly), 2)
			require.Empty(t, told(t, s, over))
		}},
		{"of simultaneous ends of a grant one tells the client", func(t *testing.T, s storage.Store) {
			client := listener(t, s, webhook)
			for n := range 10 {
				g := grantedTo(t, s, client, "email")
				succeeded, _ := atOnce(t, 8, func(int) error {
					return s.Apply(t.Context(), storage.Unit{storage.EndGrant{ID: g.ID, At: moment}})
				})
				require.Equal(t, 8, succeeded)
				require.Len(t, told(t, s, client), n+1)
			}
		}},
		{"a grant that ends while it begins to allow something tells the client if it allowed it", func(t *testing.T, s storage.Store) {
			for range 20 {
				client := listener(t, s, webhook)
				g := grantedTo(t, s, client, "-email")
				next := g
				next.Version, next.Decisions = 2, decisions("email")
				units := []storage.Unit{{storage.SaveGrant{Grant: next, IfVersion: 1}}, {storage.EndGrant{ID: g.ID, At: moment}}}
				allowed, _ := atOnce(t, 2, func(i int) error { return s.Apply(t.Context(), units[i]) })
				require.Len(t, told(t, s, client), allowed-1, "the end succeeds always, the change only before it")
			}
		}},
		{"of simultaneous changes of whether a user is disabled one tells the client", func(t *testing.T, s storage.Store) {
			client := listener(t, s, webhook)
			g := grantedTo(t, s, client, "email")
			atOnce(t, 8, func(int) error { return s.SetDisabled(t.Context(), g.Owner.UserID, true, moment) })
			require.Len(t, told(t, s, client), 1)
		}},
	}
}

// waiting stores n deliveries of a client, a second apart from moment on, and returns them.
func waiting(t *testing.T, s storage.Store, clientID string, n int) []storage.Delivery {
	t.Helper()
	before, err := s.Deliveries(t.Context(), 0, "", 1000)
	require.NoError(t, err)
	for i := range n {
		apply(t, s, storage.EndGrant{ID: grantedTo(t, s, clientID, "email").ID, At: moment.Add(time.Duration(i) * time.Second)})
	}
	after, err := s.Deliveries(t.Context(), 0, "", 1000)
	require.NoError(t, err)
	require.Len(t, after, len(before)+n)
	return after[len(before):]
}

// waitingFor returns what a client has to be told yet, in ID order.
func waitingFor(t *testing.T, s storage.Store, clientID string) []storage.Delivery {
	t.Helper()
	list, err := s.Deliveries(t.Context(), storage.DeliveryPending, "", 1000)
	require.NoError(t, err)
	return slices.DeleteFunc(list, func(d storage.Delivery) bool { return d.ClientID != clientID })
}

func requireDue(t *testing.T, s storage.Store, now time.Time, want ...string) {
	t.Helper()
	got, err := s.DueClients(t.Context(), now)
	require.NoError(t, err)
	slices.Sort(want)
	require.ElementsMatch(t, want, got)
	require.True(t, slices.IsSorted(got))
}

func lease(t *testing.T, s storage.Store, clientID string, now time.Time) storage.Delivery {
	t.Helper()
	d, err := s.LeaseDelivery(t.Context(), clientID, now, now.Add(10*time.Second))
	require.NoError(t, err)
	return d
}

func requireNoLease(t *testing.T, s storage.Store, clientID string, now time.Time) {
	t.Helper()
	_, err := s.LeaseDelivery(t.Context(), clientID, now, now.Add(10*time.Second))
	require.ErrorIs(t, err, storage.ErrNotFound)
}

// dead is a delivery that was given up.
func dead(d storage.Delivery, when time.Time) storage.Delivery {
	d.State, d.Attempts, d.SettledAt, d.Failure = storage.DeliveryDead, 24, when, "no answer"
	return d
}

// settleTwo leases two deliveries of a client at now: one has arrived, and one is given up.
func settleTwo(t *testing.T, s storage.Store, client string, now time.Time) (done, gone storage.Delivery) {
	t.Helper()
	first, second := lease(t, s, client, now), lease(t, s, client, now)
	done, gone = first, dead(second, now)
	done.State, done.SettledAt = storage.DeliveryDelivered, now
	require.NoError(t, s.SettleDelivery(t.Context(), first, done))
	require.NoError(t, s.SettleDelivery(t.Context(), second, gone))
	return done, gone
}

func queue() []contract {
	return []contract{
		{"what is to be sent is counted, leased or not, until it has arrived or is given up", func(t *testing.T, s storage.Store) {
			client := listener(t, s, webhook)
			pending := func() int {
				n, err := s.PendingDeliveries(t.Context())
				require.NoError(t, err)
				return n
			}
			require.Zero(t, pending())
			waiting(t, s, client, 3)
			require.Equal(t, 3, pending())
			settleTwo(t, s, client, moment.Add(time.Minute))
			require.Equal(t, 1, pending())
			lease(t, s, client, moment.Add(time.Minute))
			require.Equal(t, 1, pending())
		}},
		{"clients have something due when a delivery's time has come", func(t *testing.T, s storage.Store) {
			requireDue(t, s, moment)
			first, second := listener(t, s, webhook), listener(t, s, webhook)
			waiting(t, s, first, 3)
			requireDue(t, s, moment.Add(-time.Microsecond))
			requireDue(t, s, moment, first)
			waiting(t, s, second, 1)
			requireDue(t, s, moment, first, second)
		}},
		{"a lease hands out the longest due of what was never sent, to one, until it runs out", func(t *testing.T, s storage.Store) {
			client := listener(t, s, webhook)
			list := waiting(t, s, client, 3)
			now := moment.Add(time.Second)
			requireNoLease(t, s, client, moment.Add(-time.Second))
			requireNoLease(t, s, id(), now)
			requireNoLease(t, s, "", now)
			first, second := lease(t, s, client, now), lease(t, s, client, now)
			require.Equal(t, list[0].ID, first.ID)
			require.Equal(t, list[1].ID, second.ID)
			want := list[0]
			want.DueAt = now.Add(10 * time.Second)
			require.Equal(t, want, first)
			requireNoLease(t, s, client, now)
			requireDue(t, s, now)
			requireDue(t, s, now.Add(10*time.Second), client)
			require.Equal(t, list[2].ID, lease(t, s, client, now.Add(10*time.Second)).ID)
			require.Equal(t, list[0].ID, lease(t, s, client, now.Add(10*time.Second)).ID, "whoever had it is gone")
		}},
		{"nothing about an owner is handed out before what is older is settled", func(t *testing.T, s storage.Store) {
			client, other := listener(t, s, webhook), listener(t, s, webhook)
			company := storage.Owner{CompanyID: id()}
			end := func(client string, owner storage.Owner) string {
				g := grantOf(owner.UserID, client)
				g.Owner = owner
				apply(t, s, storage.SaveGrant{Grant: g}, storage.EndGrant{ID: g.ID, At: moment})
				list := waitingFor(t, s, client)
				return list[len(list)-1].ID
			}
			first, second := end(client, company), end(client, company)
			third := end(client, storage.Owner{UserID: company.CompanyID}) // of somebody else
			elsewhere := end(other, company)
			now := moment.Add(time.Minute)
			leased := lease(t, s, client, now)
			require.Equal(t, first, leased.ID)
			require.Equal(t, third, lease(t, s, client, now).ID)
			require.Equal(t, elsewhere, lease(t, s, other, now).ID)
			requireNoLease(t, s, client, now)
			requireDue(t, s, now)

			failed := leased
			failed.Attempts, failed.DueAt = 1, now.Add(time.Hour)
			require.NoError(t, s.SettleDelivery(t.Context(), leased, failed))
			now = now.Add(time.Minute)
			last := lease(t, s, client, now)
			require.Equal(t, third, last.ID, "whoever had it is gone")
			require.NoError(t, s.SettleDelivery(t.Context(), last, dead(last, now)))
			requireNoLease(t, s, client, now)
			requireDue(t, s, now, other)

			now = failed.DueAt
			leased = lease(t, s, client, now)
			require.Equal(t, first, leased.ID)
			require.NoError(t, s.SettleDelivery(t.Context(), leased, dead(leased, now)))
			requireDue(t, s, now, client, other)
			require.Equal(t, second, lease(t, s, client, now).ID, "what was given up blocks nothing")
		}},
		{"what was delivered or given up is not handed out again", func(t *testing.T, s storage.Store) {
			client := listener(t, s, webhook)
			waiting(t, s, client, 2)
			now := moment.Add(time.Minute)
			done, gone := settleTwo(t, s, client, now)
			requireDue(t, s, now.AddDate(1, 0, 0))
			requireNoLease(t, s, client, now.AddDate(1, 0, 0))
			for _, settled := range []storage.Delivery{done, gone} {
				list, err := s.Deliveries(t.Context(), settled.State, "", 10)
				require.NoError(t, err)
				require.Equal(t, []storage.Delivery{settled}, list)
			}
			list, err := s.Deliveries(t.Context(), storage.DeliveryPending, "", 10)
			require.NoError(t, err)
			require.Empty(t, list)
			require.ErrorIs(t, s.SettleDelivery(t.Context(), done, dead(done, now)), storage.ErrConflict)
		}},
		{"an attempt in vain makes it due later", func(t *testing.T, s storage.Store) {
			client := listener(t, s, webhook)
			waiting(t, s, client, 1)
			leased := lease(t, s, client, moment)
			failed := leased
			failed.Attempts, failed.DueAt, failed.Failure = 1, moment.Add(time.Hour), "no answer\x00\xff"
			require.NoError(t, s.SettleDelivery(t.Context(), leased, failed))
			requireNoLease(t, s, client, moment.Add(59*time.Minute))
			again := lease(t, s, client, moment.Add(time.Hour))
			require.Equal(t, leased.ID, again.ID)
			require.Equal(t, 1, again.Attempts)
			require.Equal(t, "no answer\uFFFD\uFFFD", again.Failure)
		}},
		{"what was sent less often is handed out first", func(t *testing.T, s storage.Store) {
			client, now := listener(t, s, webhook), moment.Add(time.Minute)
			list := waiting(t, s, client, 3)
			for n, times := range []int{2, 1} {
				for range times {
					leased, err := s.LeaseDelivery(t.Context(), client, moment.Add(time.Duration(n)*time.Second), now)
					require.NoError(t, err)
					require.Equal(t, list[n].ID, leased.ID)
					failed := leased
					failed.Attempts, failed.DueAt = leased.Attempts+1, moment
					require.NoError(t, s.SettleDelivery(t.Context(), leased, failed))
				}
				hold := storage.Hold{Now: moment, Until: now, Oldest: moment, Reason: "aside"}
				require.NoError(t, s.HoldDeliveries(t.Context(), client, hold))
			}
			for _, n := range []int{2, 1, 0} {
				require.Equal(t, list[n].ID, lease(t, s, client, now).ID)
			}
		}},
		{"what a client is due is held, or given up where it is old, and nothing else", func(t *testing.T, s storage.Store) {
			later := moment.Add(time.Minute)
			client, other := listener(t, s, webhook), listener(t, s, webhook)
			ended := func(client string, when time.Time) storage.Grant {
				g := grantedTo(t, s, client, "email")
				apply(t, s, storage.EndGrant{ID: g.ID, At: when})
				return g
			}
			ended(client, moment) // which is leased
			_, err := s.LeaseDelivery(t.Context(), client, moment, later.Add(time.Hour))
			require.NoError(t, err)
			old := ended(client, moment)
			young := ended(client, later)
			future := ended(client, later.Add(2*time.Second))
			others := ended(other, moment)
			hold := storage.Hold{Now: later.Add(time.Second), Until: later.Add(time.Minute), Oldest: later, Reason: "it has to wait"}
			require.NoError(t, s.HoldDeliveries(t.Context(), client, hold))

			want := []storage.Delivery{
				news(old, storage.EventGrantEnded, "", moment), news(young, storage.EventGrantEnded, "", later),
				news(future, storage.EventGrantEnded, "", later.Add(2*time.Second)),
			}
			want[0].State, want[0].SettledAt = storage.DeliveryDead, hold.Now
			for i := range want[:2] {
				want[i].DueAt, want[i].Failure = hold.Until, hold.Reason
			}
			got := told(t, s, client)
			require.Empty(t, got[0].Failure, "whoever has the lease says what came of it")
			require.Equal(t, want, got[1:])
			require.Equal(t, []storage.Delivery{news(others, storage.EventGrantEnded, "", moment)}, told(t, s, other))

			_, err = s.LeaseDelivery(t.Context(), client, later.Add(time.Second), later)
			require.ErrorIs(t, err, storage.ErrNotFound)
			require.NoError(t, s.HoldDeliveries(t.Context(), client, storage.Hold{Now: later.Add(time.Second), Until: moment, Reason: "again"}))
			require.Equal(t, got, told(t, s, client), "what waits is not due")
		}},
		{"whoever lost the lease settles nothing", func(t *testing.T, s storage.Store) {
			client := listener(t, s, webhook)
			waiting(t, s, client, 1)
			lost := lease(t, s, client, moment)
			taken := lease(t, s, client, moment.Add(10*time.Second))
			require.Equal(t, lost.ID, taken.ID)
			require.ErrorIs(t, s.SettleDelivery(t.Context(), lost, dead(lost, moment)), storage.ErrConflict)
			require.NoError(t, s.SettleDelivery(t.Context(), taken, dead(taken, moment)))
		}},
		{"a dead one can be retried as if it were new, and only a dead one", func(t *testing.T, s storage.Store) {
			client, now := listener(t, s, webhook), moment.Add(time.Minute)
			waiting(t, s, client, 1)
			leased := lease(t, s, client, moment)
			require.ErrorIs(t, s.RetryDelivery(t.Context(), leased.ID, now), storage.ErrConflict)
			require.NoError(t, s.SettleDelivery(t.Context(), leased, dead(leased, moment)))
			require.NoError(t, s.RetryDelivery(t.Context(), leased.ID, now))
			requireNoLease(t, s, client, moment)
			again := lease(t, s, client, now)
			require.Equal(t, leased.ID, again.ID)
			require.Equal(t, leased.CreatedAt, again.CreatedAt)
			require.Zero(t, again.Attempts)
			require.Zero(t, again.SettledAt)
			for _, unknown := range append([]string{"", id()}, unstorable...) {
				require.ErrorIs(t, s.RetryDelivery(t.Context(), unknown, now), storage.ErrNotFound)
			}
		}},
		{"only what tells the state of the same owner and client anew is in the way of an older one", func(t *testing.T, s storage.Store) {
			client, other := listener(t, s, webhook), listener(t, s, webhook)
			g, now := grantedTo(t, s, client, "email", "phone"), moment
			apply(t, s, storage.SaveGrant{Grant: func() storage.Grant { o := grantOf(g.Owner.UserID, other); o.Decisions = decisions("email"); return o }()})
			ids := map[string]string{}
			note := func(name string) {
				t.Helper()
				list := waitingFor(t, s, client)
				ids[name] = list[len(list)-1].ID
			}
			disable := func(disabled bool, name string) {
				now = now.Add(time.Second)
				require.NoError(t, s.SetDisabled(t.Context(), g.Owner.UserID, disabled, now))
				note(name)
			}
			waiting(t, s, client, 1)
			note("a stranger's")
			disable(true, "disabled")
			less := g
			less.Version, less.UpdatedAt, less.Decisions = 2, now, decisions("email")
			apply(t, s, storage.SaveGrant{Grant: less, IfVersion: 1})
			note("narrowed")
			disable(false, "enabled")
			apply(t, s, storage.EndGrant{ID: g.ID, At: now})
			note("ended")
			ids[""] = ""
			by := map[string]string{"disabled": "enabled", "narrowed": "ended", "enabled": "", "ended": "", "a stranger's": ""}
			require.Len(t, waitingFor(t, s, client), len(by))
			for _, d := range waitingFor(t, s, client) {
				newer, err := s.SupersedingDelivery(t.Context(), d)
				for name, want := range by {
					if ids[name] == d.ID {
						require.Equal(t, ids[want], newer.ID, name)
						require.Equal(t, want == "", errors.Is(err, storage.ErrNotFound), name)
					}
				}
			}
			now = now.Add(time.Minute)
			for range 20 {
				if d, err := s.LeaseDelivery(t.Context(), client, now, now.Add(time.Hour)); err == nil {
					require.NoError(t, s.SettleDelivery(t.Context(), d, dead(d, now)))
				}
			}
			require.Empty(t, waitingFor(t, s, client))
			for name, newer := range by {
				err := s.RetryDelivery(t.Context(), ids[name], now)
				if newer == "" {
					require.NoError(t, err, name)
					continue
				}
				superseded, is := errors.AsType[*storage.SupersededError](err)
				require.True(t, is, "%s: %v", name, err)
				require.Equal(t, ids[newer], superseded.By, "in whatever state it is")
			}
		}},
		{"deliveries are listed page by page in the order of their IDs, which is that of time", func(t *testing.T, s storage.Store) {
			list := waiting(t, s, listener(t, s, webhook), 5)
			page, err := s.Deliveries(t.Context(), storage.DeliveryPending, list[1].ID, 2)
			require.NoError(t, err)
			require.Equal(t, list[2:4], page)
			for _, after := range unstorable {
				page, err := s.Deliveries(t.Context(), 0, after, 2)
				require.NoError(t, err)
				require.Empty(t, page)
			}
		}},
		{"of many that lease at once each gets another delivery", func(t *testing.T, s storage.Store) {
			client := listener(t, s, webhook)
			waiting(t, s, client, 12)
			got := make([]string, 16)
			now := moment.Add(time.Minute)
			atOnce(t, 16, func(i int) error {
				d, err := s.LeaseDelivery(t.Context(), client, now, now.Add(10*time.Second))
				got[i] = d.ID
				if err != nil {
					require.ErrorIs(t, err, storage.ErrNotFound)
				}
				return nil
			})
			slices.Sort(got)
			leased := slices.DeleteFunc(got, func(id string) bool { return id == "" })
			require.Equal(t, len(leased), len(slices.Compact(slices.Clone(leased))))
			for range 12 - len(leased) {
				lease(t, s, client, now) // on PostgreSQL two that look at one row at a time may both pass it over
			}
			requireNoLease(t, s, client, now)
		}},
		{"what arrived goes after a week, what was given up after 90 days, and what waits never", func(t *testing.T, s storage.Store) {
			client := listener(t, s, webhook)
			waiting(t, s, client, 3)
			now := moment.Add(time.Minute)
			settleTwo(t, s, client, now)
			left := func(days int) int {
				collect(t, s, now.AddDate(0, 0, days), 1000)
				list, err := s.Deliveries(t.Context(), 0, "", 10)
				require.NoError(t, err)
				return len(list)
			}
			require.Equal(t, []int{3, 2, 2, 1, 1}, []int{left(6), left(7), left(89), left(90), left(5000)})
		}},
	}
}
