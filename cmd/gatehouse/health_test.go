package main

import (
	"database/sql"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/config"
)

func TestReadinessNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	s := newTestServer(t, "sqlite:"+path)
	a := s.newBrowser().get("/readyz")
	require.Equal(t, http.StatusOK, a.StatusCode)
	require.JSONEq(t, `{"status": "ready", "checks": {"database": "ok", "schema": "ok", "signing_key": "ok"}}`, a.body)

	db, err := sql.Open("sqlite3", path)
	require.NoError(t, err)
	defer db.Close()
	_, err = db.Exec("UPDATE schema_info SET version = 1000, min_compatible = 1000")
	require.NoError(t, err)
	a = s.newBrowser().get("/readyz")
	require.Equal(t, http.StatusServiceUnavailable, a.StatusCode)
	require.NotEmpty(t, a.Header.Get("Retry-After"))
	require.JSONEq(t, `{"status": "unavailable", "checks": {"database": "ok", "schema": "does not fit this program", "signing_key": "ok"}}`, a.body)

	require.NoError(t, s.store.Close())
	a = s.newBrowser().get("/readyz")
	require.Equal(t, http.StatusServiceUnavailable, a.StatusCode)
	require.JSONEq(t, `{"status": "unavailable", "checks": {"database": "unavailable", "schema": "unknown", "signing_key": "ok"}}`, a.body)
}

func TestHealthcheckSaysThatTheServerSpeaksTheOtherProtocol(t *testing.T) {
	t.Parallel()
	ready := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	plain, secure := httptest.NewServer(ready), httptest.NewTLSServer(ready)
	defer plain.Close()
	defer secure.Close()
	listen := func(s *httptest.Server) string { return s.Listener.Addr().(*net.TCPAddr).String() }

	require.NoError(t, healthcheck(t.Context(), &config.Config{Listen: listen(plain)}))
	require.NoError(t, healthcheck(t.Context(), &config.Config{Listen: listen(secure), TLSCertFile: "cert.pem"}))
	require.ErrorContains(t, healthcheck(t.Context(), &config.Config{Listen: listen(secure)}), "set GATEHOUSE_TLS_CERT_FILE")
	require.ErrorContains(t, healthcheck(t.Context(), &config.Config{Listen: listen(plain), TLSCertFile: "cert.pem"}), "leave GATEHOUSE_TLS_CERT_FILE out")
}
