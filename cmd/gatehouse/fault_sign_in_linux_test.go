package main

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// One network address with more sign-ins at a time than there is room for: people at others sign in, and none of them is told to
// come back. The times are the server's own, as in TestOneClientThatFloodsLeavesTheOthersTheirShare.
func TestOneAddressThatFloodsSignInsLeavesTheOthersTheirs(t *testing.T) {
	measuring := measures(t)
	s, start := newProcess(t, furnished.SQLite(t), "GATEHOUSE_TRUSTED_PROXIES=127.0.1.0/24")
	start()
	crowd, people := longOr(300, 1100), longOr(3, 20)
	crowd = min(crowd, files(t, uint64(crowd+2000))-1000)
	attempt := s.signInForm(t)
	s.signIns(people)
	alone := s.logged(t, "/login", "127.0.0.1")

	stop := make(chan struct{})
	var group sync.WaitGroup
	statuses := map[int]int{}
	group.Go(func() {
		statuses = s.hammer(t, crowd, attempt("nobody@example.com", "10.9.9.9"), stop, http.StatusUnauthorized, http.StatusTooManyRequests, http.StatusServiceUnavailable)
	})
	time.Sleep(longOr(time.Second, 3*time.Second)) // until all are there
	s.signIns(people)
	close(stop)
	group.Wait()
	flooded := s.logged(t, "/login", "127.0.0.1")[len(alone):]
	t.Logf("sign-in alone: p50 %s, p99 %s; beside %d connections that were answered %v: p50 %s, p99 %s",
		quantile(alone, .5), quantile(alone, .99), crowd, statuses, quantile(flooded, .5), quantile(flooded, .99))
	require.NotEmpty(t, statuses)
	if measuring {
		require.Positive(t, statuses[http.StatusServiceUnavailable], "there was no room for all of the flood")
		require.Less(t, quantile(flooded, .5), quantile(alone, .5)+time.Second)
		require.Less(t, quantile(flooded, .99), 8*time.Second, "half of what anybody is asked to wait, on a machine that the flood keeps busy")
	}
}

// signIns signs a person in again and again, who is let in each time.
func (s *testServer) signIns(times int) {
	for range times {
		require.NotEmpty(s.t, s.allow("ana@example.com", request("photoprint")))
	}
}
