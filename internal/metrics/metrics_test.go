package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/metrics"
	"gatehouse/storage"
)

func scrape(m *metrics.Metrics) string {
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}

func TestEverythingThatIsHandedInIsTold(t *testing.T) {
	m := metrics.New("v1")
	m.Began()
	m.Began()
	m.Request("/oauth2/token", "POST", 503, 30*time.Millisecond)
	m.TokenAnswer("refresh_token", "invalid_grant")
	m.TokenAnswer("urn:ietf:params:oauth:grant-type:jwt-bearer", metrics.Granted)
	m.Authorized("consent")
	m.Counted(storage.CountFailedSignIns)
	m.Counted(storage.CountDenials)
	m.SignInRefused(metrics.Limited)
	m.Counted(storage.CountTokensIssued) // counted with its grant type
	m.Statement("\nDELETE FROM tokens WHERE 'a secret'", time.Millisecond)
	m.Statement("COMMIT", time.Millisecond)
	m.Statement(metrics.Batch, time.Millisecond)
	m.Group(17)
	m.Queued(3 * time.Millisecond)
	m.Forgotten()
	m.Collected(70, nil)
	m.Collected(7, errors.New("away"))
	m.Delivery(storage.DeliveryPending)
	m.Sample(metrics.Gauge{Name: "gatehouse_test", Label: "state", Read: func(context.Context) (map[string]float64, error) {
		return map[string]float64{"pending": 4}, nil
	}})
	text := scrape(m)
	for _, line := range []string{
		`gatehouse_build_info{go="go1.`, "gatehouse_http_requests_in_flight 1\n",
		`gatehouse_http_request_duration_seconds_bucket{method="POST",route="/oauth2/token",status="5xx",le="0.025"} 0` + "\n",
		`gatehouse_http_request_duration_seconds_bucket{method="POST",route="/oauth2/token",status="5xx",le="0.05"} 1` + "\n",
		`gatehouse_token_answers_total{grant_type="refresh_token",outcome="invalid_grant"} 1` + "\n",
		`gatehouse_token_answers_total{grant_type="jwt-bearer",outcome="ok"} 1` + "\n",
		`gatehouse_authorize_outcomes_total{outcome="consent"} 1` + "\n",
		`gatehouse_sign_ins_total{outcome="failed"} 1` + "\n", `gatehouse_sign_ins_total{outcome="limited"} 1` + "\n", `gatehouse_sign_ins_total{outcome="crowded"} 0` + "\n",
		`gatehouse_consent_decisions_total{decision="deny"} 1` + "\n",
		`gatehouse_database_statement_duration_seconds_count{kind="delete"} 1` + "\n",
		`gatehouse_database_statement_duration_seconds_count{kind="commit"} 1` + "\n",
		`gatehouse_database_statement_duration_seconds_count{kind="batch"} 1` + "\n",
		`gatehouse_commit_group_size_bucket{le="16"} 0` + "\n", `gatehouse_commit_group_size_bucket{le="32"} 1` + "\n",
		"gatehouse_commit_queue_seconds_sum 0.003\n", "gatehouse_cache_invalidations_total 1\n", "gatehouse_collected_rows_total 77\n",
		`gatehouse_collector_rounds_total{outcome="failed"} 1` + "\n", `gatehouse_delivery_attempts_total{outcome="failed"} 1` + "\n",
		`gatehouse_test{state="pending"} 4` + "\n", "go_goroutines ", "process_resident_memory_bytes ",
	} {
		require.Contains(t, text, line)
	}
	require.NotContains(t, text, "secret")
}

// What a client chooses must not fill our memory, or that of whoever scrapes.
func TestSeriesAreBounded(t *testing.T) {
	m := metrics.New("v1")
	before := strings.Count(scrape(m), "\ngatehouse_")
	for i := range 10_000 {
		made := fmt.Sprintf("made-up-%d", i)
		m.Began()
		m.Request("", made, 400+i%3, time.Millisecond)
		m.TokenAnswer(made, "invalid_request")
		m.TokenAnswer("refresh_token", made) // our own codes, but even so
		m.Authorized(made)
		m.Statement(made, time.Millisecond)
		m.Statement("MADE"+made, time.Millisecond)
	}
	text := scrape(m)
	require.Less(t, strings.Count(text, "\ngatehouse_")-before, 200)
	require.Contains(t, text, `gatehouse_token_answers_total{grant_type="other",outcome="invalid_request"} 10000`)
	require.Contains(t, text, `gatehouse_http_request_duration_seconds_count{method="other",route="other",status="4xx"} 10000`)
	require.NotContains(t, text, "made-up-9999")

	for i := range 10_000 { // a route that has a parameter in its pattern by mistake
		m.Request(fmt.Sprintf("/x/%d", i), "GET", 200, time.Millisecond)
	}
	require.Less(t, strings.Count(scrape(m), "gatehouse_http_request_duration_seconds_count"), 2100)
}

func TestAGaugeThatCannotBeReadIsLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // "often" is a time
		m := metrics.New("v1")
		asked := 0
		m.Sample(metrics.Gauge{Name: "gatehouse_test", Read: func(ctx context.Context) (map[string]float64, error) {
			asked++
			_, bounded := ctx.Deadline()
			require.True(t, bounded)
			return map[string]float64{"": 1}, errors.New("the database is away")
		}})
		scrape(m)
		text := scrape(m)
		require.NotContains(t, text, "\ngatehouse_test ")
		require.Contains(t, text, `gatehouse_sample_failures_total{gauge="gatehouse_test"} 1`)
		require.Equal(t, 1, asked, "who scrapes often does not ask the database often")
	})
}

func TestNothingIsCountedWhereNobodyAsks(t *testing.T) {
	var m *metrics.Metrics
	m.Began()
	m.Request("/", "GET", 200, 0)
	m.TokenAnswer("refresh_token", "ok")
	m.Authorized("code")
	m.Counted(storage.CountSignIns)
	m.SignInRefused(metrics.Crowded)
	m.Statement("SELECT 1", 0)
	m.Group(1)
	m.Queued(0)
	m.Forgotten()
	m.Collected(1, nil)
	m.Delivery(storage.DeliveryDead)
	m.Sample(metrics.Gauge{})
	m.Pool("gatehouse", nil)
}

func TestCountingAllocatesNothing(t *testing.T) {
	m := metrics.New("v1")
	m.TokenAnswer("refresh_token", metrics.Granted)
	m.Request("/oauth2/token", "POST", 200, time.Millisecond)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		m.Began()
		m.Statement("SELECT 1", time.Millisecond)
		m.Queued(time.Millisecond)
		m.TokenAnswer("refresh_token", metrics.Granted)
		m.Request("/oauth2/token", "POST", 200, time.Millisecond)
	}))
}

// BenchmarkRequest is what a token request pays to be counted: the request, its answer, and its statements.
func BenchmarkRequest(b *testing.B) {
	m := metrics.New("v1")
	b.ReportAllocs()
	for b.Loop() {
		m.Began()
		m.Statement("SELECT 1", time.Millisecond)
		m.Queued(time.Millisecond)
		m.TokenAnswer("refresh_token", metrics.Granted)
		m.Request("/oauth2/token", "POST", 200, time.Millisecond)
	}
}

// BenchmarkNow is what two looks at the clock cost, to compare with.
func BenchmarkNow(b *testing.B) {
	for b.Loop() {
		_ = time.Since(time.Now())
	}
}
