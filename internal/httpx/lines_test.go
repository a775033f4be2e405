package httpx_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/httpx"
)

// lines serves n lines, and then what fails.
func lines(t *testing.T, n int, fails error) *httptest.Server {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		httpx.JSONLines(w, r, func(yield func(string, error) bool) {
			for range n {
				if !yield("<line>", nil) {
					return
				}
			}
			if fails != nil {
				yield("", fails)
			}
		})
	})
	s := httptest.NewServer(httpx.Wrap(h, httpx.Options{Log: slog.New(slog.DiscardHandler)}))
	t.Cleanup(s.Close)
	return s
}

func TestLinesAreSentUntilTheyEnd(t *testing.T) {
	const n = 100_000 // far more than what is buffered
	s := lines(t, n, nil)
	r, err := http.Get(s.URL)
	require.NoError(t, err)
	defer r.Body.Close()
	require.Equal(t, httpx.TypeLines, r.Header.Get("Content-Type"))
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("\"<line>\"\n", n), string(body))
	head, err := http.Head(s.URL)
	require.NoError(t, err)
	defer head.Body.Close()
	require.Equal(t, httpx.TypeLines, head.Header.Get("Content-Type"))
}

// Whoever keeps an export must not take a part of it for the whole.
func TestLinesThatCannotBeHadCutTheAnswerOff(t *testing.T) {
	for _, n := range []int{0, 3, 100_000} {
		r, err := http.Get(lines(t, n, errors.New("the database is away")).URL)
		if err == nil {
			_, err = io.ReadAll(r.Body)
			r.Body.Close()
		}
		require.Error(t, err, "%d lines were there", n)
	}
}
