package httpx_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/httpx"
)

var trusted = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// serve sends r through Wrap to h and returns the answer and the log's lines.
func serve(h http.Handler, r *http.Request) (*httptest.ResponseRecorder, []map[string]any) {
	var log bytes.Buffer
	o := httpx.Options{Log: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})), TrustedProxies: trusted}
	w := httptest.NewRecorder()
	httpx.Wrap(h, o).ServeHTTP(w, r)
	var lines []map[string]any
	for decoder := json.NewDecoder(&log); ; {
		var line map[string]any
		if decoder.Decode(&line) != nil {
			return w, lines
		}
		lines = append(lines, line)
	}
}

func request(method, target, peer string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	r.RemoteAddr = peer
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func TestClientAddressBelievesTrustedProxiesOnly(t *testing.T) {
	for _, test := range []struct{ name, peer, forwarded, want string }{
		{"a stranger's claim is ignored", "192.0.2.1:1", "198.51.100.1", "192.0.2.1"},
		{"a proxy is believed", "10.0.0.1:1", "198.51.100.1", "198.51.100.1"},
		{"the rightmost stranger counts", "10.0.0.1:1", "203.0.113.9, 198.51.100.1, 10.2.3.4", "198.51.100.1"},
		{"all proxies: the farthest", "10.0.0.1:1", "10.2.2.2", "10.2.2.2"},
		{"nonsense ends the walk", "10.0.0.1:1", "198.51.100.1, unknown", "10.0.0.1"},
		{"no header", "10.0.0.1:1", "", "10.0.0.1"},
		{"IPv6", "[::1]:1", "2001:db8::1", "2001:db8::1"},
		{"IPv6 with a port", "[::1]:1", "[2001:db8::1]:443", "2001:db8::1"},
		{"IPv4 inside IPv6", "[::ffff:10.0.0.1]:1", "198.51.100.1:80", "198.51.100.1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got string
			r := request("GET", "/", test.peer)
			if test.forwarded != "" {
				r.Header.Set("X-Forwarded-For", test.forwarded)
			}
			serve(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = httpx.ClientAddress(r) }), r)
			require.Equal(t, test.want, got)
		})
	}
}

func TestClientAddressJoinsSeveralForwardedLines(t *testing.T) {
	var got string
	r := request("GET", "/", "10.0.0.1:1", "X-Forwarded-For", "203.0.113.9", "X-Forwarded-For", "198.51.100.1")
	serve(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = httpx.ClientAddress(r) }), r)
	require.Equal(t, "198.51.100.1", got)
}

func TestRequestIDComesFromTrustedProxiesOnly(t *testing.T) {
	id := func(peer, given string) string {
		var inside string
		w, _ := serve(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { inside = httpx.RequestID(r.Context()) }), request("GET", "/", peer, "X-Request-Id", given))
		require.Equal(t, inside, w.Header().Get("X-Request-Id"))
		require.NotEmpty(t, inside)
		return inside
	}
	require.Equal(t, "abc-1", id("10.0.0.1:1", "abc-1"))
	require.NotEqual(t, "abc-1", id("192.0.2.1:1", "abc-1"))
	require.NotEqual(t, "a b\n", id("10.0.0.1:1", "a b\n"))
	require.NotEqual(t, id("192.0.2.1:1", ""), id("192.0.2.1:1", ""))
}

func TestLogNamesTheRouteAndNothingSecret(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/oauth/{token}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "four") })
	for _, target := range []string{"/v1/oauth/s3cr3t-token-in-the-path?code=s3cr3t", "/unknown/s3cr3t-token-in-the-path?code=s3cr3t"} {
		w, lines := serve(mux, request("GET", target, "192.0.2.1:1", "Authorization", "Bearer s3cr3t", "Cookie", "s=s3cr3t"))
		require.Len(t, lines, 1)
		raw, err := json.Marshal(lines[0])
		require.NoError(t, err)
		require.NotContains(t, string(raw), "s3cr3t")
		require.EqualValues(t, w.Code, lines[0]["status"])
		require.EqualValues(t, w.Body.Len(), lines[0]["bytes"])
		require.Equal(t, "192.0.2.1", lines[0]["client"])
		require.Less(t, lines[0]["duration_ms"], 60_000.0)
		require.NotContains(t, lines[0], "duration")
		require.Equal(t, w.Header().Get("X-Request-Id"), lines[0]["request_id"])
	}
	_, lines := serve(mux, request("GET", "/v1/oauth/s3cr3t-token-in-the-path", "192.0.2.1:1"))
	require.Equal(t, "/v1/oauth/{token}", lines[0]["path"])
	_, lines = serve(mux, request("GET", "/unknown/short", "192.0.2.1:1"))
	require.Equal(t, "/unknown/short", lines[0]["path"])
}

func TestPanicBecomesAGenericAnswerAndOneLine(t *testing.T) {
	boom := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") })
	w, lines := serve(boom, request("POST", "/x", "192.0.2.1:1"))
	require.Equal(t, 500, w.Code)
	require.JSONEq(t, `{"error":"server_error","error_description":"Something went wrong on our side. Try again in a moment."}`, w.Body.String())
	require.Len(t, lines, 2, "the panic and the request")
	require.Equal(t, "boom", lines[0]["cause"])

	w, _ = serve(boom, request("GET", "/x", "192.0.2.1:1", "Accept", "text/html,*/*"))
	require.Equal(t, 500, w.Code)
	require.Contains(t, w.Header().Get("Content-Type"), "text/plain")
	require.NotContains(t, w.Body.String(), "boom")
}

func TestPanicAfterTheAnswerBeganCutsItOff(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200); panic("boom") })
	require.PanicsWithValue(t, http.ErrAbortHandler, func() { serve(h, request("GET", "/", "192.0.2.1:1")) })
}

func TestAnOverlongURIIsRefused(t *testing.T) {
	w, _ := serve(http.NotFoundHandler(), request("GET", "/?"+strings.Repeat("a", httpx.MaxURI), "192.0.2.1:1"))
	require.Equal(t, http.StatusRequestURITooLong, w.Code)
	require.Contains(t, w.Body.String(), "invalid_request")
}

func TestLimitBodyCutsOffAndSaysSo(t *testing.T) {
	var err error
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		httpx.LimitBody(w, r, 8)
		_, err = io.ReadAll(r.Body)
	})
	r := httptest.NewRequest("POST", "/", strings.NewReader("123456789"))
	serve(h, r)
	require.True(t, httpx.TooLarge(err))
	r = httptest.NewRequest("POST", "/", strings.NewReader("12345678"))
	serve(h, r)
	require.NoError(t, err)
}

func TestProtectRefusesOtherSites(t *testing.T) {
	ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	status := func(h http.Handler, headers ...string) int {
		w, _ := serve(h, request("POST", "http://id.example/login", "192.0.2.1:1", headers...))
		return w.Code
	}
	require.Equal(t, 200, status(httpx.Protect(ok), "Sec-Fetch-Site", "same-origin"))
	require.Equal(t, 403, status(httpx.Protect(ok), "Sec-Fetch-Site", "cross-site"))
	require.Equal(t, 403, status(httpx.Protect(ok), "Sec-Fetch-Site", "same-site"))
	require.Equal(t, 403, status(httpx.Protect(ok), "Origin", "https://evil.example"))
	require.Equal(t, 403, status(httpx.Protect(ok), "Origin", "null"))
	require.Equal(t, 200, status(httpx.Protection{Origin: "https://public.example"}.Wrap(ok), "Origin", "https://public.example"))
}

func FuzzClientAddress(f *testing.F) {
	f.Add("198.51.100.1, 10.2.3.4")
	f.Add("[2001:db8::1%25eth0]:443,,unknown")
	f.Fuzz(func(t *testing.T, forwarded string) {
		for peer, stranger := range map[string]bool{"192.0.2.1:1": true, "10.0.0.1:1": false} {
			var got string
			r := request("GET", "/", peer, "X-Forwarded-For", forwarded)
			serve(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = httpx.ClientAddress(r) }), r)
			if _, err := netip.ParseAddr(got); err != nil || stranger && got != "192.0.2.1" {
				t.Fatalf("%q from %s became %q", forwarded, peer, got)
			}
		}
	})
}
