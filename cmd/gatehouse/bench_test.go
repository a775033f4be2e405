package main

import (
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
)

// What the server does through HTTP, by several clients at a time, on both databases. A figure includes the client: it
// runs in this process, so about half of the allocations, and on a busy machine of the time, are its own.
//
//	ops/s, p50-ns, p99-ns   of all clients together, as they see it
//	db-reads/op             reads that one request makes when it is alone
//	db-writes/op            write transactions likewise
//	commits/op              commits during the run; below db-writes/op where writes share one

func BenchmarkAuthorize(b *testing.B) {
	eachDatabase(b, nil, func(w *worker) error {
		_, err := w.authorize()
		return err
	})
}

func BenchmarkCodeExchange(b *testing.B) {
	var codes []string
	var next atomic.Int64
	makeCodes := func(l *load, n int) error {
		codes = make([]string, n)
		next.Store(0)
		return l.all(func(i int, w *worker) (err error) {
			for ; i < n && err == nil; i += len(l.workers) {
				codes[i], err = w.authorize()
			}
			return err
		})
	}
	eachDatabase(b, makeCodes, func(w *worker) error {
		return w.exchange(codes[next.Add(1)-1])
	})
}

func BenchmarkRefresh(b *testing.B) {
	eachDatabase(b, nil, func(w *worker) error { return w.token(refreshForm(w.refresh)) })
}

func BenchmarkIntrospect(b *testing.B) {
	eachDatabase(b, nil, func(w *worker) error {
		return w.send("/oauth2/introspect", url.Values{"token": {w.access}}, `"active":true`, nil)
	})
}

func BenchmarkUserinfo(b *testing.B) {
	eachDatabase(b, nil, func(w *worker) error {
		r, err := http.NewRequest(http.MethodGet, w.url+"/oauth2/userinfo", nil)
		if err != nil {
			return err
		}
		r.Header.Set("Authorization", "Bearer "+w.access)
		_, err = w.do(r, http.StatusOK, `"sub":`, nil)
		return err
	})
}

func BenchmarkClientCredentials(b *testing.B) {
	eachDatabase(b, nil, func(w *worker) error {
		return w.send("/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "scope": {"catalogue"}}, `"access_token":`, nil)
	})
}

// eachDatabase measures op on SQLite and PostgreSQL. prepare, when not nil, makes what n of them need.
func eachDatabase(b *testing.B, prepare func(l *load, n int) error, op func(*worker) error) {
	run := func(b *testing.B, dsn string) {
		l := newLoad(b, dsn)
		if prepare != nil {
			require.NoError(b, prepare(l, b.N+1)) // one to look at alone
		}
		l.measure(b, op)
	}
	b.Run("sqlite", func(b *testing.B) { run(b, testdb.SQLite(b)) })
	b.Run("postgres", func(b *testing.B) { run(b, testdb.Postgres(b)) })
}

func (l *load) measure(b *testing.B, op func(*worker) error) {
	var next atomic.Int64
	l.commits.Store(0)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		w := l.workers[next.Add(1)-1]
		for pb.Next() {
			began := time.Now()
			if err := op(w); err != nil {
				b.Error(err)
				return
			}
			w.took = append(w.took, time.Since(began))
		}
	})
	b.StopTimer()
	if !b.Failed() {
		l.report(b, op)
	}
}

func (l *load) report(b *testing.B, op func(*worker) error) {
	var took []time.Duration
	for _, w := range l.workers {
		took = append(took, w.took...)
	}
	slices.Sort(took)
	n := float64(b.N)
	b.ReportMetric(n/b.Elapsed().Seconds(), "ops/s")
	b.ReportMetric(float64(took[len(took)/2]), "p50-ns")
	b.ReportMetric(float64(took[len(took)*99/100]), "p99-ns")
	b.ReportMetric(float64(l.commits.Load())/n, "commits/op")
	l.listen.Store(true)
	require.NoError(b, op(l.workers[0]))
	alone := work(l.count.seen())
	b.ReportMetric(float64(alone.reads), "db-reads/op")
	b.ReportMetric(float64(alone.transactions), "db-writes/op")
}
