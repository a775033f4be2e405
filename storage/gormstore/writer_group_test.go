package gormstore_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

// What shares a commit on SQLite: whatever stops a unit in the middle, all of it is there afterwards or nothing, and its neighbours
// have what they were told.

// refresh is a unit that spends a token and inserts two, and what it left.
type refresh struct {
	s          *gormstore.Store
	spent      storage.Token
	made       [2]storage.Token
	conditions []storage.Op // what the unit depends on, asked first
	early      bool         // one of the inserts comes before the spending, so that the unit does not ask first
}

func newRefresh(t *testing.T, s *gormstore.Store) *refresh {
	t.Helper()
	r := &refresh{s: s, spent: newToken(), made: [2]storage.Token{newToken(), newToken()}}
	for i := range r.made {
		r.made[i].Hash = append([]byte("made "), r.made[i].Family[:]...)
	}
	require.NoError(t, insert(s, r.spent))
	return r
}

func (r *refresh) unit() storage.Unit {
	spend := storage.SpendToken{Key: r.spent.TokenKey, At: time.Now()}
	one, two := storage.InsertToken{Token: r.made[0]}, storage.InsertToken{Token: r.made[1]}
	if r.early {
		return append(storage.Unit{one}, append(r.conditions, spend, two)...)
	}
	return append(r.conditions, spend, one, two)
}

// requireWhole wants all of a unit that was answered with success and nothing of another.
func (r *refresh) requireWhole(t *testing.T, answer error) {
	t.Helper()
	spent, err := r.s.Token(t.Context(), r.spent.TokenKey)
	require.NoError(t, err)
	want := storage.TokenActive
	if answer == nil {
		want = storage.TokenSpent
	}
	require.Equal(t, want, spent.State, "%v", answer)
	for _, made := range r.made {
		if answer == nil {
			requireStored(t, r.s, made)
			continue
		}
		_, err := r.s.Token(t.Context(), made.TokenKey)
		require.ErrorIs(t, err, storage.ErrNotFound, "%v", answer)
	}
}

// breakOn has a statement that inserts this token fail as SQLite fails: ABORT undoes the statement, as a broken constraint does, FAIL
// leaves what the statement has done, and ROLLBACK ends the whole transaction, as a full disk may (SQLite, "Response To Errors Within
// A Transaction").
func breakOn(t *testing.T, s *gormstore.Store, how string, token storage.Token) {
	t.Helper()
	require.NoError(t, s.Write(fmt.Sprintf(`CREATE TRIGGER t%s AFTER INSERT ON tokens WHEN NEW.hash = x'%s' BEGIN SELECT RAISE(%s, 'broken'); END`,
		hex.EncodeToString(token.Family[:]), hex.EncodeToString(token.Hash), how)))
}

func TestAUnitThatFailsInTheMiddleOfAGroupLeavesNothingAndItsNeighboursAll(t *testing.T) {
	g := newGate()
	s := open(t, testdb.SQLite(t), gormstore.Options{Migrate: true, Statement: g.observe})
	for _, how := range []string{"ABORT", "FAIL", "ROLLBACK"} {
		for at := range 2 {
			for _, early := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s at insert %d, early %v", how, at, early), func(t *testing.T) {
					all, units := make([]*refresh, 8), make([]storage.Unit, 8)
					for i := range all {
						all[i] = newRefresh(t, s)
						all[i].early = early
						units[i] = all[i].unit()
					}
					breakOn(t, s, how, all[3].made[at])
					for i, err := range together(t, s, g, units, func() {}) {
						if i == 3 {
							require.ErrorIs(t, err, storage.ErrUnavailable)
						} else {
							require.NoError(t, err)
						}
						all[i].requireWhole(t, err)
					}
					require.NoError(t, insert(s, newToken()), "the writer goes on")
				})
			}
		}
	}
}

// A refusal after a change: of an insert whose key is taken, or of a condition that comes late.
func TestAUnitThatIsRefusedAfterAChangeLeavesNothing(t *testing.T) {
	g := newGate()
	s := open(t, testdb.SQLite(t), gormstore.Options{Migrate: true, Statement: g.observe})
	for name, late := range map[string]func(r *refresh) storage.Unit{
		"a key that is taken": func(r *refresh) storage.Unit {
			r.made[1].TokenKey = newToken().TokenKey
			require.NoError(t, insert(r.s, r.made[1]))
			unit := r.unit()
			r.made[1] = newToken() // which nobody inserts
			return unit
		},
		"a condition at the end": func(r *refresh) storage.Unit { return append(r.unit(), storage.HoldGrant{ID: "none"}) },
		"a token spent twice": func(r *refresh) storage.Unit {
			return append(r.unit(), storage.SpendToken{Key: r.spent.TokenKey, At: time.Now()})
		},
		"a key that is taken twice by the unit": func(r *refresh) storage.Unit {
			return append(r.unit(), storage.InsertToken{Token: r.made[0]})
		},
		"a condition at the beginning": func(r *refresh) storage.Unit {
			r.conditions = []storage.Op{storage.HoldGrant{ID: "none"}}
			return r.unit()
		},
	} {
		t.Run(name, func(t *testing.T) {
			all, units := make([]*refresh, 6), make([]storage.Unit, 6)
			for i := range all {
				all[i] = newRefresh(t, s)
				units[i] = all[i].unit()
			}
			units[2] = late(all[2])
			for i, err := range together(t, s, g, units, func() {}) {
				if i == 2 {
					require.ErrorIs(t, err, storage.ErrConflict)
				} else {
					require.NoError(t, err)
				}
				all[i].requireWhole(t, err)
			}
		})
	}
}

// A disk that is full in the middle of a group: SQLite may end the transaction by itself, and every unit is whole or not there.
func TestAGroupThatFillsTheDiskLeavesWholeUnits(t *testing.T) {
	g := newGate()
	s := open(t, testdb.SQLite(t), gormstore.Options{Migrate: true, Statement: g.observe})
	for round := range 3 {
		all, units := make([]*refresh, 12), make([]storage.Unit, 12)
		for i := range all {
			all[i] = newRefresh(t, s)
			for n := range all[i].made {
				all[i].made[n].Session = make([]byte, 1+rand.N(20<<10))
			}
			all[i].early = i%3 == 2
			units[i] = all[i].unit()
		}
		pages, err := s.Pages()
		require.NoError(t, err)
		require.NoError(t, s.LimitPages(pages+10+10*round))
		errs := together(t, s, g, units, func() {})
		refused := 0
		for i, err := range errs {
			if err != nil {
				require.ErrorIs(t, err, storage.ErrUnavailable)
				refused++
			}
			all[i].requireWhole(t, err)
		}
		require.Positive(t, refused)
		require.NoError(t, s.LimitPages(1<<30))
		require.NoError(t, insert(s, newToken()))
		verdict, err := s.Query("SELECT * FROM pragma_integrity_check")
		require.NoError(t, err)
		require.Equal(t, "ok", verdict)
	}
}

// Callers that go away, at any moment: what they asked for is all there or not at all, and who was told of success has it.
func TestUnitsOfCallersThatGoAwayAreWhole(t *testing.T) {
	s := open(t, testdb.SQLite(t))
	all, errs := make([]*refresh, 200), make([]error, 200)
	for i := range all {
		all[i] = newRefresh(t, s)
		all[i].early = i%3 == 2
	}
	done := make(chan int)
	for i, r := range all {
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), rand.N(20*time.Millisecond))
			defer cancel()
			errs[i] = s.Apply(ctx, r.unit())
			done <- i
		}()
	}
	for range all {
		<-done
	}
	for i, r := range all {
		if errs[i] != nil {
			require.ErrorIs(t, errs[i], context.DeadlineExceeded)
		}
		r.requireWhole(t, errs[i])
	}
}

// A fault of ours within one unit is that unit's: whoever asked for it hears of it, as they would on PostgreSQL, and the others,
// whose changes it shares a commit with, are answered.
func TestAPanicWithinAUnitIsItsCallersAlone(t *testing.T) {
	for _, at := range []string{"UPDATE tokens SET state = 2", "INSERT INTO tokens"} {
		g := newGate()
		s := open(t, testdb.SQLite(t), gormstore.Options{Migrate: true, Statement: func(ctx context.Context, sql string) {
			g.observe(ctx, sql)
			if ctx.Value(poisonKey{}) != nil && strings.Contains(sql, at) {
				panic("a fault of ours")
			}
		}})
		bad := newRefresh(t, s)
		all, units := make([]*refresh, 6), make([]storage.Unit, 6)
		for i := range all {
			all[i] = newRefresh(t, s)
			units[i] = all[i].unit()
		}
		hurt := make(chan any, 1)
		for i, err := range together(t, s, g, units, func() {
			go func() {
				defer func() { hurt <- recover() }()
				s.Apply(context.WithValue(context.Background(), poisonKey{}, true), bad.unit())
			}()
			requireWaiting(t, s, len(units)+1)
		}) {
			require.NoError(t, err)
			all[i].requireWhole(t, nil)
		}
		require.Contains(t, fmt.Sprint(<-hurt), "a fault of ours")
		bad.requireWhole(t, storage.ErrUnavailable)
		require.NoError(t, insert(s, newToken()), "the writer goes on")
	}
}

type poisonKey struct{}
