package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"gatehouse/internal/config"
	"gatehouse/internal/httpx"
	"gatehouse/internal/metrics"
	"gatehouse/internal/traces"
)

// What operators look at. The listener for them asks nobody who they are, so it must not be reachable from outside.

// observe begins to count, where there is a listener that tells, and to trace, where the environment says where to.
func (r *rooms) observe(ctx context.Context) (err error) {
	if r.cfg.OpsListen != "" {
		r.metrics = metrics.New(versionText())
	}
	if watched, is := r.store.(interface{ Watch(*metrics.Metrics) }); is {
		watched.Watch(r.metrics)
	}
	if r.traces, err = traces.Open(ctx, versionText(), r.log); err != nil {
		return usagef("%w", err)
	}
	return nil
}

// gauges are what is looked up when somebody asks for it. All but the age of the keys is the same on every process.
func (r *rooms) gauges() []metrics.Gauge {
	return []metrics.Gauge{
		{Name: "gatehouse_deliveries", Help: "Deliveries to mini apps' servers that are to be sent, those of them that failed before, and those that were given up.",
			Label: "state", Read: r.deliveryCounts},
		{Name: "gatehouse_audit_unsealed_events", Help: "Events of the audit log that wait for their place in the chain.", Read: r.unsealed},
		{Name: "gatehouse_signing_key_age_seconds", Help: "How long the key that signs has signed.", Label: "alg", Read: r.keyAges},
	}
}

func (r *rooms) deliveryCounts(ctx context.Context) (map[string]float64, error) {
	pending, err := r.store.PendingDeliveries(ctx)
	if err != nil {
		return nil, err
	}
	dead, retried, err := r.store.FailingDeliveries(ctx)
	if err != nil {
		return nil, err
	}
	return map[string]float64{"pending": float64(pending), "retried": float64(retried.Count), "given_up": float64(dead.Count)}, nil
}

func (r *rooms) unsealed(ctx context.Context) (map[string]float64, error) {
	_, waiting, err := r.store.ChainEnd(ctx)
	return map[string]float64{"": float64(waiting)}, err
}

func (r *rooms) keyAges(context.Context) (map[string]float64, error) {
	ages, now := map[string]float64{}, r.now()
	for _, key := range r.keys.List() { // the newest first
		if _, found := ages[key.Algorithm]; !found && !now.Before(key.ActiveFrom) {
			ages[key.Algorithm] = now.Sub(key.ActiveFrom).Seconds()
		}
	}
	return ages, nil
}

// ops answers /metrics and /debug/pprof; nil where nobody asked for it.
func (r *rooms) ops() http.Handler {
	if r.metrics == nil {
		return nil
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", r.metrics.Handler())
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.Handle("GET /debug/pprof/cmdline", http.NotFoundHandler())
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

// listenOps opens the listener for operators; nil where there is none.
func listenOps(ctx context.Context, cfg *config.Config) (net.Listener, error) {
	if cfg.OpsListen == "" {
		return nil, nil
	}
	listener, err := httpx.Listen(ctx, cfg.OpsListen)
	if err != nil {
		return nil, cannotListenOps(cfg.OpsListen, err)
	}
	return listener, nil
}

// serveOps answers operators until ctx ends, also while the server drains.
func serveOps(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) {
	if l == nil {
		return
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	log.Info("listening for operators", "addr", l.Addr().String())
	stopped := make(chan error, 1)
	go func() { stopped <- server.Serve(l) }()
	select {
	case <-ctx.Done():
		_ = server.Close()
	case err := <-stopped:
		log.Error("nothing listens for operators any more", "cause", err.Error())
	}
}
