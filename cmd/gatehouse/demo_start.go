package main

import (
	"embed"
	"html/template"
	"net/http"
)

//go:embed demo/start.html demo/start.css
var demoFiles embed.FS

// startPage is what the page at `start` shows: what can be tried, and as whom.
type startPage struct {
	demoInfo
	Name   string     // the host app's
	Server demoClient // may get tokens of its own and introspect everybody's
}

// newStartPage returns the handler of the demo's start page.
func newStartPage(view startPage) http.Handler {
	page := template.Must(template.ParseFS(demoFiles, "demo/start.html"))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'")
		_ = page.Execute(w, view) // an error here means that the browser has gone
	})
	mux.HandleFunc("GET /start.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, demoFiles, "demo/start.css")
	})
	return mux
}
