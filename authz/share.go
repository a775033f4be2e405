package authz

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"gatehouse/internal/httpx"
	"gatehouse/storage"
)

// What one client may take of a process: how many of its requests are in work at a time, how many more wait for their turn, and
// how long. It is enough for a mini app with all its people, since a request takes milliseconds; who floods the server waits for
// its own requests and lets those of others pass. At once are half of those that SQLite's writer commits together.
const (
	shareAtOnce   = 128
	shareWaiting  = 512
	sharePatience = 5 * time.Second
)

// errCrowded tells a client that it is too much at once (RFC 6585 §4).
var errCrowded = refuse(CodeTemporarilyUnavailable, "This client has too many requests under way. Wait a moment and send fewer at a time.").
	WithStatus(http.StatusTooManyRequests)

// turns are what every client has in work. It is safe for concurrent use.
type turns struct {
	mu sync.Mutex
	of map[string]*share // of who has something in work
}

type share struct {
	inWork  int
	waiting []chan struct{} // in the order in which they came; closed when it is their turn
}

// take takes a turn of the client that a request was found to be of; API gives it back. A client is who has shown its secret.
// Anybody can speak for a public client, who is therefore held to what comes from their address. Whoever holds one of its tokens
// has turns beside its own, since that may be a person. waited tells that what was read before may have changed.
func (s *Server) take(ctx context.Context, req *Request, c *storage.Client, byToken bool) (waited bool, err error) {
	if req.from == nil || req.share != "" {
		return false, nil
	}
	key := c.ID
	if byToken {
		key += " by its tokens"
	}
	if c.Public {
		key += " from " + httpx.Network(httpx.ClientAddress(req.from))
	}
	if waited, err = s.turns.enter(ctx, key); err != nil {
		return waited, err
	}
	req.share = key
	return waited, nil
}

// giveBack ends the turn of a request, if it has taken one.
func (s *Server) giveBack(req *Request) {
	if req.share != "" {
		s.turns.leave(req.share)
	}
}

// enter waits for a turn of key. errCrowded when there are too many before it, or it does not come in time.
func (s *turns) enter(ctx context.Context, key string) (waited bool, err error) {
	turn, err := s.queue(key)
	if turn == nil {
		return false, err
	}
	patience := time.NewTimer(sharePatience)
	defer patience.Stop()
	select {
	case <-turn:
		return true, nil
	case <-patience.C:
	case <-ctx.Done():
	}
	return true, s.giveUp(key, turn)
}

// queue takes a turn at once where there is one, and then turn is nil, or returns what says when it comes.
func (s *turns) queue(key string) (turn chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	own := s.of[key]
	if own == nil {
		own = &share{}
		s.of[key] = own
	}
	if own.inWork < shareAtOnce {
		own.inWork++
		return nil, nil
	}
	if len(own.waiting) >= shareWaiting {
		return nil, errCrowded
	}
	turn = make(chan struct{})
	own.waiting = append(own.waiting, turn)
	return turn, nil
}

func (s *turns) giveUp(key string, turn chan struct{}) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	own := s.of[key]
	if i := slices.Index(own.waiting, turn); i >= 0 {
		own.waiting = slices.Delete(own.waiting, i, i+1)
		return errCrowded
	}
	return nil // it has come at this very moment
}

// leave hands the turn on to who has waited longest.
func (s *turns) leave(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	own := s.of[key]
	if len(own.waiting) > 0 {
		close(own.waiting[0])
		own.waiting = own.waiting[1:]
		return
	}
	if own.inWork--; own.inWork == 0 {
		delete(s.of, key)
	}
}
