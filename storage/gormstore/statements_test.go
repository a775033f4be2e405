package gormstore_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

type callerKey struct{}

// journal keeps the statements that a caller's context was handed to, and those of no caller's.
type journal struct {
	mu   sync.Mutex
	list []string
}

func (j *journal) observe(ctx context.Context, sql string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.list = append(j.list, sql)
}

func (j *journal) take() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	list := j.list
	j.list = nil
	return list
}

func TestWhatEveryRequestReadsIsOneStatement(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		var j journal
		s := open(t, dsn, gormstore.Options{Migrate: true, Statement: j.observe})
		ctx := t.Context()
		for name, read := range map[string]func(){
			"token":    func() { s.Token(ctx, storage.TokenKey{Kind: 1}) },
			"session":  func() { s.Session(ctx, "id", time.Now()) },
			"grant":    func() { s.Grant(ctx, storage.Owner{UserID: "u"}, "c") },
			"grants":   func() { s.ClientGrants(ctx, "c", "", 10) },
			"reads":    func() { s.LastReads(ctx, storage.Owner{UserID: "u"}) },
			"links":    func() { s.UserLinks(ctx, []string{"a", "b"}) },
			"link":     func() { s.LinkedUser(ctx, "https://superapp.example", "x") },
			"failures": func() { s.Failures(ctx, []string{"a", "b"}, time.Now()) },
			"revision": func() { s.Revision(ctx) },
			"client":   func() { s.Client(ctx, "c") },
		} {
			j.take()
			read()
			statements := j.take()
			require.Len(t, statements, 1, name)
			require.True(t, strings.HasPrefix(statements[0], "SELECT"), statements[0])
		}
	})
}

func TestAUnitIsOneTransaction(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		var j journal
		s := open(t, dsn, gormstore.Options{Migrate: true, Statement: j.observe})
		token := newToken()
		grant := storage.Grant{ID: "g", Owner: storage.Owner{UserID: "u"}, ClientID: "c", State: storage.GrantActive, Version: 1}
		j.take()
		require.NoError(t, s.Apply(t.Context(), storage.Unit{
			storage.SaveGrant{Grant: grant}, storage.HoldGrant{ID: "g"},
			storage.InsertToken{Token: token}, storage.SpendToken{Key: token.TokenKey, At: time.Now()},
		}))
		requireTransaction(t, j.take(), "COMMIT", "INSERT INTO grants", "SELECT 1 FROM grants", "INSERT INTO tokens", "UPDATE tokens")

		require.ErrorIs(t, s.Apply(t.Context(), storage.Unit{storage.InsertToken{Token: token}}), storage.ErrConflict)
		requireTransaction(t, j.take(), "ROLLBACK", "INSERT INTO tokens")

		require.NoError(t, s.Apply(t.Context(), storage.Unit{storage.RevokeFamily{Family: token.Family}}))
		requireTransaction(t, j.take(), "COMMIT", "INSERT INTO family_revocations", "INSERT INTO family_revocations")

		require.NoError(t, s.CreateUser(t.Context(), storage.User{ID: "u"}))
		requireTransaction(t, j.take(), "COMMIT", "INSERT INTO")

		l := storage.Link{Issuer: "https://superapp.example", Subject: "x"}
		require.NoError(t, s.CreateLinkedUser(t.Context(), storage.User{ID: "v"}, l))
		requireTransaction(t, j.take(), "COMMIT", "INSERT INTO", "INSERT INTO links")
		require.ErrorIs(t, s.CreateLinkedUser(t.Context(), storage.User{ID: "w"}, l), storage.ErrExists)
		requireTransaction(t, j.take(), "ROLLBACK", "INSERT INTO", "INSERT INTO links")
	})
}

// The batch is as large as it may be: a statement for each event would not end in time where the database is far away.
func TestSealingABatchIsOneUpdate(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		var j journal
		s := open(t, dsn, gormstore.Options{Migrate: true, Statement: j.observe})
		const batch = 500
		events := make([]storage.AuditEvent, batch)
		for i := range events {
			events[i] = storage.AuditEvent{Actor: storage.Actor{Kind: storage.ActorClient, ID: "robot"}, Action: "client.approve", At: time.Now()}
		}
		require.NoError(t, s.Record(storage.Audited(t.Context(), events...)))
		j.take()
		sealed, err := s.SealAudit(t.Context(), batch, func(_ []byte, e storage.AuditEvent) []byte { return []byte(e.ID) },
			func(_, end storage.ChainEnd) string { return "mark" })
		require.NoError(t, err)
		require.Equal(t, batch, sealed)
		requireTransaction(t, j.take(), "COMMIT", "SELECT", "SELECT", "UPDATE audit_events", "UPDATE")
	})
}

func requireTransaction(t *testing.T, statements []string, end string, begins ...string) {
	t.Helper()
	require.Len(t, statements, len(begins)+2, "%q", statements)
	require.True(t, strings.HasPrefix(statements[0], "BEGIN"), statements[0])
	for i, prefix := range begins {
		require.True(t, strings.HasPrefix(statements[i+1], prefix), "%q", statements[i+1])
	}
	require.Equal(t, end, statements[len(statements)-1])
}

func TestStatementsCarryTheirCallersContext(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		var mu sync.Mutex
		seen := map[any]bool{}
		s := open(t, dsn, gormstore.Options{Migrate: true, Statement: func(ctx context.Context, sql string) {
			mu.Lock()
			defer mu.Unlock()
			seen[ctx.Value(callerKey{})] = true
		}})
		s.Token(context.WithValue(t.Context(), callerKey{}, "reader"), storage.TokenKey{})
		require.NoError(t, s.Apply(context.WithValue(t.Context(), callerKey{}, "writer"), storage.Unit{storage.RevokeFamily{}}))
		require.True(t, seen["reader"])
		require.True(t, seen["writer"])
	})
}

func TestSQLiteFindsWhatEveryRequestReadsByIndex(t *testing.T) {
	dsn := testdb.SQLite(t)
	var j journal
	s := open(t, dsn, gormstore.Options{Migrate: true, Statement: j.observe})
	now, ctx, key := time.Now(), t.Context(), storage.TokenKey{Kind: 1}
	j.take()
	s.Token(ctx, key)
	s.Session(ctx, "id", now)
	s.Grant(ctx, storage.Owner{UserID: "u"}, "c")
	s.Grants(ctx, storage.Owner{UserID: "u"})
	s.ClientGrants(ctx, "c", "g", 10)
	s.AllGrants(ctx, "g", 10)
	s.GrantByPublicID(ctx, "g")
	s.UserByLogin(ctx, "a@example.com")
	s.LinkedUser(ctx, "https://superapp.example", "x")
	s.UserLinks(ctx, []string{"u"})
	s.UserSessions(ctx, "u", now)
	s.LeaseDelivery(ctx, "c", now, now.Add(time.Second))
	require.NoError(t, s.HoldDeliveries(ctx, "c", storage.Hold{Now: now}))
	s.Deliveries(ctx, storage.DeliveryDead, "", 10)
	s.SupersedingDelivery(ctx, storage.Delivery{Event: storage.EventGrantEnded})
	require.NoError(t, s.CreateUser(ctx, storage.User{ID: "u"}))
	require.NoError(t, s.SetDisabled(ctx, "u", true, now))
	require.NoError(t, s.SetDisabled(ctx, "u", false, now))
	require.NoError(t, s.Apply(ctx, storage.Unit{storage.StartSession{Session: storage.Session{ID: "s", UserID: "u"}, Replaced: "r"}}))
	require.NoError(t, s.EndOtherSessions(ctx, "u", "s"))
	require.NoError(t, s.Apply(ctx, storage.Unit{storage.RevokeFamily{}, storage.EndGrant{ID: "g"}}))
	s.Apply(ctx, storage.Unit{storage.HoldGrant{ID: "g"}})
	s.Apply(ctx, storage.Unit{storage.SpendToken{Key: key}})
	s.Apply(ctx, storage.Unit{storage.SaveGrant{Grant: storage.Grant{ID: "g"}, IfVersion: 1}})
	_, err := s.Collect(ctx, now, 10)
	require.NoError(t, err)
	for _, statement := range j.take() {
		switch strings.Fields(statement)[0] {
		case "SELECT", "UPDATE", "DELETE":
		default:
			if !strings.Contains(statement, "SELECT") {
				continue
			}
		}
		plan, err := s.Explain(statement, make([]any, 10)[:parameters(statement)]...)
		require.NoError(t, err, statement)
		require.NotEmpty(t, plan)
		for _, step := range plan {
			require.False(t, strings.HasPrefix(step, "SCAN") && !strings.Contains(step, "INDEX"), "%s\n%s", statement, step)
		}
	}
}

// However many deliveries wait, whoever looks which clients have one due reads a few entries of the index for each.
func TestSQLiteFindsClientsWithSomethingDueByIndex(t *testing.T) {
	var j journal
	s := open(t, testdb.SQLite(t), gormstore.Options{Migrate: true, Statement: j.observe})
	j.take()
	_, err := s.DueClients(t.Context(), time.Now())
	require.NoError(t, err)
	statements := j.take()
	require.Len(t, statements, 1)
	plan, err := s.Explain(statements[0], 0)
	require.NoError(t, err)
	searches := 0
	for _, step := range plan {
		require.NotContains(t, step, "SCAN d")
		for _, search := range []string{
			"USING COVERING INDEX deliveries_due", "USING INDEX deliveries_due (client_id=? AND due_at<?)",
			"USING COVERING INDEX deliveries_order (client_id=? AND user_id=? AND company_id=?)",
		} {
			if strings.Contains(step, search) {
				searches++
			}
		}
	}
	require.Equal(t, 4, searches, "%q", plan)
}

// Nor does whoever sends sort what waits.
func TestSQLiteLeasesByIndex(t *testing.T) {
	var j journal
	s := open(t, testdb.SQLite(t), gormstore.Options{Migrate: true, Statement: j.observe})
	j.take()
	_, err := s.LeaseDelivery(t.Context(), "c", time.Now(), time.Now())
	require.ErrorIs(t, err, storage.ErrNotFound)
	leases := slices.DeleteFunc(j.take(), func(statement string) bool { return !strings.HasPrefix(strings.TrimSpace(statement), "UPDATE") })
	require.Len(t, leases, 1)
	plan, err := s.Explain(leases[0], 0, "", 0)
	require.NoError(t, err)
	require.NotContains(t, strings.Join(plan, "\n"), "TEMP B-TREE", "%q", plan)
	require.Contains(t, strings.Join(plan, "\n"), "deliveries_turn (client_id=?")
}

// parameters counts a statement's parameters, numbered or not.
func parameters(statement string) int {
	if n := strings.Count(statement, "?"); n > 0 {
		return n
	}
	for n := 18; n > 0; n-- {
		if strings.Contains(statement, "$"+strconv.Itoa(n)) {
			return n
		}
	}
	return 0
}
