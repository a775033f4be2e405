package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"gatehouse/internal/httpx"
	"gatehouse/storage/gormstore"
)

// healthz says that the process answers, and nothing more.
func healthz(w http.ResponseWriter, _ *http.Request) {
	writeHealth(w, http.StatusOK, map[string]any{"status": "ok"})
}

// readyTimeout bounds how long a check may take.
const readyTimeout = 2 * time.Second

// readyz says whether this process can do its work: 503 with the reason when it cannot.
func (r *rooms) readyz(w http.ResponseWriter, req *http.Request) {
	ctx := req.Context()
	status, checks := http.StatusOK, map[string]string{"process": "ok", "database": "ok", "schema": "ok", "signing_key": "ok"}
	if httpx.Draining(ctx) { // what comes is still answered, and whoever asks should send it elsewhere
		status, checks["process"] = http.StatusServiceUnavailable, "stopping"
	}
	switch err := r.checkStore(ctx); {
	case errors.Is(err, gormstore.ErrSchema):
		r.log.ErrorContext(ctx, "not ready", "check", "schema", "cause", err.Error())
		status, checks["schema"] = http.StatusServiceUnavailable, "does not fit this program"
	case err != nil:
		r.log.ErrorContext(ctx, "not ready", "check", "database", "cause", err.Error())
		status, checks["database"], checks["schema"] = http.StatusServiceUnavailable, "unavailable", "unknown"
	}
	if !r.keys.Ready() {
		status, checks["signing_key"] = http.StatusServiceUnavailable, "not loaded"
	}
	word := "ready"
	if status != http.StatusOK {
		word = "unavailable"
		w.Header().Set("Retry-After", "2")
	}
	writeHealth(w, status, map[string]any{"status": word, "checks": checks})
}

// checkStore asks the database whether it takes writes. Whoever asks meanwhile gets the same answer: anybody may ask, and must
// not take a connection each.
func (r *rooms) checkStore(ctx context.Context) error {
	_, err, _ := r.checking.Do("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyTimeout)
		defer cancel()
		return nil, r.store.Check(ctx)
	})
	return err
}

func writeHealth(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}
