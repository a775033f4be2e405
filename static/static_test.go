package static_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/static"
)

func get(method, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	static.Handler().ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w
}

func TestFilesAreServedForEverUnderTheirHash(t *testing.T) {
	for name, mime := range map[string]string{
		"style.css": "text/css; charset=utf-8", "submit.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml",
	} {
		stem, ext, _ := strings.Cut(name, ".")
		require.Regexp(t, `^/static/`+stem+`\.[0-9a-f]{12}\.`+ext+`$`, static.Path(name))
		w := get(http.MethodGet, static.Path(name))
		require.Equal(t, http.StatusOK, w.Code)
		require.Equal(t, mime, w.Header().Get("Content-Type"))
		require.Equal(t, "public, max-age=31536000, immutable", w.Header().Get("Cache-Control"))
		require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
		require.NotZero(t, w.Body.Len())
		require.Zero(t, get(http.MethodHead, static.Path(name)).Body.Len())
	}
}

func TestNothingElseIsServed(t *testing.T) {
	for _, path := range []string{"/static/", "/static/style.css", "/static/style.000000000000.css", "/static/static.go", "/static/../static.go"} {
		w := get(http.MethodGet, path)
		require.Equal(t, http.StatusNotFound, w.Code, path)
		require.Empty(t, w.Header().Get("Cache-Control"), path)
	}
	w := get(http.MethodPost, static.Path("style.css"))
	require.Equal(t, http.StatusMethodNotAllowed, w.Code)
	require.Equal(t, "GET, HEAD", w.Header().Get("Allow"))
}

func TestPathPanicsOnAFileThatIsNotThere(t *testing.T) {
	require.Panics(t, func() { static.Path("none.css") })
}

// Right-to-left pages are drawn by the same rules.
func TestStyleKnowsNoLeftAndRight(t *testing.T) {
	css := get(http.MethodGet, static.Path("style.css")).Body.String()
	css = regexp.MustCompile(`(?s)/\*.*?\*/|safe-area-inset-(left|right)`).ReplaceAllString(css, "")
	require.Empty(t, regexp.MustCompile(`\b(left|right)\b`).FindAllString(css, -1))
	require.NotContains(t, css, "url(", "the content security policy lets in nothing but our own files")
}
