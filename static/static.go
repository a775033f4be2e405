// Package static serves the look of the pages: one style sheet, one icon and the one script that sends a form_post
// response by itself. The files are embedded; their URLs carry a hash of the content, so browsers may keep them for ever.
package static

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
	"time"
)

// Prefix is the path under which Handler serves.
const Prefix = "/static/"

//go:embed *.css *.js *.svg
var files embed.FS

type asset struct {
	content  []byte
	mimeType string
}

// assets by URL, and URLs by file name. Made once from what is embedded and never changed.
var assets, urls = load()

// Path returns the URL of a file by its plain name: "style.css" is "/static/style.3f2a….css". It panics on a name that is
// not embedded.
func Path(name string) string {
	url, ok := urls[name]
	if !ok {
		panic("static: no file " + name)
	}
	return url
}

// Handler serves the files at the URLs of Path, and 404 for everything else under Prefix.
func Handler() http.Handler { return http.HandlerFunc(serve) }

func serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	a, ok := assets[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", a.mimeType)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.content))
}

func load() (map[string]asset, map[string]string) {
	assets, urls := map[string]asset{}, map[string]string{}
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err) // embedded: it is there
	}
	for _, e := range entries {
		content, err := files.ReadFile(e.Name())
		if err != nil {
			panic(err)
		}
		url := hashed(e.Name(), content)
		assets[url] = asset{content, mimeType(e.Name())}
		urls[e.Name()] = url
	}
	return assets, urls
}

func hashed(name string, content []byte) string {
	sum := sha256.Sum256(content)
	ext := path.Ext(name)
	return Prefix + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
}

// mimeType is fixed here: the table of the operating system may say otherwise.
func mimeType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	panic("static: no type for " + name)
}
