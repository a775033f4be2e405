package keys_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/authz/keys"
	"gatehouse/internal/testdb"
)

// id_token_hint is whatever somebody sends.
func FuzzVerify(f *testing.F) {
	s := keys.New(open(f, testdb.SQLite(f)), root(f, 'a', 0), time.Hour, time.Now)
	require.NoError(f, s.Load(f.Context()))
	signed := map[string]bool{}
	for _, alg := range []string{"ES256", "RS256"} {
		token, err := s.Sign(alg, map[string]string{"sub": "x"})
		require.NoError(f, err)
		signed[token[:strings.LastIndex(token, ".")]] = true
		f.Add(token)
		f.Add(token[:len(token)-1])
	}
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add(`{"payload":"e30","signatures":[]}`)
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := s.Verify(token); err == nil && !signed[token[:strings.LastIndex(token, ".")]] {
			t.Fatalf("accepted %q", token)
		}
	})
}
