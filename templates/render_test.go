package templates

import (
	"bytes"
	"compress/gzip"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/static"
)

func testPages(t testing.TB, brand Brand) *Pages {
	p, err := New(brand, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	p.now = func() time.Time { return drawn }
	return p
}

func draw(p *Pages, lang string, page Page) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/somewhere?a=b", nil)
	r.AddCookie(&http.Cookie{Name: languageCookie, Value: lang})
	w := httptest.NewRecorder()
	p.Render(w, r, http.StatusTeapot, page)
	return w
}

func plainly(s string) string { return s }

func TestRenderDrawsEveryPageInEveryLanguage(t *testing.T) {
	p := testPages(t, Brand{Name: "Orbit"})
	for _, lang := range p.Languages() {
		for name, page := range samples(plainly) {
			t.Run(lang+"/"+name, func(t *testing.T) {
				w := draw(p, lang, page)
				require.Equal(t, http.StatusTeapot, w.Code, w.Body)
				require.Equal(t, lang, w.Header().Get("Content-Language"))
				require.Contains(t, w.Body.String(), `<html lang="`+lang+`"`)
			})
		}
	}
}

func TestRenderSendsNothingOfAPageThatCannotBeDrawn(t *testing.T) {
	c, err := parseCatalog("en", []byte(`{"language": "English"}`))
	require.NoError(t, err)
	p, err := newPages(Brand{Name: "Orbit"}, []catalog{c}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	w := draw(p, "en", &SignIn{})
	require.Equal(t, http.StatusInternalServerError, w.Code)
	require.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
	require.NotContains(t, w.Body.String(), "<")
}

func TestAnUnknownKeyFromAnotherPackageCostsThePreciseTextOnly(t *testing.T) {
	p := testPages(t, Brand{Name: "Orbit"})
	for name, page := range map[string]Page{
		"problem":              &SignUp{Problems: []Problem{{Field: "email", Key: "no.such"}}},
		"problem's field":      &SignUp{Problems: []Problem{{Field: "no_such", Key: "problem.required"}}},
		"problem without args": &SignUp{Problems: []Problem{{Field: "email", Key: "problem.password_short"}}},
		"saved":                &Account{Saved: "no.such"},
		"error":                &Error{Code: "no_such", Key: "no.such"},
	} {
		require.Equal(t, http.StatusTeapot, draw(p, "en", page).Code, name)
	}
}

// The budget of a phone on a slow network: page and style together, compressed.
func TestConsentPageIsLight(t *testing.T) {
	p := testPages(t, Brand{Name: "Orbit"})
	css := httptest.NewRecorder()
	static.Handler().ServeHTTP(css, httptest.NewRequest(http.MethodGet, static.Path("style.css"), nil))
	for _, lang := range p.Languages() {
		size := compressed(t, draw(p, lang, samples(plainly)["consent"]).Body) + compressed(t, css.Body)
		require.Less(t, size, 15<<10, lang)
	}
}

func compressed(t *testing.T, body *bytes.Buffer) int {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := io.Copy(w, bytes.NewReader(body.Bytes()))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Len()
}

func BenchmarkRenderConsent(b *testing.B) {
	p := testPages(b, Brand{Name: "Orbit"})
	page := samples(plainly)["consent"]
	for b.Loop() {
		draw(p, "en", page)
	}
}
