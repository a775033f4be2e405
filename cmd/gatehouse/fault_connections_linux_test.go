package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Connections that do nothing, and that send a byte now and then: they are cut off in time, cost little memory, and the others are
// served meanwhile.
func TestIdleAndSlowConnectionsKeepNobodyWaiting(t *testing.T) {
	measuring := measures(t)
	idle, slow := longOr(1000, 10000), longOr(50, 500)
	idle = min(idle, files(t, uint64(idle+slow+2000))-slow-1000)
	s, start := newProcess(t, furnished.SQLite(t))
	server := start()
	mine := s.tokens("ana@example.com", "other")
	before := resident(t, server, "VmRSS")
	held := s.holdIdle(t, idle)

	stop := make(chan struct{})
	var others []time.Duration
	var group, slowly sync.WaitGroup
	group.Go(func() { others = s.introspections(t, from(2), "other", mine["access_token"].(string), stop) })
	for n := range slow {
		head, drip := "POST /oauth2/token HTTP/1.1\r\nHost: gatehouse\r\n", "X-Slow: 1\r\n"
		limit := 10 * time.Second
		if n%2 == 1 {
			head += "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\n"
			drip, limit = "a=1&", 30*time.Second
		}
		if n%2 == 1 && longOr(true, false) {
			continue // thirty seconds of them are for the long version
		}
		slowly.Go(func() { s.dripUntilCut(t, n, head, drip, limit) })
	}
	time.Sleep(longOr(3*time.Second, 20*time.Second))
	close(stop)
	group.Wait()
	after := resident(t, server, "VmRSS")
	t.Logf("%d idle and %d slow connections: %d MiB before, %d MiB with them; p99 of others %s", len(held), slow, before, after, quantile(others, .99))
	require.NotEmpty(t, others)
	if measuring {
		require.Less(t, quantile(others, .99), 250*time.Millisecond)
		require.Less(t, after-before, 60+idle/25, "MiB: 40 KiB each at most")
	}
	slowly.Wait()
	for n, conn := range held { // those that said nothing were cut off like slow ones; those that were answered wait two minutes
		if n%2 == 0 {
			require.NoError(t, conn.SetReadDeadline(time.Now().Add(15*time.Second)))
			_, err := conn.Read(make([]byte, 1))
			require.Error(t, err)
			require.False(t, isTimeout(err), "a connection that never said anything is closed")
		}
	}
	require.True(t, s.active("other", mine["access_token"]))
}

// holdIdle opens connections; every other one has had an answer and is kept alive.
func (s *testServer) holdIdle(t *testing.T, idle int) (held []net.Conn) {
	t.Helper()
	t.Cleanup(func() {
		for _, conn := range held {
			conn.Close()
		}
	})
	for n := range idle {
		conn, err := s.dial(n)
		require.NoError(t, err)
		held = append(held, conn)
		if n%2 == 1 {
			response, err := exchangeOn(conn, []byte("GET /healthz HTTP/1.1\r\nHost: gatehouse\r\n\r\n"))
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, response.StatusCode)
		}
	}
	return held
}

// dripUntilCut sends head and then drip twice a second until the server has enough, which is to be soon after limit.
func (s *testServer) dripUntilCut(t *testing.T, n int, head, drip string, limit time.Duration) {
	conn, err := s.dial(n)
	if !assert.NoError(t, err) {
		return
	}
	defer conn.Close()
	began := time.Now()
	cut := make(chan struct{})
	go func() { _, _ = io.Copy(io.Discard, conn); close(cut) }()
	_, err = io.WriteString(conn, head)
	for err == nil {
		select {
		case <-cut:
			err = io.EOF
		case <-time.After(500 * time.Millisecond):
			_, err = io.WriteString(conn, drip)
		}
		if !assert.Less(t, time.Since(began), limit+longOr(60*time.Second, 10*time.Second), "a slow connection is cut off") {
			return
		}
	}
	assert.Greater(t, time.Since(began), limit/2, "but has some time")
}

func isTimeout(err error) bool {
	timeout, ok := err.(net.Error)
	return ok && timeout.Timeout()
}

// A server that is told to end under load answers everybody who has got through to it, on connections that are kept alive, on new
// ones, and on those whose request is still on its way, and has ended within 20 seconds.
func TestAServerThatIsToldToEndUnderLoadFailsNoRequest(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s, start := newProcess(t, dsn)
		for range longOr(2, 20) {
			server := start()
			var tokens kept
			var answered atomic.Int64
			var group sync.WaitGroup
			for n := range 16 {
				group.Go(func() { s.issueUntilRefused(t, n, &answered, &tokens) })
			}
			group.Go(func() { s.sendSlowlyUntilRefused(t) })
			require.Eventually(t, func() bool { return answered.Load() > 200 }, 60*time.Second, time.Millisecond)
			began := time.Now()
			require.NoError(t, server.Process.Signal(syscall.SIGTERM))
			require.NoError(t, server.Wait(), "%s", s.log)
			require.Less(t, time.Since(began), longOr(60*time.Second, 20*time.Second))
			group.Wait()
			t.Logf("%d answers, ended after %s", answered.Load(), time.Since(began))

			server = start()
			for _, token := range tokens.last(50) {
				require.True(t, s.active("photoprint", token))
			}
			require.NoError(t, server.Process.Signal(syscall.SIGTERM))
			require.NoError(t, server.Wait())
			http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		}
	})
}

// kept are tokens that were answered.
type kept struct {
	mu  sync.Mutex
	all []string
}

func (p *kept) add(token string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, token)
}

func (p *kept) last(n int) []string { return p.all[max(0, len(p.all)-n):] }

// issueUntilRefused gets tokens until the server takes no connections any more. Every fourth client opens one for each request, and
// every other of the rest pauses in between.
func (s *testServer) issueUntilRefused(t *testing.T, n int, answered *atomic.Int64, issued *kept) {
	over := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: n%4 == 0}}
	defer over.CloseIdleConnections()
	rested := time.Now()
	for {
		began := time.Now()
		a, err := s.try(over, "/oauth2/token", "photoprint", url.Values{"grant_type": {"client_credentials"}})
		if refusedToConnect(err) {
			return
		}
		if err != nil && n%4 != 0 && began.Sub(rested) > 300*time.Millisecond {
			return // it was held up for so long that the server has closed the connection that it kept
		}
		if !assert.NoError(t, err) || !assert.Equal(t, http.StatusOK, a.StatusCode, a.body) {
			return
		}
		rested = time.Now()
		issued.add(a.json(t)["access_token"].(string))
		answered.Add(1)
		if n%2 == 1 {
			time.Sleep(30 * time.Millisecond)
		}
	}
}

// sendSlowlyUntilRefused sends requests whose body comes a moment after their head.
func (s *testServer) sendSlowlyUntilRefused(t *testing.T) {
	whole := string(formRequest("/oauth2/token", "photoprint", nil, url.Values{"grant_type": {"client_credentials"}}))
	head, body, _ := strings.Cut(whole, "\r\n\r\n")
	for {
		conn, err := s.dial(0)
		if err != nil {
			return
		}
		_, err = fmt.Fprintf(conn, "%s\r\n\r\n", head)
		assert.NoError(t, err)
		time.Sleep(100 * time.Millisecond)
		_, err = io.WriteString(conn, body)
		assert.NoError(t, err)
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if assert.NoError(t, err) {
			assert.Equal(t, http.StatusOK, response.StatusCode)
		}
		conn.Close()
		if err != nil {
			return
		}
	}
}

// refusedToConnect reports whether a request never got through to the server.
func refusedToConnect(err error) bool {
	failed, is := errors.AsType[*net.OpError](err)
	return is && failed.Op == "dial"
}
