package main

import (
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const testSecret = "a-client-secret-of-at-least-32-characters"

// The programs that Gatehouse is compared with do what they say they do.
func TestTheSmallestProgramsAreHonest(t *testing.T) {
	r, err := openRows(filepath.Join(t.TempDir(), "test.db"))
	require.NoError(t, err)
	s := &server{rows: r, secret: sha256.Sum256([]byte(testSecret)), key: []byte("a key")}

	status, body := post(t, s.token, "wrong", nil)
	require.Equal(t, http.StatusUnauthorized, status, body)

	var tokens [32]string
	var group sync.WaitGroup
	for i := range tokens {
		group.Go(func() {
			_, body := post(t, s.token, testSecret, url.Values{"scope": {"catalogue"}})
			var answer issued
			if json.Unmarshal([]byte(body), &answer) == nil {
				tokens[i] = answer.AccessToken
			}
		})
	}
	group.Wait()
	for _, token := range tokens {
		status, body = post(t, s.introspect, testSecret, url.Values{"token": {token}})
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, body, `"active":true`)
	}
	forged := (&server{key: []byte("another key")}).seal(tokenID{})
	_, body = post(t, s.introspect, testSecret, url.Values{"token": {forged}})
	require.JSONEq(t, `{"active":false}`, body)
	status, _ = post(t, s.introspect, "wrong", url.Values{"token": {tokens[0]}})
	require.Equal(t, http.StatusUnauthorized, status)
}

func post(t *testing.T, handler http.HandlerFunc, secret string, form url.Values) (int, string) {
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(clientID, secret)
	w := httptest.NewRecorder()
	handler(w, r)
	body, err := io.ReadAll(w.Body)
	if err != nil {
		return 0, err.Error()
	}
	return w.Code, string(body)
}
