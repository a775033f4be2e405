package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// What the tests of load need: many connections, how long answers take, and how much memory a server has.

// measures has a test run beside nothing else where it measures, which only the long version does: beside others, and under the race
// detector, times and sizes say little.
func measures(t *testing.T) bool {
	t.Helper()
	if longOr(false, true) {
		return true
	}
	t.Parallel()
	return false
}

// files lets this process, and those that it starts from now on, have so many files open, and returns how many it may have.
func files(t *testing.T, want uint64) int {
	t.Helper()
	var limit unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	if limit.Max < want {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: want, Max: want}); err != nil {
			t.Logf("the limit of open files cannot be raised from %d: %v", limit.Max, err)
			want = limit.Max
		}
	}
	_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: want, Max: max(want, limit.Max)})
	return int(want)
}

// resident is how much memory a process has, in MiB (proc_pid_status(5): VmRSS, VmHWM for the most that it had).
func resident(t *testing.T, server *exec.Cmd, name string) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", server.Process.Pid))
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(status), name+":")
	kib, err := strconv.Atoi(strings.Fields(rest)[0])
	require.NoError(t, err)
	return kib / 1024
}

// from is a client whose connections come from an address of loopback, 127.0.0.HOST.
func from(host byte) *http.Client {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, host)}}
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, address)
		},
		MaxIdleConnsPerHost: 1000,
	}}
}

// quantile is the time below which a part of times is.
func quantile(times []time.Duration, part float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	return sorted[min(len(sorted)-1, int(part*float64(len(sorted))))]
}

// introspections asks about a token one after another until stop, and returns how long each took. All must be answered with 200.
func (s *testServer) introspections(t *testing.T, over *http.Client, clientID, token string, stop <-chan struct{}) (took []time.Duration) {
	for {
		select {
		case <-stop:
			return took
		default:
		}
		began := time.Now()
		a, err := s.try(over, "/oauth2/introspect", clientID, url.Values{"token": {token}})
		if !assert.NoError(t, err) || !assert.Equal(t, http.StatusOK, a.StatusCode, a.body) {
			return took
		}
		took = append(took, time.Since(began))
		time.Sleep(2 * time.Millisecond)
	}
}

// dial opens a connection from one of some addresses of loopback.
func (s *testServer) dial(n int) (net.Conn, error) {
	dialer := net.Dialer{Timeout: 30 * time.Second, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+n%100))}}
	return dialer.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
}

// formRequest is a whole HTTP/1.1 request with a form.
func formRequest(path, clientID string, headers http.Header, form url.Values) []byte {
	var b bytes.Buffer
	body := form.Encode()
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: gatehouse\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n", path, len(body))
	if clientID != "" {
		fmt.Fprintf(&b, "Authorization: Basic %s\r\n", base64.StdEncoding.EncodeToString([]byte(clientID+":"+testSecret)))
	}
	_ = headers.Write(&b)
	fmt.Fprintf(&b, "\r\n%s", body)
	return b.Bytes()
}

// exchangeOn sends a request on a connection and reads the answer.
func exchangeOn(conn net.Conn, raw []byte) (*http.Response, error) {
	if _, err := conn.Write(raw); err != nil {
		return nil, err
	}
	response, err := http.ReadResponse(bufio.NewReaderSize(conn, 1024), nil)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, response.Body)
	return response, err
}

// One client with hundreds of connections that never rest: the others keep their p99, since the client waits for its own turns. The
// times are the server's own, from its log: what the flood takes of this machine to be made is none of the server's.
func TestOneClientThatFloodsLeavesTheOthersTheirShare(t *testing.T) {
	measuring := measures(t)
	s, start := newProcess(t, furnished.SQLite(t))
	start()
	crowd := longOr(150, 500)
	s.duringFlood(t, from(2), nil)
	s.duringFlood(t, from(3), func(stop <-chan struct{}) { s.flood(t, crowd, stop) })
	alone, flooded, flood := s.logged(t, "/oauth2/token", "127.0.0.2"), s.logged(t, "/oauth2/token", "127.0.0.3"), s.logged(t, "/oauth2/token", "127.0.1.")
	for name, took := range map[string][]time.Duration{"the others alone": alone, "the others": flooded, "the flood": flood} {
		t.Logf("%s: p50 %s, p99 %s of %d", name, quantile(took, .5), quantile(took, .99), len(took))
	}
	if !measuring {
		return
	}
	require.Greater(t, len(flood), 1000)
	require.Less(t, 2*quantile(flooded, .5), quantile(flood, .5), "who floods waits longer than the others")
	require.Less(t, quantile(flooded, .99), quantile(alone, .99)+500*time.Millisecond, "the others keep their p99, but for what a busy machine adds")
}

// logged is how long the server says that requests took, at a path and of addresses that begin so.
func (s *testServer) logged(t *testing.T, path, address string) (took []time.Duration) {
	t.Helper()
	for text := range strings.Lines(s.log.String()) {
		var line struct {
			Client, Path string
			Duration     float64 `json:"duration_ms"`
		}
		if json.Unmarshal([]byte(text), &line) == nil && line.Path == path && strings.HasPrefix(line.Client, address) {
			took = append(took, time.Duration(line.Duration*float64(time.Millisecond)))
		}
	}
	return took
}

// duringFlood gets tokens one after another, for some seconds, while flood goes on.
func (s *testServer) duringFlood(t *testing.T, over *http.Client, flood func(stop <-chan struct{})) {
	stop := make(chan struct{})
	var group sync.WaitGroup
	if flood != nil {
		group.Go(func() { flood(stop) })
		time.Sleep(500 * time.Millisecond) // until all are there
	}
	for end := time.Now().Add(longOr(2*time.Second, 10*time.Second)); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		a, err := s.try(over, "/oauth2/token", "other", url.Values{"grant_type": {"client_credentials"}})
		assert.NoError(t, err)
		assert.Equal(t, http.StatusOK, a.StatusCode, a.body)
	}
	close(stop)
	group.Wait()
}

// flood has crowd connections that get tokens for one client without a pause.
func (s *testServer) flood(t *testing.T, crowd int, stop <-chan struct{}) {
	raw := formRequest("/oauth2/token", "photoprint", nil, url.Values{"grant_type": {"client_credentials"}})
	s.hammer(t, crowd, raw, stop, http.StatusOK, http.StatusTooManyRequests)
}

// hammer has crowd connections that send a request again and again until stop, and counts the answers, which have one of these
// statuses. Who is to come back is told when.
func (s *testServer) hammer(t *testing.T, crowd int, raw []byte, stop <-chan struct{}, allowed ...int) (statuses map[int]int) {
	statuses = map[int]int{}
	var mu sync.Mutex
	var group sync.WaitGroup
	for n := range crowd {
		group.Go(func() {
			conn, err := s.dial(n)
			if !assert.NoError(t, err) {
				return
			}
			defer conn.Close()
			for {
				select {
				case <-stop:
					return
				default:
				}
				response, err := exchangeOn(conn, raw)
				if !assert.NoError(t, err) {
					return
				}
				assert.Contains(t, allowed, response.StatusCode)
				if response.StatusCode == http.StatusTooManyRequests || response.StatusCode == http.StatusServiceUnavailable {
					assert.NotEmpty(t, response.Header.Get("Retry-After"))
				}
				mu.Lock()
				statuses[response.StatusCode]++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return statuses
}

// Sign-ins by the thousand: those for which there is no room are told to come back, memory stays bounded, and the rest of the server
// works.
func TestACrowdThatSignsInDoesNotExhaustMemory(t *testing.T) {
	measuring := measures(t)
	crowd := longOr(300, 20000)
	crowd = min(crowd, files(t, uint64(crowd+2000))-1000)
	s, start := newProcess(t, furnished.SQLite(t), "GATEHOUSE_TRUSTED_PROXIES=127.0.1.0/24")
	server := start()
	mine := s.tokens("ana@example.com", "other")
	attempt := s.signInForm(t)

	stop := make(chan struct{})
	var others []time.Duration
	var group, people sync.WaitGroup
	group.Go(func() { others = s.introspections(t, from(2), "other", mine["access_token"].(string), stop) })
	var mu sync.Mutex
	statuses := map[int]int{}
	for n := range crowd {
		people.Go(func() {
			status := s.signInRaw(t, n, attempt(fmt.Sprintf("nobody-%d@example.com", n), fmt.Sprintf("10.%d.%d.%d", n>>16, n>>8&255, n&255)))
			mu.Lock()
			defer mu.Unlock()
			statuses[status]++
		})
	}
	people.Wait()
	close(stop)
	group.Wait()
	most := resident(t, server, "VmHWM")
	t.Logf("%d sign-ins at once: %v; the server had %d MiB at most; p99 of others %s", crowd, statuses, most, quantile(others, .99))
	require.Equal(t, crowd, statuses[http.StatusUnauthorized]+statuses[http.StatusServiceUnavailable], "%v", statuses)
	require.Positive(t, statuses[http.StatusUnauthorized])
	if measuring {
		require.Less(t, most, 1600)
	}
	require.NotEmpty(t, s.allow("ana@example.com", request("photoprint")), "and who comes now gets in")
}

// signInForm opens a sign-in page and returns what makes a request that sends it with a wrong password, for somebody at an address.
func (s *testServer) signInForm(t *testing.T) (attempt func(username, address string) []byte) {
	t.Helper()
	b := s.newBrowser()
	_, form := formOf(t, b.get(b.authorize(request("photoprint")).Header.Get("Location")), "sign-in")
	origin, err := url.Parse(s.url)
	require.NoError(t, err)
	var cookies []string
	for _, cookie := range b.Jar.Cookies(origin) {
		cookies = append(cookies, cookie.String())
	}
	return func(username, address string) []byte {
		filled := url.Values{"interaction": form["interaction"], "username": {username}, "password": {"not the password"}}
		headers := http.Header{"Cookie": cookies, "X-Forwarded-For": {address}, "Sec-Fetch-Site": {"same-origin"}}
		return formRequest("/login", "", headers, filled)
	}
}

func (s *testServer) signInRaw(t *testing.T, n int, raw []byte) (status int) {
	conn, err := s.dial(n)
	if !assert.NoError(t, err) {
		return 0
	}
	defer conn.Close()
	assert.NoError(t, conn.SetDeadline(time.Now().Add(3*time.Minute)))
	response, err := exchangeOn(conn, raw)
	if !assert.NoError(t, err) {
		return 0
	}
	if response.StatusCode == http.StatusServiceUnavailable {
		assert.NotEmpty(t, response.Header.Get("Retry-After"))
	}
	return response.StatusCode
}
