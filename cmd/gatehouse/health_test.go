package main

import (
	"bufio"
	"database/sql"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"gatehouse/internal/config"
)

func TestReadinessNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	s := newTestServer(t, "sqlite:"+path)
	a := s.newBrowser().get("/readyz")
	require.Equal(t, http.StatusOK, a.StatusCode)
	require.JSONEq(t, `{"status": "ready", "checks": {"process": "ok", "database": "ok", "schema": "ok", "signing_key": "ok"}}`, a.body)

	db, err := sql.Open("sqlite3", path)
	require.NoError(t, err)
	defer db.Close()
	_, err = db.Exec("UPDATE schema_info SET version = 1000, min_compatible = 1000")
	require.NoError(t, err)
	a = s.newBrowser().get("/readyz")
	require.Equal(t, http.StatusServiceUnavailable, a.StatusCode)
	require.NotEmpty(t, a.Header.Get("Retry-After"))
	require.JSONEq(t, `{"status": "unavailable", "checks": {"process": "ok", "database": "ok", "schema": "does not fit this program", "signing_key": "ok"}}`, a.body)

	require.NoError(t, s.store.Close())
	a = s.newBrowser().get("/readyz")
	require.Equal(t, http.StatusServiceUnavailable, a.StatusCode)
	require.JSONEq(t, `{"status": "unavailable", "checks": {"process": "ok", "database": "unavailable", "schema": "unknown", "signing_key": "ok"}}`, a.body)
}

// A load balancer sends a process that stops nothing more, though what it sends all the same is answered.
func TestAServerThatStopsSaysThatItIsNotReady(t *testing.T) {
	t.Parallel()
	s, start := newProcess(t, furnished.SQLite(t))
	server := start()
	busy, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	require.NoError(t, err)
	defer busy.Close()
	_, err = busy.Write([]byte("POST /oauth2/token HTTP/1.1\r\nHost: gatehouse\r\nContent-Type: application/x-www-form-urlencoded\r\n" +
		"Content-Length: 1\r\nExpect: 100-continue\r\n\r\n"))
	require.NoError(t, err)
	line, err := bufio.NewReader(busy).ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, "100", "until this request ends, the server goes on")
	half, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	require.NoError(t, err)
	defer half.Close()
	_, err = half.Write([]byte("GET /readyz HTTP/1.1\r\nHost: gatehouse\r\n"))
	require.NoError(t, err)
	require.NoError(t, server.Process.Signal(syscall.SIGTERM))
	require.Eventually(t, func() bool {
		a, err := http.Get(s.url + "/healthz")
		if err != nil {
			return true // it refuses connections already
		}
		a.Body.Close()
		return a.Close
	}, 60*time.Second, time.Millisecond)
	_, err = half.Write([]byte("\r\n"))
	require.NoError(t, err)
	answer, err := http.ReadResponse(bufio.NewReader(half), nil)
	require.NoError(t, err)
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	require.NotEmpty(t, answer.Header.Get("Retry-After"))
	require.JSONEq(t, `{"status": "unavailable", "checks": {"process": "stopping", "database": "ok", "schema": "ok", "signing_key": "ok"}}`, string(body))
	require.NoError(t, busy.Close())
	require.NoError(t, server.Wait())
}

// A load balancer needs some seconds to see it, and sends requests on new connections meanwhile.
func TestAServerThatStopsTakesConnectionsForAsLongAsItWasTold(t *testing.T) {
	t.Parallel()
	s, start := newProcess(t, furnished.SQLite(t), "GATEHOUSE_SHUTDOWN_DELAY=1m")
	server := start()
	require.NoError(t, server.Process.Signal(syscall.SIGTERM))
	anew := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	require.Eventually(t, func() bool {
		a, err := anew.Get(s.url + "/readyz")
		if err != nil {
			return false
		}
		defer a.Body.Close()
		body, err := io.ReadAll(a.Body)
		return err == nil && strings.Contains(string(body), "stopping")
	}, 60*time.Second, 10*time.Millisecond)
	time.Sleep(2 * time.Second) // longer than it does unless told
	a, err := s.try(anew, "/oauth2/token", "photoprint", url.Values{"grant_type": {"client_credentials"}})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, a.StatusCode, a.body)
	require.NoError(t, server.Process.Kill())
}

// Anybody may ask whether we are ready, as often as they like.
func TestManyWhoAskForReadinessAreOneQuestion(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		s.count.delay.Store(int64(20 * time.Millisecond))
		s.count.reset()
		var group sync.WaitGroup
		for range 200 {
			group.Go(func() {
				response, err := http.Get(s.url + "/readyz")
				if !assert.NoError(t, err) {
					return
				}
				response.Body.Close()
				assert.Contains(t, []int{http.StatusOK, http.StatusServiceUnavailable}, response.StatusCode) // it is asked for two seconds at most
			})
		}
		group.Wait()
		asked := 0
		for _, sql := range s.count.seen() {
			if strings.Contains(sql, "schema_info") {
				asked++
			}
		}
		require.Greater(t, asked, 0)
		require.Less(t, asked, 100)
	})
}

func TestHealthcheckSaysThatTheServerSpeaksTheOtherProtocol(t *testing.T) {
	t.Parallel()
	ready := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	plain, secure := httptest.NewServer(ready), httptest.NewTLSServer(ready)
	defer plain.Close()
	defer secure.Close()
	listen := func(s *httptest.Server) string { return s.Listener.Addr().(*net.TCPAddr).String() }

	require.NoError(t, healthcheck(t.Context(), &config.Config{Listen: listen(plain)}))
	require.NoError(t, healthcheck(t.Context(), &config.Config{Listen: listen(secure), TLSCertFile: "cert.pem"}))
	require.ErrorContains(t, healthcheck(t.Context(), &config.Config{Listen: listen(secure)}), "set GATEHOUSE_TLS_CERT_FILE")
	require.ErrorContains(t, healthcheck(t.Context(), &config.Config{Listen: listen(plain), TLSCertFile: "cert.pem"}), "leave GATEHOUSE_TLS_CERT_FILE out")
}
