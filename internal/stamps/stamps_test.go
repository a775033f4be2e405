package stamps

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// written collects what is written; while broken is set nothing is.
type written struct {
	calls  []map[string]int
	writes func() // nil, or called while it writes
	broken error
}

func (w *written) write(_ context.Context, noted map[string]int) error {
	w.calls = append(w.calls, noted)
	if w.writes != nil {
		w.writes()
	}
	return w.broken
}

// run runs do beside the stamps, with a clock of its own, and then ends them.
func run(t *testing.T, log *slog.Logger, do func(s *Stamps[int], w *written)) *written {
	w := new(written)
	synctest.Test(t, func(t *testing.T) {
		var s Stamps[int]
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { s.Run(ctx, log, w.write); close(done) }()
		do(&s, w)
		cancel()
		<-done
	})
	return w
}

func later() {
	time.Sleep(writeEvery)
	synctest.Wait()
}

var quiet = slog.New(slog.DiscardHandler)

func TestWhatIsNotedOftenIsWrittenOnce(t *testing.T) {
	w := run(t, quiet, func(s *Stamps[int], w *written) {
		s.Note("a", 1)
		s.Note("a", 2)
		s.Note("b", 3)
		require.Empty(t, w.calls, "nobody waits for a write")
		v, noted := s.Noted("a")
		require.True(t, noted)
		require.Equal(t, 2, v)
		later()
		later()
		_, noted = s.Noted("a")
		require.False(t, noted)
	})
	require.Equal(t, []map[string]int{{"a": 2, "b": 3}}, w.calls)
}

// Who looks at what is written first, and then at what is noted, misses nothing.
func TestWhatIsBeingWrittenOrJustWasIsStillNoted(t *testing.T) {
	run(t, quiet, func(s *Stamps[int], w *written) {
		w.writes = func() {
			v, noted := s.Noted("a")
			require.True(t, noted)
			require.Equal(t, 1, v)
		}
		s.Note("a", 1)
		later()
		require.Len(t, w.calls, 1)
		w.writes()
		s.Note("a", 2)
		v, _ := s.Noted("a")
		require.Equal(t, 2, v)
		w.writes = nil
	})
}

func TestWhatIsLeftIsWrittenAtTheEnd(t *testing.T) {
	w := run(t, quiet, func(s *Stamps[int], _ *written) { s.Note("a", 1) })
	require.Equal(t, []map[string]int{{"a": 1}}, w.calls)
}

func TestWhatCouldNotBeWrittenIsWrittenNextTimeUnlessNotedAnew(t *testing.T) {
	var log bytes.Buffer
	w := run(t, slog.New(slog.NewTextHandler(&log, nil)), func(s *Stamps[int], w *written) {
		w.broken = errors.New("the database is away") // before a Note, whose lock orders it before the write
		s.Note("a", 1)
		s.Note("b", 1)
		later()
		w.broken = nil
		s.Note("a", 2)
		later()
	})
	require.Equal(t, []map[string]int{{"a": 1, "b": 1}, {"a": 2, "b": 1}}, w.calls)
	require.Contains(t, log.String(), "the database is away")
}

func TestNoMoreIsNotedThanFitsAndWhatIsNotedStillMoves(t *testing.T) {
	w := run(t, quiet, func(s *Stamps[int], _ *written) {
		for i := range maxNoted + 5 {
			s.Note(strconv.Itoa(i), 0)
		}
		s.Note("0", 7)
	})
	require.Len(t, w.calls, 1)
	require.Len(t, w.calls[0], maxNoted)
	require.Equal(t, 7, w.calls[0]["0"])
}
