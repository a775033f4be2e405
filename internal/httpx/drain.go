package httpx

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// lastCall is how long a listener that is to close waits for connections that are being opened, and lastCalls how often it does so again
	// while there are some that the system has accepted already.
	lastCall  = 100 * time.Millisecond
	lastCalls = 50
	// drainTimeout is how long what is under way may take.
	drainTimeout = 20 * time.Second
	// patience is how long a new connection may take to send its first request, as with http.Server.Shutdown.
	patience = 5 * time.Second
	// look is how often to look whether all is quiet.
	look = 5 * time.Millisecond
)

// drain stops a server that accepts nothing any more, without a failed request. http.Server.Shutdown would not do: it drops the
// requests of connections that were accepted and not read yet.
func drain(server *http.Server, t *traffic) error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	for !t.quiet(time.Now()) && ctx.Err() == nil {
		time.Sleep(look)
	}
	err := server.Close()
	if ctx.Err() != nil {
		return errors.New("some requests were cut off after 20 seconds")
	}
	return err
}

// stopAccepting makes Accept return what is there, and then fail.
func stopAccepting(l net.Listener) {
	refuseNew(l)
	if tcp, ok := l.(deadliner); ok && tcp.SetDeadline(time.Now().Add(lastCall)) == nil {
		return
	}
	_ = l.Close()
}

type deadliner interface{ SetDeadline(time.Time) error }

// lastCallListener closes when its deadline has passed and nobody waits to be accepted.
type lastCallListener struct {
	net.Listener
	calls int // last ones, so far
}

func (l *lastCallListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	for timedOut(err) && someWait(l.Listener) && l.calls < lastCalls { // this process was held up, or many have come
		l.calls++
		stopAccepting(l.Listener)
		conn, err = l.Listener.Accept()
	}
	if timedOut(err) {
		_ = l.Close()
		return nil, net.ErrClosed
	}
	return conn, err
}

func timedOut(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// traffic knows which connections are in use.
type traffic struct {
	closing atomic.Bool
	mu      sync.Mutex
	busy    map[net.Conn]use
}

type use struct {
	state http.ConnState
	since time.Time // of one that is new
}

// drainingKey marks the contexts of requests that come while the server stops.
type drainingKey struct{}

// Draining reports whether the server that got the request of this context is stopping, see Serve.
func Draining(ctx context.Context) bool { return ctx.Value(drainingKey{}) != nil }

// wrap asks clients to close their connection once the server is closing, and lets handlers know.
func (t *traffic) wrap(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if t.closing.Load() {
			w.Header().Set("Connection", "close")
			r = r.WithContext(context.WithValue(r.Context(), drainingKey{}, true))
		}
		h.ServeHTTP(w, r)
	})
}

// note is the server's ConnState hook.
func (t *traffic) note(conn net.Conn, state http.ConnState) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.busy == nil {
		t.busy = make(map[net.Conn]use)
	}
	switch state {
	case http.StateNew:
		t.busy[conn] = use{state, time.Now()}
	case http.StateActive:
		t.busy[conn] = use{state: state}
	default:
		delete(t.busy, conn)
	}
}

// quiet reports whether no request is under way. A connection that was opened and never used does not count for ever:
// browsers open some in advance.
func (t *traffic) quiet(now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, u := range t.busy {
		if u.state == http.StateActive || now.Sub(u.since) < patience {
			return false
		}
	}
	return true
}
