package templates

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func testPages(t testing.TB, brand Brand) *Pages {
	p, err := New(brand)
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

func TestEveryPageIsDrawnInEveryLanguage(t *testing.T) {
	p := testPages(t, Brand{Name: "Super"})
	for _, lang := range p.Languages() {
		for name, page := range samples(func(s string) string { return s }) {
			t.Run(lang+"/"+name, func(t *testing.T) {
				w := draw(p, lang, page)
				require.Equal(t, http.StatusTeapot, w.Code, w.Body)
				require.Equal(t, lang, w.Header().Get("Content-Language"))
			})
		}
	}
}
