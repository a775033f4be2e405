package main

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// healthz says that the process answers, and nothing more.
func healthz(w http.ResponseWriter, _ *http.Request) {
	writeHealth(w, http.StatusOK, map[string]any{"status": "ok"})
}

// readyTimeout bounds how long a check may take.
const readyTimeout = 2 * time.Second

// readyz says whether this process can do its work: 503 with the reason when it cannot.
func (r *rooms) readyz(w http.ResponseWriter, req *http.Request) {
	ctx, cancel := context.WithTimeout(req.Context(), readyTimeout)
	defer cancel()
	status, checks := http.StatusOK, map[string]string{"database": "ok", "signing_key": "ok"}
	if err := r.store.Check(ctx); err != nil {
		r.log.Error("not ready", "check", "database", "cause", err.Error())
		status, checks["database"] = http.StatusServiceUnavailable, "unavailable"
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

func writeHealth(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}
