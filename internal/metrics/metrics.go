package metrics

import (
	"database/sql"
	"net/http"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics is everything that is counted. A nil one counts nothing. It is safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry

	requests requests
	protocol protocol
	database database
	work     work
}

// New returns metrics of a process of this version, with those of Go's runtime and of the process.
func New(version string) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "gatehouse_build_info", Help: "1; the labels say which program this is.",
			ConstLabels: prometheus.Labels{"version": version, "go": runtime.Version()},
		}, func() float64 { return 1 }),
	)
	m.requests = newRequests(m.registry)
	m.protocol = newProtocol(m.registry)
	m.database = newDatabase(m.registry)
	m.work = newWork(m.registry)
	return m
}

// Pool adds the numbers of a pool of connections: go_sql_in_use_connections{db_name="NAME"} and so on.
func (m *Metrics) Pool(name string, pool *sql.DB) {
	if m != nil {
		m.registry.MustRegister(collectors.NewDBStatsCollector(pool, name))
	}
}

// Handler answers with all numbers, in the text format of Prometheus or in OpenMetrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}
