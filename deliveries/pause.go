package deliveries

import (
	"context"
	"time"
)

// longestPause is the most that a client whose server fails is left alone, so that one that comes back is soon told.
const longestPause = 15 * time.Minute

// pause is how long a client whose server fails is left alone by this process, whatever there is to tell it: each attempt
// may take a lane for 5 s, which the others go without. It is told in vain once in that time, not once for each delivery.
//
// It is apart from how long a delivery waits that was sent in vain, since that one may be at fault itself: as long as
// others arrive there is no pause.
type pause struct {
	failures int // in a row
	until    time.Time
}

// answered ends the pause of a client whose server takes or refuses what it is sent.
func (w *Worker) answered(client string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.pauses, client)
}

// failed begins a client's next pause, which is longer than the one before. What it is due waits in the database, where
// other processes and the next start of this one see it.
func (w *Worker) failed(ctx context.Context, client string, failure error) {
	now := w.Now()
	w.mu.Lock()
	p := w.pauses[client]
	p.failures++
	p.until = now.Add(min(backoff(p.failures), longestPause))
	w.pauses[client] = p
	w.mu.Unlock()
	w.hold(ctx, client, now, p.until, "it waits, because something else did not arrive: "+failure.Error())
}
