package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"gatehouse/storage"
)

// work is what is done in the background.
type work struct {
	forgotten  prometheus.Counter
	collected  prometheus.Counter
	collection map[bool]prometheus.Counter // by whether it failed
	deliveries map[storage.DeliveryState]prometheus.Counter
}

func newWork(r prometheus.Registerer) work {
	rounds := counters(r, "gatehouse_collector_rounds_total", "Rounds of removing what has expired.", "outcome")
	attempts := counters(r, "gatehouse_delivery_attempts_total", "Deliveries to mini apps' servers that were tried, by what came of it.", "outcome")
	return work{
		forgotten:  counter(r, "gatehouse_cache_invalidations_total", "How often cached clients, publishers and scopes were forgotten, because of a write here or elsewhere."),
		collected:  counter(r, "gatehouse_collected_rows_total", "Rows that had expired and were removed."),
		collection: map[bool]prometheus.Counter{false: rounds.WithLabelValues("ok"), true: rounds.WithLabelValues("failed")},
		deliveries: map[storage.DeliveryState]prometheus.Counter{
			storage.DeliveryDelivered: attempts.WithLabelValues("sent"),
			storage.DeliveryPending:   attempts.WithLabelValues("failed"),
			storage.DeliveryDead:      attempts.WithLabelValues("given_up"),
		},
	}
}

// Forgotten counts that a cache was emptied.
func (m *Metrics) Forgotten() {
	if m != nil {
		m.work.forgotten.Inc()
	}
}

// Collected counts rows that a round of the collector removed; err is what ended it.
func (m *Metrics) Collected(rows int, err error) {
	if m == nil {
		return
	}
	m.work.collected.Add(float64(rows))
	m.work.collection[err != nil].Inc()
}

// Delivery counts an attempt to deliver, by the state that the delivery has then: pending ones are tried again.
func (m *Metrics) Delivery(state storage.DeliveryState) {
	if m == nil {
		return
	}
	if counter, ok := m.work.deliveries[state]; ok {
		counter.Inc()
	}
}
