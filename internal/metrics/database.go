package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type database struct {
	statements map[string]prometheus.Observer // by kind
	groups     prometheus.Histogram
	waits      prometheus.Histogram
}

// kinds are the first words of statements, as far as they are told apart, by what the label says. A batch is one round trip
// with several statements.
var kinds = map[string]string{
	"SELECT": "select", "WITH": "with", "INSERT": "insert", "UPDATE": "update", "DELETE": "delete", "BEGIN": "begin", "COMMIT": "commit",
	"ROLLBACK": "rollback", "SAVEPOINT": "savepoint", "RELEASE": "savepoint", "PRAGMA": "pragma", Batch: "batch",
}

// Batch is the kind of a round trip with several statements.
const Batch = "BATCH"

func newDatabase(r prometheus.Registerer) database {
	took := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "gatehouse_database_statement_duration_seconds", Help: "How long statements took, until their last row was read.",
		Buckets: []float64{.00001, .000025, .00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 10},
	}, []string{"kind"})
	d := database{
		statements: map[string]prometheus.Observer{other: took.WithLabelValues(other)},
		groups: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "gatehouse_commit_group_size", Help: "How many writes shared a commit (SQLite).", Buckets: []float64{1, 2, 4, 8, 16, 32, 64, 128, 256},
		}),
		waits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "gatehouse_commit_queue_seconds", Help: "How long writes waited for their turn: for the writer (SQLite), or for a connection (PostgreSQL).",
			Buckets: []float64{.00001, .0001, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 10},
		}),
	}
	for _, label := range kinds {
		d.statements[label] = took.WithLabelValues(label)
	}
	r.MustRegister(took, d.groups, d.waits)
	return d
}

// Statement counts a statement, by its first word and nothing else of it.
func (m *Metrics) Statement(sql string, took time.Duration) {
	if m == nil {
		return
	}
	label := kinds[firstWord(sql)]
	if label == "" {
		label = other
	}
	m.database.statements[label].Observe(took.Seconds())
}

// firstWord returns the letters with which a statement begins, in capitals as all of ours are.
func firstWord(sql string) string {
	start := 0
	for start < len(sql) && (sql[start] == ' ' || sql[start] == '\n' || sql[start] == '\t') {
		start++
	}
	end := start
	for end < len(sql) && sql[end] >= 'A' && sql[end] <= 'Z' {
		end++
	}
	return sql[start:end]
}

// Group counts writes that shared a commit.
func (m *Metrics) Group(writes int) {
	if m != nil {
		m.database.groups.Observe(float64(writes))
	}
}

// Queued counts how long a write waited for its turn.
func (m *Metrics) Queued(d time.Duration) {
	if m != nil {
		m.database.waits.Observe(d.Seconds())
	}
}
