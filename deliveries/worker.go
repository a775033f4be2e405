package deliveries

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"gatehouse/authz/keys"
	"gatehouse/identity/claims"
	"gatehouse/internal/metrics"
	"gatehouse/internal/outbound"
	"gatehouse/registry"
	"gatehouse/storage"
)

const (
	lookEvery = time.Second
	// lanes is how many clients are served at a time, by this process.
	lanes = 16
	// turn is how many deliveries a client gets before the others have theirs, and turnTime after what time it gets no more.
	turn     = 10
	turnTime = time.Second
	// lease is longer than an attempt, which ends after 5 s, and what there is to be read and written around it. When a
	// process dies in the middle of one, another sends again after this time.
	lease = 10 * time.Second
	// holdFor is how long what a client that is not approved has to be told waits until it is looked at again. What waits,
	// for that or for a server that is away, is given up maxHold after it happened.
	holdFor = time.Minute
	maxHold = 30 * 24 * time.Hour
)

// Options are what a Worker is made of. All fields but Metrics are required.
type Options struct {
	Store    storage.Deliveries
	Registry *registry.Registry
	Claims   *claims.Claims
	Keys     *keys.Set
	Calls    *outbound.Client
	Issuer   string
	Now      func() time.Time
	Log      *slog.Logger
	Metrics  *metrics.Metrics // counts attempts; nil: nothing does
}

// Worker sends deliveries. Any number of processes may have one on the same database.
type Worker struct {
	Options
	every time.Duration // how often it looks

	mu    sync.Mutex
	busy  map[string]bool // clients that have a lane
	last  string          // the client that got one last
	freed chan struct{}   // a lane has ended, and there may be more to do
	group sync.WaitGroup

	pauses map[string]pause // of clients whose servers were away the last time
}

// New returns a Worker.
func New(o Options) *Worker {
	return &Worker{Options: o, every: lookEvery, busy: map[string]bool{}, pauses: map[string]pause{}, freed: make(chan struct{}, 1)}
}

// Run sends what is due until ctx ends, and then what it has begun.
//
// A client has one lane at a time, and none while it pauses (see pause), so one that hangs or has much to be told holds up
// nobody but itself. What it is told of one person or company arrives in order, which the store sees to. Lanes go round:
// none gets a second turn before every other client that has something due got its first.
func (w *Worker) Run(ctx context.Context) {
	ticker := time.NewTicker(w.every)
	defer ticker.Stop()
	defer w.group.Wait()
	for {
		w.look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-w.freed:
		}
	}
}

// look gives a lane to each client that has something due, as long as there are some. An unreachable database is met
// again at the next look.
func (w *Worker) look(ctx context.Context) {
	now := w.Now()
	clients, err := w.Store.DueClients(ctx, now)
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, client := range after(w.last, clients) {
		if len(w.busy) == lanes {
			return
		}
		if w.busy[client] || now.Before(w.pauses[client].until) {
			continue
		}
		w.busy[client], w.last = true, client
		w.group.Go(func() { w.serve(ctx, client) })
	}
}

// after turns a sorted list so that it begins with what comes after last.
func after(last string, clients []string) []string {
	i, found := slices.BinarySearch(clients, last)
	if found {
		i++
	}
	return slices.Concat(clients[i:], clients[:i])
}

// serve is a client's turn: it ends when nothing is due, when its server is away, and after some deliveries or some time.
func (w *Worker) serve(ctx context.Context, client string) {
	more := w.send(ctx, client)
	w.mu.Lock()
	delete(w.busy, client)
	w.mu.Unlock()
	if more {
		select {
		case w.freed <- struct{}{}:
		default:
		}
	}
}

// send reports whether there may be more to do.
func (w *Worker) send(ctx context.Context, client string) (more bool) {
	began := w.Now()
	for range turn {
		if ctx.Err() != nil {
			return false
		}
		now := w.Now()
		if now.Sub(began) > turnTime {
			break
		}
		if w.held(ctx, client, now) {
			return false
		}
		d, err := w.Store.LeaseDelivery(ctx, client, now, now.Add(lease))
		if err != nil {
			return false // there is none, or the database is away
		}
		if !w.deliver(context.WithoutCancel(ctx), d) {
			break
		}
	}
	return true
}

// held reports whether a client is not approved, and holds what it is due.
func (w *Worker) held(ctx context.Context, id string, now time.Time) bool {
	client, err := w.Registry.Client(ctx, id)
	if err != nil || client.Status == storage.StatusApproved { // an error is met again by whoever sends
		return false
	}
	w.hold(ctx, id, now, now.Add(holdFor), "the client's status is "+client.Status+"; it is told when it is approved")
	return true
}

// hold makes what a client is due at now wait until a time, for a reason, and gives up what has waited too long.
func (w *Worker) hold(ctx context.Context, client string, now, until time.Time, reason string) {
	err := w.Store.HoldDeliveries(ctx, client, storage.Hold{Now: now, Until: until, Oldest: now.Add(-maxHold), Reason: reason})
	if err != nil {
		w.Log.Warn("what a client has to be told cannot be held, so it is looked at again", "client_id", client, "cause", err.Error())
	}
}
