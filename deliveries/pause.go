package deliveries

import (
	"context"
	"time"
)

// longestPause is the most that a client whose server is away is left alone, so that one that comes back is soon told.
const longestPause = 15 * time.Minute

// pause is how long a client whose server is away is left alone by this process, whatever there is to tell it: each attempt
// may take a lane for 5 s, which the others go without. It is told in vain once in that time, not once for each delivery.
// A server is away that does not answer, or slowly, or with 429 or 503.
//
// It is apart from how long a delivery waits that was sent in vain. That one may be at fault itself, so any other answer is
// no reason to keep the rest waiting.
type pause struct {
	failures int // in a row
	until    time.Time
}

// answered ends the pause of a client whose server is there.
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
