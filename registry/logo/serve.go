package logo

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gatehouse/storage"
)

// Prefix is the path under which Handler serves, as /logo/HASH-SIDE.png.
const Prefix = "/logo/"

var names = regexp.MustCompile(`^([0-9a-f]{64})-([0-9]{1,4})\.png$`)

// URI is what a registration names a logo by: that of its largest picture.
func URI(issuer, hash string) string { return issuer + Prefix + name(hash, Sides[len(Sides)-1]) }

func name(hash string, side int) string { return hash + "-" + strconv.Itoa(side) + ".png" }

// Path returns the path of the logo that a registration names by uri, in a size; empty for what is not one of ours.
func Path(issuer, uri string, side int) string {
	file, ours := strings.CutPrefix(uri, issuer+Prefix)
	found := names.FindStringSubmatch(file)
	if !ours || found == nil {
		return ""
	}
	return Prefix + name(found[1], side)
}

// Handler serves logos. None ever changes, so whoever has one need not ask again.
func Handler(store storage.Logos, fail func(http.ResponseWriter, *http.Request, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		found := names.FindStringSubmatch(r.PathValue("file"))
		if found == nil {
			http.NotFound(w, r)
			return
		}
		side, _ := strconv.Atoi(found[2])
		image, err := read(r.Context(), store, found[1], side)
		switch {
		case errors.Is(err, storage.ErrNotFound):
			http.NotFound(w, r)
		case err != nil:
			fail(w, r, err)
		default:
			write(w, image)
		}
	}
}

func read(ctx context.Context, store storage.Logos, hash string, side int) ([]byte, error) {
	if !slices.Contains(Sides[:], side) {
		return nil, storage.ErrNotFound
	}
	return store.LogoImage(ctx, hash, side)
}

func write(w http.ResponseWriter, image []byte) {
	h := w.Header()
	h.Set("Content-Type", "image/png")
	h.Set("Content-Length", strconv.Itoa(len(image)))
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // the host app shows it on pages of its own
	_, _ = w.Write(image)                                 // a browser that has left is nobody's error
}
