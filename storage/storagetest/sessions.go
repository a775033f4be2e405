package storagetest

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

func requireSession(t *testing.T, s storage.Store, sessionID string, lives bool) {
	t.Helper()
	_, _, err := s.Session(t.Context(), sessionID, moment)
	if lives {
		require.NoError(t, err)
		return
	}
	require.ErrorIs(t, err, storage.ErrNotFound)
}

func sessions() []contract {
	return []contract{
		{"a live session comes back as it was stored, with its user", func(t *testing.T, s storage.Store) {
			u := fullUser()
			u.Disabled = false
			require.NoError(t, s.CreateUser(t.Context(), u))
			session := signIn(t, s, u.ID)
			got, gotUser, err := s.Session(t.Context(), session.ID, moment)
			require.NoError(t, err)
			require.Equal(t, session, got)
			require.Equal(t, u, gotUser)
		}},
		{"a session that is unknown or expired is ErrNotFound", func(t *testing.T, s storage.Store) {
			session := signIn(t, s, person(t, s).ID)
			_, _, err := s.Session(t.Context(), session.ID, session.ExpiresAt.Add(-time.Microsecond))
			require.NoError(t, err)
			_, _, err = s.Session(t.Context(), session.ID, session.ExpiresAt)
			require.ErrorIs(t, err, storage.ErrNotFound)

			for _, key := range append([]string{"", id()}, unstorable...) {
				requireSession(t, s, key, false)
			}
		}},
		{"no session begins for a user who is disabled or missing, and then nothing of the unit happens", func(t *testing.T, s storage.Store) {
			disabled, open := fullUser(), person(t, s)
			disabled.Disabled = true
			require.NoError(t, s.CreateUser(t.Context(), disabled))
			replaced := signIn(t, s, open.ID)
			for _, userID := range []string{disabled.ID, id(), ""} {
				begun := storage.Session{ID: id(), UserID: userID, ExpiresAt: moment.Add(time.Hour)}
				requireConflict(t, s, storage.EndGrant{ID: id()}, storage.StartSession{Session: begun, Replaced: replaced.ID})
				requireSession(t, s, replaced.ID, true)
				require.NoError(t, s.SetDisabled(t.Context(), disabled.ID, false, moment))
				requireSession(t, s, begun.ID, false)
				require.NoError(t, s.SetDisabled(t.Context(), disabled.ID, true, moment))
			}
		}},
		{"a session without an expiry never expires", func(t *testing.T, s storage.Store) {
			session := storage.Session{ID: id(), UserID: person(t, s).ID}
			apply(t, s, storage.StartSession{Session: session})
			requireSession(t, s, session.ID, true)
		}},
		{"a session says which client vouched for its user", func(t *testing.T, s storage.Store) {
			session := signIn(t, s, person(t, s).ID)
			session.ID, session.VouchedBy = id(), approved(t, s, true)
			apply(t, s, storage.StartSession{Session: session})
			got, _, err := s.Session(t.Context(), session.ID, moment)
			require.NoError(t, err)
			require.Equal(t, session, got)
			list, err := s.UserSessions(t.Context(), session.UserID, moment)
			require.NoError(t, err)
			require.Contains(t, list, session)
			require.Len(t, list, 2)
			require.NoError(t, s.SetDisabled(t.Context(), session.UserID, true, moment))
			requireSession(t, s, session.ID, false)
		}},
		{"a session that a client vouched for lives while that client is approved", func(t *testing.T, s storage.Store) {
			session := signIn(t, s, person(t, s).ID)
			session.ID, session.VouchedBy = id(), approved(t, s, true)
			apply(t, s, storage.StartSession{Session: session})
			requireListed(t, s, session, true)
			for status, lives := range map[string]bool{storage.StatusSuspended: false, storage.StatusArchived: false, storage.StatusDraft: false, storage.StatusApproved: true} {
				c, err := s.Client(t.Context(), session.VouchedBy)
				require.NoError(t, err)
				was := c.UpdatedAt
				c.Status, c.UpdatedAt = status, was.Add(time.Second)
				require.NoError(t, s.UpdateClient(t.Context(), c, was))
				requireListed(t, s, session, lives)
			}
			session.ID, session.VouchedBy = id(), id()
			apply(t, s, storage.StartSession{Session: session})
			requireListed(t, s, session, false)
		}},
		{"a session that a company's client vouched for lives while it is the company's, and the person too", func(t *testing.T, s storage.Store) {
			u := fullUser()
			u.CompanyID, u.Disabled = id(), false
			require.NoError(t, s.CreateUser(t.Context(), u))
			session := signIn(t, s, u.ID)
			session.ID, session.VouchedBy = id(), approved(t, s, false)
			apply(t, s, storage.StartSession{Session: session})
			requireListed(t, s, session, false)
			own := storage.Grant{ID: id(), Owner: storage.Owner{UserID: u.ID}, ClientID: session.VouchedBy, State: storage.GrantActive, Version: 1}
			require.NoError(t, s.Apply(t.Context(), storage.Unit{storage.SaveGrant{Grant: own}}))
			requireListed(t, s, session, false)
			g := own
			g.ID, g.Owner = id(), storage.Owner{CompanyID: u.CompanyID}
			require.NoError(t, s.Apply(t.Context(), storage.Unit{storage.SaveGrant{Grant: g}}))
			requireListed(t, s, session, true)

			was := u.UpdatedAt
			u.CompanyID, u.UpdatedAt = "", was.Add(time.Second)
			require.NoError(t, s.UpdateUser(t.Context(), u, was))
			requireListed(t, s, session, false)
			was, u.CompanyID, u.UpdatedAt = u.UpdatedAt, g.Owner.CompanyID, u.UpdatedAt.Add(time.Second)
			require.NoError(t, s.UpdateUser(t.Context(), u, was))
			requireListed(t, s, session, true)
			require.NoError(t, s.Apply(t.Context(), storage.Unit{storage.EndGrant{ID: g.ID, At: moment}}))
			requireListed(t, s, session, false)
		}},
		{"a session that a client vouched for tells whether its user is linked elsewhere", func(t *testing.T, s storage.Store) {
			u, host := person(t, s), approved(t, s, true)
			vouched := signIn(t, s, u.ID)
			own := vouched
			vouched.ID, vouched.VouchedBy = id(), host
			own.ID = id()
			apply(t, s, storage.StartSession{Session: vouched})
			apply(t, s, storage.StartSession{Session: own})
			linkedElsewhere := func(session storage.Session) bool {
				got, _, err := s.Session(t.Context(), session.ID, moment)
				require.NoError(t, err)
				return got.LinkedElsewhere
			}
			for _, issuer := range []string{"", storage.ClientIssuer(host)} {
				if issuer != "" {
					require.NoError(t, s.LinkUser(t.Context(), storage.Link{Issuer: issuer, Subject: id(), UserID: u.ID}))
				}
				require.False(t, linkedElsewhere(vouched))
			}
			require.NoError(t, s.LinkUser(t.Context(), linkOf(person(t, s).ID)))
			require.False(t, linkedElsewhere(vouched), "somebody else's")
			require.NoError(t, s.LinkUser(t.Context(), storage.Link{Issuer: storage.ClientIssuer(id()), Subject: id(), UserID: u.ID}))
			require.True(t, linkedElsewhere(vouched))
			require.False(t, linkedElsewhere(own), "which nobody vouched for")
		}},
		{"a session replaces another one at once", func(t *testing.T, s storage.Store) {
			old := signIn(t, s, person(t, s).ID)
			next := old
			next.ID = id()
			apply(t, s, storage.StartSession{Session: next, Replaced: old.ID})
			requireSession(t, s, old.ID, false)
			requireSession(t, s, next.ID, true)
			again := next
			requireConflict(t, s, storage.StartSession{Session: again, Replaced: signIn(t, s, old.UserID).ID})
		}},
		{"what a browser sends is stored, whatever its bytes", func(t *testing.T, s storage.Store) {
			session := storage.Session{ID: id(), UserID: person(t, s).ID, UserAgent: "a\x00b\xffc", Address: "\xff"}
			apply(t, s, storage.StartSession{Session: session})
			require.NoError(t, s.TouchSession(t.Context(), session.ID, moment, "\x00"))
			requireSession(t, s, session.ID, true)
		}},
		{"touching records when and from where, and nothing for a session that has gone", func(t *testing.T, s storage.Store) {
			session := signIn(t, s, person(t, s).ID)
			require.NoError(t, s.TouchSession(t.Context(), session.ID, moment.Add(time.Minute), "192.0.2.9"))
			got, _, err := s.Session(t.Context(), session.ID, moment)
			require.NoError(t, err)
			session.SeenAt, session.Address = moment.Add(time.Minute), "192.0.2.9"
			require.Equal(t, session, got)
			gone := id()
			require.NoError(t, s.TouchSession(t.Context(), gone, moment, ""))
			requireSession(t, s, gone, false)
		}},
		{"ending a session twice is no error", func(t *testing.T, s storage.Store) {
			session := signIn(t, s, person(t, s).ID)
			for range 2 {
				require.NoError(t, s.EndSession(t.Context(), session.ID))
				requireSession(t, s, session.ID, false)
			}
		}},
		{"a user keeps the newest sessions, whatever their clock says of the one that starts", provesMaxSessions},
		{"sessions that clients vouch for crowd out each other, never more than one of the user's own", provesVouchedRoom},
		{"a user's other sessions end at once", func(t *testing.T, s storage.Store) {
			u, other := person(t, s), signIn(t, s, person(t, s).ID)
			kept, ended := signIn(t, s, u.ID), signIn(t, s, u.ID)
			for range 2 {
				require.NoError(t, s.EndOtherSessions(t.Context(), u.ID, kept.ID))
				requireSession(t, s, ended.ID, false)
				requireSession(t, s, kept.ID, true)
			}
			require.NoError(t, s.EndOtherSessions(t.Context(), u.ID, other.ID))
			requireSession(t, s, kept.ID, false)
			requireSession(t, s, other.ID, true)
		}},
		{"a user's live sessions are listed, the one last seen first", func(t *testing.T, s storage.Store) {
			u := person(t, s)
			first, second, expired := signIn(t, s, u.ID), signIn(t, s, u.ID), signIn(t, s, u.ID)
			signIn(t, s, person(t, s).ID)
			require.NoError(t, s.TouchSession(t.Context(), second.ID, moment.Add(time.Minute), "x"))
			require.NoError(t, s.EndSession(t.Context(), expired.ID))
			expired.ExpiresAt = moment
			apply(t, s, storage.StartSession{Session: expired})
			list, err := s.UserSessions(t.Context(), u.ID, moment)
			require.NoError(t, err)
			require.Len(t, list, 2)
			require.Equal(t, second.ID, list[0].ID)
			require.Equal(t, first, list[1])
		}},
	}
}

// approved is the ID of a new client.
func approved(t *testing.T, s storage.Store, firstParty bool) string {
	t.Helper()
	c := storage.Client{ID: id(), Status: storage.StatusApproved, FirstParty: firstParty, UpdatedAt: moment}
	require.NoError(t, s.CreateClient(t.Context(), c))
	return c.ID
}

// requireListed requires a session to live and to be listed among its user's, or neither.
func requireListed(t *testing.T, s storage.Store, session storage.Session, lives bool) {
	t.Helper()
	requireSession(t, s, session.ID, lives)
	list, err := s.UserSessions(t.Context(), session.UserID, moment)
	require.NoError(t, err)
	require.Equal(t, lives, slices.ContainsFunc(list, func(l storage.Session) bool { return l.ID == session.ID }))
}

func provesMaxSessions(t *testing.T, s storage.Store) {
	u, other := person(t, s), signIn(t, s, person(t, s).ID)
	start := func(created time.Time, replaced string) storage.Session {
		session := storage.Session{ID: id(), UserID: u.ID, CreatedAt: created, SeenAt: moment, ExpiresAt: moment.Add(time.Hour)}
		apply(t, s, storage.StartSession{Session: session, Replaced: replaced})
		return session
	}
	started := make([]storage.Session, storage.MaxSessions)
	for i := range started {
		started[i] = start(moment.Add(time.Duration(i)*time.Second), "")
	}
	requireSession(t, s, started[0].ID, true)
	started = append(started, start(moment.Add(time.Hour), started[1].ID))
	requireSession(t, s, started[0].ID, true) // the one replaced made room
	early := start(moment.Add(-time.Hour), "")
	requireSession(t, s, started[0].ID, false)
	requireSession(t, s, early.ID, true)
	list, err := s.UserSessions(t.Context(), u.ID, moment)
	require.NoError(t, err)
	require.Len(t, list, storage.MaxSessions)
	for _, session := range started[2:] {
		requireSession(t, s, session.ID, true)
	}
	requireSession(t, s, other.ID, true)
}

func provesVouchedRoom(t *testing.T, s storage.Store) {
	u, storefront := person(t, s), approved(t, s, true)
	start := func(created time.Time, vouchedBy string) string {
		session := storage.Session{ID: id(), UserID: u.ID, CreatedAt: created, SeenAt: moment, ExpiresAt: moment.Add(time.Hour), VouchedBy: vouchedBy}
		apply(t, s, storage.StartSession{Session: session})
		return session.ID
	}
	own := make([]string, storage.MaxSessions)
	for i := range own {
		own[i] = start(moment.Add(time.Duration(i)*time.Second), "")
	}
	for n := range 3 {
		vouched := start(moment.Add(time.Duration(n+1)*time.Hour), storefront)
		requireSession(t, s, vouched, true)
		requireSession(t, s, own[0], false)
		for _, kept := range own[1:] {
			requireSession(t, s, kept, true)
		}
		list, err := s.UserSessions(t.Context(), u.ID, moment)
		require.NoError(t, err)
		require.Len(t, list, storage.MaxSessions)
	}
	start(moment, "")
	for _, kept := range own[1:] {
		requireSession(t, s, kept, true)
	}
}

func failures() []contract {
	return []contract{
		{"failures are counted for each key from the start of its window", func(t *testing.T, s storage.Store) {
			account, address, other := id(), id(), id()
			since := moment.Add(-time.Minute)
			for i := range 3 {
				when := moment.Add(time.Duration(i) * time.Second)
				require.NoError(t, s.CountFailure(t.Context(), []string{account, address}, when, since))
			}
			require.NoError(t, s.CountFailure(t.Context(), []string{address}, moment, since))
			requireFailures(t, s, since, map[string]int{account: 3, address: 4, other: 0})
		}},
		{"a window that began too long ago does not count and starts anew", func(t *testing.T, s storage.Store) {
			key := id()
			require.NoError(t, s.CountFailure(t.Context(), []string{key}, moment, moment.Add(-time.Minute)))
			requireFailures(t, s, moment, map[string]int{key: 1})
			later := moment.Add(time.Microsecond)
			requireFailures(t, s, later, map[string]int{key: 0})
			require.NoError(t, s.CountFailure(t.Context(), []string{key}, later, later))
			requireFailures(t, s, later, map[string]int{key: 1})
		}},
		{"keys are forgotten one by one", func(t *testing.T, s storage.Store) {
			kept, forgotten := id(), id()
			require.NoError(t, s.CountFailure(t.Context(), []string{kept, forgotten}, moment, moment))
			require.NoError(t, s.ForgetFailures(t.Context(), []string{forgotten, id()}))
			requireFailures(t, s, moment, map[string]int{kept: 1, forgotten: 0})
		}},
		{"keys may have any bytes, and there may be none", func(t *testing.T, s storage.Store) {
			require.NoError(t, s.CountFailure(t.Context(), unstorable, moment, moment))
			for _, key := range unstorable {
				requireFailures(t, s, moment, map[string]int{key: 1})
			}
			require.NoError(t, s.CountFailure(t.Context(), nil, moment, moment))
			require.NoError(t, s.ForgetFailures(t.Context(), nil))
			counts, err := s.Failures(t.Context(), nil, moment)
			require.NoError(t, err)
			require.Empty(t, counts)
		}},
		{"simultaneous failures all count", func(t *testing.T, s storage.Store) {
			one, two := id(), id()
			succeeded, _ := atOnce(t, 20, func(i int) error {
				keys := []string{one, two}
				if i%2 == 1 {
					keys = []string{two, one}
				}
				return s.CountFailure(t.Context(), keys, moment, moment)
			})
			require.Equal(t, 20, succeeded)
			requireFailures(t, s, moment, map[string]int{one: 20, two: 20})
		}},
	}
}

func requireFailures(t *testing.T, s storage.Store, since time.Time, want map[string]int) {
	t.Helper()
	for key, n := range want {
		counts, err := s.Failures(t.Context(), []string{key, "another"}, since)
		require.NoError(t, err)
		require.Equal(t, []int{n, 0}, counts, "%q", key)
	}
}
