package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The clients of the benchmarks.

// workersVariable names the environment variable with the number of clients, 16 if unset.
const workersVariable = "GATEHOUSE_BENCH_WORKERS"

// load is a server and its clients.
type load struct {
	*testServer
	http    *http.Client
	workers []*worker
	commits atomic.Int64
	listen  atomic.Bool // to every statement
}

// worker is a client with a person of its own, who has signed in and allowed PhotoPrint what it asks.
type worker struct {
	*load
	cookie          string
	access, refresh string
	took            []time.Duration
}

// newLoad starts a server, and its clients with their first tokens.
func newLoad(b *testing.B, dsn string) *load {
	l := &load{}
	count := &statementCount{}
	log := slog.New(slog.NewJSONHandler(io.Discard, nil)) // as in production, but for the writing
	l.testServer = startServer(b, dsn, log, func(ctx context.Context, sql string) {
		if sql == "COMMIT" {
			l.commits.Add(1)
		}
		if l.listen.Load() {
			count.observe(ctx, sql)
		}
	})
	l.count = count
	perProcessor := (numberOfWorkers(b) + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0)
	b.SetParallelism(perProcessor)
	l.workers = make([]*worker, perProcessor*runtime.GOMAXPROCS(0))
	l.http = &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: len(l.workers)},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	b.Cleanup(l.http.CloseIdleConnections)
	for i := range l.workers {
		l.workers[i] = l.newWorker(i)
	}
	require.NoError(b, l.all(func(_ int, w *worker) error {
		code, err := w.authorize()
		if err != nil {
			return err
		}
		return w.exchange(code)
	}))
	return l
}

func numberOfWorkers(b *testing.B) int {
	text := os.Getenv(workersVariable)
	if text == "" {
		return 16
	}
	n, err := strconv.Atoi(text)
	require.NoError(b, err, workersVariable)
	return max(n, 1)
}

// newWorker signs a new person in and has them allow what authorize asks.
func (l *load) newWorker(i int) *worker {
	person := l.users["ana@example.com"]
	person.ID, person.Email, person.Phone = fmt.Sprint("person-", i), fmt.Sprintf("person-%d@example.com", i), ""
	require.NoError(l.t, l.store.CreateUser(l.t.Context(), person))
	browser := l.newBrowser()
	l.allowIn(browser, person.Email, request("photoprint"))
	at, err := url.Parse(l.url)
	require.NoError(l.t, err)
	return &worker{load: l, cookie: browser.Jar.Cookies(at)[0].String()}
}

// all has every worker do something at the same time, and returns the first error.
func (l *load) all(do func(i int, w *worker) error) error {
	errs := make([]error, len(l.workers))
	var group sync.WaitGroup
	for i, w := range l.workers {
		group.Go(func() { errs[i] = do(i, w) })
	}
	group.Wait()
	return errors.Join(errs...)
}

// authorize is the request of a browser whose person need not be asked anything, and returns the code.
func (w *worker) authorize() (string, error) {
	r, err := http.NewRequest(http.MethodGet, w.url+"/oauth2/authorize?"+request("photoprint").Encode(), nil)
	if err != nil {
		return "", err
	}
	r.Header.Set("Cookie", w.cookie)
	response, err := w.do(r, http.StatusSeeOther, "", nil)
	if err != nil {
		return "", err
	}
	location, err := response.Location()
	if err != nil {
		return "", err
	}
	code := location.Query().Get("code")
	if code == "" {
		return "", fmt.Errorf("no code: %s", location)
	}
	return code, nil
}

func (w *worker) exchange(code string) error { return w.token(exchangeForm(code)) }

// token gets a pair and keeps it.
func (w *worker) token(form url.Values) error {
	var pair struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	if err := w.send("/oauth2/token", form, `"refresh_token":`, &pair); err != nil {
		return err
	}
	w.access, w.refresh = pair.Access, pair.Refresh
	return nil
}

// send posts a form as PhotoPrint.
func (w *worker) send(path string, form url.Values, want string, into any) error {
	r, err := http.NewRequest(http.MethodPost, w.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("photoprint", testSecret)
	_, err = w.do(r, http.StatusOK, want, into)
	return err
}

// do sends a request and checks that the answer has this status and these bytes in it.
func (w *worker) do(r *http.Request, status int, want string, into any) (*http.Response, error) {
	response, err := w.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return nil, err
	case response.StatusCode != status || !bytes.Contains(body, []byte(want)):
		return nil, fmt.Errorf("%s: %d %s", r.URL.Path, response.StatusCode, body)
	case into != nil:
		return response, json.Unmarshal(body, into)
	}
	return response, nil
}
