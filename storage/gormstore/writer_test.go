package gormstore_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

func newToken() storage.Token {
	var token storage.Token
	rand.Read(token.Family[:])
	token.Kind, token.State, token.Hash = storage.KindAccess, storage.TokenActive, []byte("hash")
	return token
}

func insert(s storage.Store, token storage.Token) error {
	return s.Apply(context.Background(), storage.Unit{storage.InsertToken{Token: token}})
}

func requireStored(t *testing.T, s storage.Store, token storage.Token) {
	t.Helper()
	_, err := s.Token(t.Context(), token.TokenKey)
	require.NoError(t, err)
}

// gate is a statement observer that can hold the writer before a BEGIN, and counts commits.
type gate struct {
	commits atomic.Int32
	shut    atomic.Bool
	reached chan struct{}
	open    chan struct{}
}

func newGate() *gate {
	g := &gate{}
	g.arm()
	return g
}

// arm readies the gate to hold the writer, once more.
func (g *gate) arm() { g.reached, g.open = make(chan struct{}), make(chan struct{}) }

func (g *gate) observe(_ context.Context, statement string) {
	switch {
	case statement == "COMMIT":
		g.commits.Add(1)
	case strings.HasPrefix(statement, "BEGIN") && g.shut.CompareAndSwap(true, false):
		close(g.reached)
		<-g.open
	}
}

// together applies units so that SQLite's writer takes them as one group, after one unit of its own. beforehand runs
// when all of them are waiting.
func together(t *testing.T, s *gormstore.Store, g *gate, units []storage.Unit, beforehand func()) []error {
	t.Helper()
	var wait sync.WaitGroup
	g.arm()
	g.shut.Store(true)
	wait.Go(func() { insert(s, newToken()) })
	<-g.reached
	errs := make([]error, len(units))
	for i, unit := range units {
		wait.Go(func() { errs[i] = s.Apply(context.Background(), unit) })
	}
	requireWaiting(t, s, len(units))
	beforehand()
	g.commits.Store(0)
	close(g.open)
	wait.Wait()
	return errs
}

func requireWaiting(t *testing.T, s *gormstore.Store, n int) {
	t.Helper()
	require.Eventually(t, func() bool { return s.Waiting() == n }, 60*time.Second, time.Millisecond)
}

func TestSQLiteCommitsWaitingUnitsTogether(t *testing.T) {
	g := newGate()
	s := open(t, testdb.SQLite(t), gormstore.Options{Migrate: true, Statement: g.observe})
	tokens, units := make([]storage.Token, 64), make([]storage.Unit, 64)
	for i := range units {
		tokens[i] = newToken()
		units[i] = storage.Unit{storage.InsertToken{Token: tokens[i]}}
	}
	units[7] = append(units[7], storage.HoldGrant{ID: "no such grant"})
	for i, err := range together(t, s, g, units, func() {}) {
		if i == 7 {
			require.ErrorIs(t, err, storage.ErrConflict)
			continue
		}
		require.NoError(t, err)
		requireStored(t, s, tokens[i])
	}
	require.EqualValues(t, 2, g.commits.Load(), "one for the unit that was under way and one for all others")
}

func TestSQLiteRunsEachUnitAloneAfterOneBrokeTheGroup(t *testing.T) {
	g := newGate()
	s := open(t, testdb.SQLite(t), gormstore.Options{Migrate: true, Statement: g.observe})
	tokens, units := make([]storage.Token, 5), make([]storage.Unit, 5)
	for i := range units {
		tokens[i] = newToken()
		units[i] = storage.Unit{storage.InsertToken{Token: tokens[i]}}
	}
	impossible := storage.Grant{ID: "g", Owner: storage.Owner{UserID: "u"}, State: 9}
	units[2] = append(units[2], storage.SaveGrant{Grant: impossible})
	for i, err := range together(t, s, g, units, func() {}) {
		if i == 2 {
			require.ErrorIs(t, err, storage.ErrUnavailable)
			_, err := s.Token(t.Context(), tokens[i].TokenKey)
			require.ErrorIs(t, err, storage.ErrNotFound)
			continue
		}
		require.NoError(t, err)
		requireStored(t, s, tokens[i])
	}
	require.EqualValues(t, 1+4, g.commits.Load())
}

func TestSQLiteDropsAWaitingUnitWhoseCallerWentAway(t *testing.T) {
	g := newGate()
	s := open(t, testdb.SQLite(t), gormstore.Options{Migrate: true, Statement: g.observe})
	stays, leaves := newToken(), newToken()
	errs := together(t, s, g, []storage.Unit{{storage.InsertToken{Token: stays}}}, func() {
		ctx, cancel := context.WithCancel(context.Background())
		left := make(chan error)
		go func() { left <- s.Apply(ctx, storage.Unit{storage.InsertToken{Token: leaves}}) }()
		requireWaiting(t, s, 2)
		cancel()
		require.ErrorIs(t, <-left, context.Canceled)
	})
	require.NoError(t, errs[0])
	requireStored(t, s, stays)
	_, err := s.Token(t.Context(), leaves.TokenKey)
	require.ErrorIs(t, err, storage.ErrNotFound)
}

func TestSQLiteFinishesAUnitThatHasBegunWhenItsCallerGoesAway(t *testing.T) {
	g := newGate()
	s := open(t, testdb.SQLite(t), gormstore.Options{Migrate: true, Statement: g.observe})
	ctx, cancel := context.WithCancel(context.Background())
	token, applied := newToken(), make(chan error)
	g.shut.Store(true)
	go func() { applied <- s.Apply(ctx, storage.Unit{storage.InsertToken{Token: token}}) }()
	<-g.reached
	cancel()
	close(g.open)
	require.NoError(t, <-applied)
	requireStored(t, s, token)
}

func TestCloseWritesWhatIsWaiting(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		tokens, errs := make([]storage.Token, 40), make([]error, 40)
		var started, wait sync.WaitGroup
		for i := range tokens {
			tokens[i] = newToken()
			started.Add(1)
			wait.Go(func() {
				started.Done()
				errs[i] = insert(s, tokens[i])
			})
		}
		started.Wait()
		require.NoError(t, s.Close())
		wait.Wait()
		again := open(t, dsn)
		for i, err := range errs {
			if err == nil {
				requireStored(t, again, tokens[i])
				continue
			}
			require.ErrorIs(t, err, storage.ErrUnavailable)
			_, err := again.Token(t.Context(), tokens[i].TokenKey)
			require.ErrorIs(t, err, storage.ErrNotFound)
		}
	})
}

func TestAppliedUnitsAreSeenByAnotherProcessAtOnce(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		one, other := open(t, dsn), open(t, dsn)
		for range 20 {
			token := newToken()
			require.NoError(t, insert(one, token))
			requireStored(t, other, token)
			require.NoError(t, other.Apply(t.Context(), storage.Unit{storage.SpendToken{Key: token.TokenKey, At: time.Now()}}))
			require.ErrorIs(t, one.Apply(t.Context(), storage.Unit{storage.SpendToken{Key: token.TokenKey, At: time.Now()}}), storage.ErrConflict)
		}
	})
}

// busyFor is about as long as SQLite waits for another process that is writing.
const busyFor = 4 * time.Second

// untilFree repeats what was refused because another process had SQLite's file for longer than one waits: on a busy machine it may.
// began is when the first could begin to wait; who was refused too soon did not wait, and is not repeated.
func untilFree(began time.Time, do func() error) error {
	for {
		err := do()
		took := time.Since(began)
		if !gormstore.IsBusy(err) || took < busyFor || took > 2*time.Minute {
			return err
		}
	}
}

func TestTwoProcessesWriteTheSameDatabaseAtOnce(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		stores := []*gormstore.Store{open(t, dsn), open(t, dsn)}
		shared := newToken()
		require.NoError(t, insert(stores[0], shared))
		var spent atomic.Int32
		var wait sync.WaitGroup
		errs := make([]error, 40)
		began := time.Now()
		for i := range errs {
			wait.Go(func() {
				s := stores[i%2]
				for range 5 {
					if err := untilFree(began, func() error { return insert(s, newToken()) }); err != nil {
						errs[i] = err
						return
					}
				}
				err := untilFree(began, func() error {
					return s.Apply(context.Background(), storage.Unit{storage.SpendToken{Key: shared.TokenKey, At: time.Now()}})
				})
				if err == nil {
					spent.Add(1)
				}
			})
		}
		wait.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		require.EqualValues(t, 1, spent.Load())
	})
}

func TestSQLiteWaitsForAnotherProcessAndThenGivesUp(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for 5 seconds")
	}
	t.Parallel()
	dsn := testdb.SQLite(t)
	s := open(t, dsn)
	require.NoError(t, untilFree(time.Now(), func() error {
		release := lockFile(t, dsn)
		began, applied := time.Now(), make(chan error, 1)
		go func() { applied <- insert(s, newToken()) }()
		select {
		case err := <-applied:
			release()
			require.Error(t, err, "written, though another process has the file")
			require.Greater(t, time.Since(began), busyFor, "did not wait")
			return err // this test was held up
		case <-time.After(300 * time.Millisecond):
		}
		release()
		return <-applied
	}))

	release := lockFile(t, dsn)
	token, start := newToken(), time.Now()
	require.ErrorIs(t, insert(s, token), storage.ErrUnavailable)
	require.Greater(t, time.Since(start), busyFor)
	_, err := s.Token(t.Context(), token.TokenKey)
	require.ErrorIs(t, err, storage.ErrNotFound, "reading goes on meanwhile")
	release()
	require.NoError(t, insert(s, token))
}

// Who comes when the others have just been refused waits anew, and the others who come as late wait with them.
func TestNobodyWaitsForABusyFileBehindOthersThatDid(t *testing.T) {
	t.Parallel()
	dsn := testdb.SQLite(t)
	var waits atomic.Int32
	s := open(t, dsn, gormstore.Options{Migrate: true, Statement: func(_ context.Context, sql string) {
		if strings.HasPrefix(sql, "BEGIN") {
			waits.Add(1)
		}
	}})
	release := lockFile(t, dsn)
	defer release()
	waits.Store(0)
	const many = 4000 // as many as share 15 commits
	refused := make(chan error, many)
	for range many {
		go func() { refused <- insert(s, newToken()) }()
	}
	for range many {
		require.ErrorIs(t, <-refused, storage.ErrUnavailable, "another process has the file")
	}
	require.Less(t, waits.Load(), int32(8), "one, and a few for those who came late")
}

// lockFile takes SQLite's write lock as another process would.
func lockFile(t *testing.T, dsn string) (release func()) {
	t.Helper()
	db, err := sql.Open("sqlite3", strings.TrimPrefix(dsn, "sqlite:"))
	require.NoError(t, err)
	db.SetMaxOpenConns(1)
	_, err = db.Exec("BEGIN IMMEDIATE")
	require.NoError(t, err)
	return func() {
		_, err := db.Exec("ROLLBACK")
		require.NoError(t, err)
		require.NoError(t, db.Close())
	}
}

func TestSQLiteFullDiskIsUnavailableAndHarmless(t *testing.T) {
	s := open(t, testdb.SQLite(t))
	before := newToken()
	require.NoError(t, insert(s, before))
	require.NoError(t, s.Write("PRAGMA max_page_count = 1")) // as small as the file is
	big := newToken()
	big.Session = make([]byte, 1<<20)
	require.ErrorIs(t, insert(s, big), storage.ErrUnavailable)
	requireStored(t, s, before)
	require.NoError(t, s.Write("PRAGMA max_page_count = 1000000"))
	require.NoError(t, insert(s, big))
	ok, err := s.Query("PRAGMA integrity_check")
	require.NoError(t, err)
	require.Equal(t, "ok", ok)
}

func TestNewSQLiteFilesAreTheirOwnersOnly(t *testing.T) {
	dsn := testdb.SQLite(t)
	require.NoError(t, insert(open(t, dsn), newToken()))
	files, err := filepath.Glob(strings.TrimPrefix(dsn, "sqlite:") + "*")
	require.NoError(t, err)
	require.Len(t, files, 3, "the database, its log and the log's index")
	for _, file := range files {
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode(), file)
	}
}

func TestSQLitePathsMayHaveAnyCharacters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?c#d%20é&_query_only=1.db")
	require.NoError(t, insert(open(t, "sqlite:"+path), newToken()))
	_, err := os.Stat(path)
	require.NoError(t, err)
}

func TestPostgresRecoversWhenItsConnectionsDie(t *testing.T) {
	dsn := testdb.Postgres(t)
	s := open(t, dsn)
	admin, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	defer admin.Close()
	for range 3 {
		require.NoError(t, insert(s, newToken()))
		_, err = admin.Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
		require.NoError(t, err)
		require.Eventually(t, func() bool { return insert(s, newToken()) == nil }, 60*time.Second, 10*time.Millisecond)
		require.NoError(t, s.Check(t.Context()))
	}
}

func TestPostgresThatRefusesWritesDoesNotCheckOut(t *testing.T) {
	dsn := testdb.Postgres(t)
	open(t, dsn).Close()
	address, err := url.Parse(dsn)
	require.NoError(t, err)
	query := address.Query()
	query.Set("default_transaction_read_only", "on")
	address.RawQuery = query.Encode()
	s, err := gormstore.Open(t.Context(), address.String(), gormstore.Options{AnySchema: true})
	require.NoError(t, err)
	defer s.Close()
	require.ErrorIs(t, s.Check(t.Context()), storage.ErrUnavailable)
	require.ErrorIs(t, insert(s, newToken()), storage.ErrUnavailable)
}

func TestOpenOfADatabaseThatIsAwayIsUnavailable(t *testing.T) {
	_, err := gormstore.Open(t.Context(), "postgres://u:hidden@127.0.0.1:1/db", gormstore.Options{})
	require.ErrorIs(t, err, storage.ErrUnavailable)
	require.NotContains(t, err.Error(), "hidden")
}

func TestPostgresRetriesUnitsThatADeadlockBroke(t *testing.T) {
	s := open(t, testdb.Postgres(t))
	for round := range 3 {
		ids := []string{string(rune('a' + round)), string(rune('k' + round))}
		for _, id := range ids {
			grant := storage.Grant{ID: id, Owner: storage.Owner{UserID: id}, State: storage.GrantActive, Version: 1}
			require.NoError(t, s.Apply(t.Context(), storage.Unit{storage.SaveGrant{Grant: grant}}))
		}
		var wait sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			wait.Go(func() {
				errs[i] = s.Apply(context.Background(), storage.Unit{
					storage.EndGrant{ID: ids[i%2], At: time.Now()}, storage.EndGrant{ID: ids[1-i%2], At: time.Now()},
				})
			})
		}
		wait.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
	}
}
