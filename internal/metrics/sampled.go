package metrics

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// sampleFor is how long what was looked up for one scrape is good for the next: whoever scrapes often asks no more.
	sampleFor = 5 * time.Second
	// samplePatience bounds a look.
	samplePatience = 2 * time.Second
)

// Gauge is something that is looked up when somebody asks for it.
type Gauge struct {
	Name, Help string
	Label      string // empty: one number without a label
	// Read returns numbers by the label's value, or one under "". After an error there is no number, which says more than
	// an old one.
	Read func(ctx context.Context) (map[string]float64, error)
}

// Sample adds gauges.
func (m *Metrics) Sample(gauges ...Gauge) {
	if m == nil {
		return
	}
	failures := counters(m.registry, "gatehouse_sample_failures_total", "Gauges that could not be read from the database when they were asked for.", "gauge")
	for _, g := range gauges {
		var labels []string
		if g.Label != "" {
			labels = []string{g.Label}
		}
		m.registry.MustRegister(&sampled{
			Gauge: g, failed: failures.WithLabelValues(g.Name), desc: prometheus.NewDesc(g.Name, g.Help, labels, nil), labels: len(labels),
		})
	}
}

// sampled is a prometheus.Collector.
type sampled struct {
	Gauge
	failed prometheus.Counter
	desc   *prometheus.Desc
	labels int

	mu     sync.Mutex
	values map[string]float64
	until  time.Time
}

// Describe implements prometheus.Collector.
func (s *sampled) Describe(to chan<- *prometheus.Desc) { to <- s.desc }

// Collect implements prometheus.Collector.
func (s *sampled) Collect(to chan<- prometheus.Metric) {
	for label, value := range s.read() {
		labels := []string{label}
		to <- prometheus.MustNewConstMetric(s.desc, prometheus.GaugeValue, value, labels[:s.labels]...)
	}
}

func (s *sampled) read() map[string]float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Now().Before(s.until) {
		return s.values
	}
	ctx, cancel := context.WithTimeout(context.Background(), samplePatience)
	defer cancel()
	values, err := s.Read(ctx)
	if err != nil {
		s.failed.Inc()
		values = nil
	}
	s.values, s.until = values, time.Now().Add(sampleFor)
	return values
}
