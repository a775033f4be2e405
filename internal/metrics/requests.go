package metrics

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// maxRequestSeries bounds the combinations of route, method and status class: several times those that there are.
const maxRequestSeries = 2000

// requestBuckets are seconds: from a read of the cache to what a browser gives up on.
var requestBuckets = []float64{.00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}

type requests struct {
	took     *series[requestKey, prometheus.Observer]
	inFlight prometheus.Gauge
}

type requestKey struct {
	route, method string
	class         int // the first digit of the status
}

func newRequests(r prometheus.Registerer) requests {
	took := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "gatehouse_http_request_duration_seconds", Help: "How long requests took, by the pattern of their route; its count is how many there were.",
		Buckets: requestBuckets,
	}, []string{"route", "method", "status"})
	inFlight := prometheus.NewGauge(prometheus.GaugeOpts{Name: "gatehouse_http_requests_in_flight", Help: "Requests that are being answered."})
	r.MustRegister(took, inFlight)
	create := func(k requestKey) prometheus.Observer {
		return took.WithLabelValues(k.route, k.method, string(rune('0'+k.class))+"xx")
	}
	return requests{took: newSeries(maxRequestSeries, requestKey{other, other, 5}, create), inFlight: inFlight}
}

// methods are what RFC 9110 §9.3 and RFC 5789 have; anything else a client made up.
var methods = map[string]string{
	http.MethodGet: http.MethodGet, http.MethodHead: http.MethodHead, http.MethodPost: http.MethodPost, http.MethodPut: http.MethodPut,
	http.MethodPatch: http.MethodPatch, http.MethodDelete: http.MethodDelete, http.MethodOptions: http.MethodOptions,
}

// Began counts a request that is being answered, until Request.
func (m *Metrics) Began() {
	if m != nil {
		m.requests.inFlight.Inc()
	}
}

// Request counts one that was answered. route is the pattern of its route, without the method; empty where there was none.
func (m *Metrics) Request(route, method string, status int, took time.Duration) {
	if m == nil {
		return
	}
	m.requests.inFlight.Dec()
	key := requestKey{route: route, method: methods[method], class: min(max(status/100, 1), 5)}
	if key.route == "" {
		key.route = other
	}
	if key.method == "" {
		key.method = other
	}
	m.requests.took.of(key).Observe(took.Seconds())
}
