package activity

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// written is a store that keeps what it is given; while broken is set it fails.
type written struct {
	storage.Activity
	mu       sync.Mutex
	requests []storage.ClientRequest
	counts   map[storage.HourCount]int64
	broken   error
	slow     time.Duration // how long adding requests takes
}

func (w *written) AddRequests(ctx context.Context, requests []storage.ClientRequest) error {
	select {
	case <-time.After(w.slow):
	case <-ctx.Done():
		return ctx.Err()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken == nil {
		w.requests = append(w.requests, requests...)
	}
	return w.broken
}

func (w *written) AddCounts(_ context.Context, counts []storage.HourCount) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range counts {
		if w.broken == nil {
			w.counts[storage.HourCount{Hour: c.Hour, Counter: c.Counter}] += c.N
		}
	}
	return w.broken
}

func (w *written) breaks(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = err
}

func (w *written) of(clientID string) (reasons []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.requests {
		if r.ClientID == clientID {
			reasons = append(reasons, r.Reason)
		}
	}
	return reasons
}

// run runs do beside a log that writes to w, with a clock of its own, and then ends it.
func run(t *testing.T, do func(l *Log, w *written)) *written {
	w := &written{counts: map[storage.HourCount]int64{}}
	synctest.Test(t, func(t *testing.T) {
		l := New(w, slog.New(slog.DiscardHandler), time.Now)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { l.Run(ctx); close(done) }()
		do(l, w)
		cancel()
		<-done
	})
	return w
}

func later() {
	time.Sleep(writeEvery)
	synctest.Wait()
}

func proven(clientID string, n int) storage.ClientRequest {
	return storage.ClientRequest{ClientID: clientID, Reason: strconv.Itoa(n), Proven: true}
}

func TestWhatIsNotedIsWrittenInTheBackgroundAndTheRestAtTheEnd(t *testing.T) {
	w := run(t, func(l *Log, w *written) {
		l.Request(proven("a", 1))
		require.Empty(t, w.of("a"), "nobody waits for a write")
		later()
		require.Equal(t, []string{"1"}, w.of("a"))
		l.Request(proven("a", 2))
		l.Count(storage.CountSignIns)
	})
	require.Equal(t, []string{"1", "2"}, w.of("a"))
	require.False(t, w.requests[0].At.IsZero())
	require.NotEqual(t, w.requests[0].ID, w.requests[1].ID)
	require.Len(t, w.counts, 1)
}

func TestWhatIsBeingWrittenAtTheEndIsNotLost(t *testing.T) {
	for slow, want := range map[time.Duration][]string{lastWrite / 2: {"1"}, time.Hour: nil} {
		w := run(t, func(l *Log, w *written) {
			w.slow = slow
			l.Request(proven("a", 1))
			later()
		})
		require.Equal(t, want, w.of("a"), slow)
	}
}

func TestAFloodOfOneClientDisplacesItsOwnRequestsOnly(t *testing.T) {
	w := run(t, func(l *Log, _ *written) {
		l.Request(proven("quiet", 0))
		for i := range 100_000 {
			l.Request(proven("busy", i))
		}
		l.Request(proven("late", 0))
	})
	require.Len(t, w.of("quiet"), 1)
	require.Len(t, w.of("late"), 1)
	busy := w.of("busy")
	require.Len(t, busy, storage.KeptRequests)
	require.Equal(t, "99950", busy[0])
	require.Equal(t, "99999", busy[len(busy)-1])
}

func TestWhatOneHasATokenForIsNotedAFewTimesAMinuteAndOthersNone(t *testing.T) {
	w := run(t, func(l *Log, _ *written) {
		for range 1000 {
			for _, who := range []string{"ana", "bo"} {
				l.Request(storage.ClientRequest{ClientID: "victim", Reason: who, Proven: true, Holder: who})
			}
		}
		l.Request(proven("victim", 1))
	})
	require.Len(t, w.of("victim"), 2*claimsPerMinute+1)
}

func TestWhatAnybodyCanSendIsNotedAFewTimesAMinute(t *testing.T) {
	w := run(t, func(l *Log, _ *written) {
		for range 2 {
			for range 1000 {
				l.Request(storage.ClientRequest{ClientID: "victim", Reason: "lie"})
			}
			l.Request(proven("victim", 1))
			l.Request(storage.ClientRequest{ClientID: "other", Reason: "claim"})
			time.Sleep(time.Minute)
		}
	})
	require.Len(t, w.of("victim"), 2*(claimsPerMinute+1))
	require.Len(t, w.of("other"), 2)
}

func TestMemoryAndWritesAreBoundedHoweverManyClientsAsk(t *testing.T) {
	var q requests
	for i := range 2 * maxClients {
		for n := range storage.KeptRequests {
			q.add(proven(strconv.Itoa(i), n))
		}
	}
	held := 0
	for _, of := range q.noted {
		held += len(of.ring)
	}
	require.Less(t, held, 6*maxNoted)
	taken := q.take()
	require.LessOrEqual(t, len(taken), maxNoted)
	for _, r := range taken {
		require.Equal(t, strconv.Itoa(storage.KeptRequests-1), r.Reason, "of each the newest")
	}
	require.Empty(t, q.take())
}

func TestCountsThatCouldNotBeWrittenAreWrittenLaterByTheirHour(t *testing.T) {
	w := run(t, func(l *Log, w *written) {
		w.breaks(errors.New("the database is away"))
		l.Count(storage.CountSignIns)
		later()
		time.Sleep(time.Hour)
		synctest.Wait()
		w.breaks(nil)
		l.Count(storage.CountSignIns)
		l.Count(storage.CountSignIns)
		later()
		later()
	})
	var counts []int64
	for _, n := range w.counts {
		counts = append(counts, n)
	}
	require.ElementsMatch(t, []int64{1, 2}, counts)
}

func TestNoLogNotesNothing(t *testing.T) {
	var l *Log
	l.Request(proven("a", 1))
	l.Count(storage.CountSignIns)
}
