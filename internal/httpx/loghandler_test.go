package httpx_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/httpx"
)

// Whatever a room logs for a request says for which, once.
func TestEveryLineOfARequestSaysWhichItIs(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(httpx.LogHandler(slog.NewJSONHandler(&out, nil))).With("room", "a")
	h := httpx.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		log.WarnContext(r.Context(), "by a room that knows nothing of it", "user", "x")
		log.WithGroup("g").WarnContext(r.Context(), "in a group")
	}), httpx.Options{Log: log})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	id := w.Header().Get("X-Request-Id")
	require.NotEmpty(t, id)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 3)
	for _, line := range lines {
		require.Equal(t, 1, strings.Count(line, `"request_id":"`+id+`"`), line)
		require.NotContains(t, line, "trace_id")
	}
	out.Reset()
	log.Info("of no request")
	var logged map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &logged))
	require.NotContains(t, logged, "request_id")
}
