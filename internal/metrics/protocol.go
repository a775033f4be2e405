package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"gatehouse/storage"
)

// maxOutcomes bounds how many error codes there can be of a thing: all registries together have fewer.
const maxOutcomes = 64

type protocol struct {
	tokens    map[string]*series[string, prometheus.Counter] // by grant type
	authorize *series[string, prometheus.Counter]
	signIns   map[storage.Counter]prometheus.Counter // and decisions
	refused   map[string]prometheus.Counter          // sign-ins, by why
}

// grantTypes are the values of grant_type that are told apart, by what the label says.
var grantTypes = map[string]string{
	"authorization_code": "authorization_code", "refresh_token": "refresh_token", "client_credentials": "client_credentials",
	"urn:ietf:params:oauth:grant-type:jwt-bearer":     "jwt-bearer",
	"urn:ietf:params:oauth:grant-type:device_code":    "device_code",
	"urn:ietf:params:oauth:grant-type:token-exchange": "token-exchange",
}

func newProtocol(r prometheus.Registerer) protocol {
	tokens := counters(r, "gatehouse_token_answers_total", "Answers of token endpoints in all formats; outcome is ok or the error code.", "grant_type", "outcome")
	authorize := counters(r, "gatehouse_authorize_outcomes_total",
		"Answers of authorization endpoints: a code, the step that the browser was sent to (login, consent), or the error code.", "outcome")
	signIns := counters(r, "gatehouse_sign_ins_total", "Sign-ins, passwords that were wrong, and those that were not looked at: limited, crowded.", "outcome")
	decisions := counters(r, "gatehouse_consent_decisions_total", "Decisions of people, on a page or in the host app.", "decision")
	p := protocol{
		tokens: map[string]*series[string, prometheus.Counter]{},
		authorize: newSeries(maxOutcomes, other, func(outcome string) prometheus.Counter {
			return authorize.WithLabelValues(outcome)
		}),
		signIns: map[storage.Counter]prometheus.Counter{
			storage.CountSignIns: signIns.WithLabelValues("ok"), storage.CountFailedSignIns: signIns.WithLabelValues("failed"),
			storage.CountConsents: decisions.WithLabelValues("allow"), storage.CountDenials: decisions.WithLabelValues("deny"),
		},
		refused: map[string]prometheus.Counter{Limited: signIns.WithLabelValues(Limited), Crowded: signIns.WithLabelValues(Crowded)},
	}
	labels := []string{other}
	for _, label := range grantTypes {
		labels = append(labels, label)
	}
	for _, label := range labels {
		p.tokens[label] = newSeries(maxOutcomes, other, func(outcome string) prometheus.Counter {
			return tokens.WithLabelValues(label, outcome)
		})
	}
	return p
}

// Granted is the outcome of a token request that got what it asked for.
const Granted = "ok"

// TokenAnswer counts an answer of a token endpoint. grantType is as it was sent; outcome is Granted or an error code.
func (m *Metrics) TokenAnswer(grantType, outcome string) {
	if m == nil {
		return
	}
	label := grantTypes[grantType]
	if label == "" {
		label = other
	}
	m.protocol.tokens[label].of(outcome).Inc()
}

// Authorized counts an answer of an authorization endpoint: code, the step that comes next, or an error code.
func (m *Metrics) Authorized(outcome string) {
	if m != nil {
		m.protocol.authorize.of(outcome).Inc()
	}
}

// Counted counts what the activity log does, where it is about people. See activity.Log.Counted.
func (m *Metrics) Counted(c storage.Counter) {
	if m == nil {
		return
	}
	if counter, ok := m.protocol.signIns[c]; ok {
		counter.Inc()
	}
}

// Why somebody was not let sign in, whatever the password.
const (
	Limited = "limited" // it was wrong too often: 429
	Crowded = "crowded" // too many people are signing in: 503
)

// SignInRefused counts a sign-in whose password was not looked at; why is Limited or Crowded.
func (m *Metrics) SignInRefused(why string) {
	if m != nil {
		m.protocol.refused[why].Inc()
	}
}

func counters(r prometheus.Registerer, name, help string, labels ...string) *prometheus.CounterVec {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	r.MustRegister(vec)
	return vec
}

func counter(r prometheus.Registerer, name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	r.MustRegister(c)
	return c
}
