package handlers

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are the figures of a process. No label holds a value from outside
// but the method, which is one of a few.
type Metrics struct {
	Tampered prometheus.Counter     // stored data that did not open or did not match its trace
	Messages *prometheus.CounterVec // by answer: AA, AE, AR
	Alerts   *prometheus.CounterVec // by kind, of a closed list

	Announced *prometheus.CounterVec // alerts by channel and outcome: told, failed
	Waiting   *prometheus.GaugeVec   // alerts that a channel has not told, and still means to

	LogSize prometheus.Gauge // entries that have their place in the log of traces
	LogLag  prometheus.Gauge // how long the oldest of the last ones waited for it, in seconds

	StreamBehind *prometheus.GaugeVec   // entries that a receiver outside has yet to take
	StreamPurged *prometheus.CounterVec // entries that were purged before it was sent them

	CheckpointTaken *prometheus.GaugeVec // when a receiver took the last one

	Certificates *prometheus.CounterVec // checks of peers' certificates, by kind of peer and outcome
	Expiry       *prometheus.GaugeVec   // when the certificate, or list, of a use runs out

	registry *prometheus.Registry
	requests *prometheus.HistogramVec
}

// NewMetrics makes the figures of a process.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		Tampered: prometheus.NewCounter(prometheus.CounterOpts{Name: "guichet_integrity_failures_total",
			Help: "Stored data that did not open or did not match its trace: each is an alert."}),
		Messages: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "guichet_messages_total", Help: "Messages of the hospital's systems by answer: of HL7 v2 AA, AE or AR, of FHIR its status, none where none was given."}, []string{"answer"}),
		LogSize:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "guichet_trace_log_entries", Help: "Entries that have their place in the log of traces, as this process gave it; 0 where another one does."}),
		LogLag:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "guichet_trace_log_lag_seconds", Help: "How long the oldest of the entries that were given their places last had waited."}),
		StreamBehind: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "guichet_trace_stream_behind_entries",
			Help: "Entries of the trace that a receiver outside has yet to take; 0 where another process sends."}, []string{"stream"}),
		StreamPurged: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "guichet_trace_stream_purged_entries_total",
			Help: "Entries of the trace that were purged, their time being over, before a receiver outside was sent them."}, []string{"stream"}),
		CheckpointTaken: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "guichet_checkpoint_taken_timestamp_seconds",
			Help: "When a receiver outside last took a checkpoint of the log of traces; 0 where it has taken none of this process."}, []string{"receiver"}),
		Certificates: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "guichet_certificate_checks_total",
			Help: "Checks of peers' certificates by kind of peer and outcome: good, accepted-unknown, or why it was refused."}, []string{"peer", "outcome"}),
		Expiry: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "guichet_certificate_expiry_timestamp_seconds",
			Help: "When the certificate or revocation list of a use runs out: of several, the first. Uses are fields of the configuration, or peer and its kind."}, []string{"use"}),
		Alerts:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "guichet_alerts_total", Help: "What an operator must see, by kind, as this process announced it."}, []string{"kind"}),
		Announced: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "guichet_alerts_announced_total", Help: "Alerts by the channel that was to tell them, and outcome: told, or failed and to be tried again."}, []string{"channel", "outcome"}),
		Waiting:   prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "guichet_alerts_waiting", Help: "Alerts that a channel has not told, and still means to: its receiver is away."}, []string{"channel"}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "guichet_http_request_duration_seconds", Help: "Time to serve a request.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}}, []string{"route", "method", "status"}),
	}
	m.registry.MustRegister(m.Tampered, m.Messages, m.Alerts, m.Announced, m.Waiting, m.LogSize, m.LogLag, m.StreamBehind, m.StreamPurged, m.CheckpointTaken, m.requests, m.Certificates, m.Expiry, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *Metrics) request(route, method string, status int, took time.Duration) {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
	default:
		method = "other"
	}
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Observe(took.Seconds())
}

// Handler serves the figures.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
