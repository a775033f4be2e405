package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/config"
)

// Whatever clients send, what is counted stays small, and tells nothing of it.
func TestLabelsAreBoundedWhateverClientsSend(t *testing.T) {
	t.Parallel()
	const requests = 2000
	s := startServer(t, furnished.SQLite(t), slog.New(slog.DiscardHandler), nil, func(c *config.Config) { c.OpsListen = "127.0.0.1:0" })
	client := &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 16, TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	var next atomic.Int64
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			for {
				n := next.Add(1)
				if n > requests {
					return
				}
				r := oddRequest(s.url, n)
				response, err := client.Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				io.Copy(io.Discard, response.Body)
				response.Body.Close()
			}
		})
	}
	group.Wait()
	w := httptest.NewRecorder()
	s.ops.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	text := w.Body.String()
	require.False(t, strings.Contains(text, "random-"), seriesOf(text))
	require.True(t, strings.Contains(text, `route="other"`), seriesOf(text))
	require.True(t, strings.Contains(text, `gatehouse_token_answers_total{grant_type="other"`), seriesOf(text))
	require.Less(t, strings.Count(text, "\n"), 2500, "lines of /metrics")
}

// oddRequest is a request in which everything that a client chooses is made up.
func oddRequest(base string, n int64) *http.Request {
	word := fmt.Sprintf("random-%d-%x", n, rand.Uint64())
	paths := []string{"/" + word, "/oauth2/" + word, "/api/v1/clients/" + word, "/admin/" + word + "/" + word, "/static/" + word, "/superapp/v1/apps/" + word + "/sharing",
		"/oauth2/token/" + word, "/v1/oauth/token/" + word, "/developer/apps/" + word + "/identity", "/oauth2/authorize?client_id=" + word, "/logo/" + word}
	method, path := []string{"GET", "POST", "PUT", "M" + word}[rand.IntN(4)], paths[rand.IntN(len(paths))]
	body := ""
	if n%3 == 0 {
		method, path, body = "POST", "/oauth2/token", url.Values{"grant_type": {word}, "client_id": {word}, "client_secret": {word}, "code": {word}}.Encode()
		if n%2 == 0 {
			body = url.Values{"grant_type": {word}, "client_id": {"photoprint"}, "client_secret": {testSecret}}.Encode()
		}
	}
	r, err := http.NewRequest(method, base+path, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	return r
}
