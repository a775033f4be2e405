package main

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"gatehouse/storage"
)

// A client whose secret another system hashed slowly: whoever knows its client_id can make the server compare, but
// neither keep it busy nor keep the client out.
func TestWrongSecretsDoNotKeepOutAClientWithAnImportedHash(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		const secret = "50%+vendor"
		hash, err := bcrypt.GenerateFromPassword([]byte(secret), bcrypt.MinCost)
		require.NoError(t, err)
		s.register(storage.Client{ID: "vendor", Secrets: []storage.ClientSecret{{ID: "1", Hash: string(hash)}}})
		send := func(secret string) answer {
			return s.post("/oauth2/token", "", url.Values{"grant_type": {"client_credentials"}, "client_id": {"vendor"}, "client_secret": {secret}})
		}
		require.Equal(t, http.StatusOK, send(secret).StatusCode)
		for range 10 {
			require.Equal(t, http.StatusUnauthorized, send("wrong").StatusCode)
		}
		refused := send("wrong")
		require.Equal(t, http.StatusServiceUnavailable, refused.StatusCode)
		require.Equal(t, "temporarily_unavailable", refused.json(t)["error"])
		require.NotEmpty(t, refused.Header.Get("Retry-After"))
		require.Equal(t, http.StatusOK, send(secret).StatusCode)
		require.NotContains(t, s.log.String(), secret)
		require.Equal(t, http.StatusUnauthorized, s.post("/oauth2/token", "", url.Values{"grant_type": {"client_credentials"},
			"client_id": {"photoprint"}, "client_secret": {"wrong"}}).StatusCode, "other clients are not concerned")
	})
}
