package keys_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/authz/keys"
	"gatehouse/internal/secret"
	"gatehouse/internal/testdb"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

func open(t testing.TB, dsn string) storage.Store {
	store, err := gormstore.Open(t.Context(), dsn, gormstore.Options{Migrate: true})
	require.NoError(t, err)
	t.Cleanup(func() { store.Close() })
	return store
}

func root(t testing.TB, current, other byte) secret.Root {
	var previous []byte
	if other != 0 {
		previous = bytes.Repeat([]byte{other}, 32)
	}
	r, err := secret.New(bytes.Repeat([]byte{current}, 32), previous)
	require.NoError(t, err)
	return r
}

func kids(t *testing.T, s *keys.Set) (kids []string) {
	var set struct{ Keys []map[string]any }
	require.NoError(t, json.Unmarshal(s.JWKS(), &set))
	for _, k := range set.Keys {
		require.NotContains(t, k, "d", "a private half")
		require.Equal(t, "sig", k["use"])
		kids = append(kids, k["kid"].(string))
	}
	return kids
}

func TestRotationWhileServingBreaksNoToken(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	store := open(t, testdb.SQLite(t))
	s := keys.New(store, root(t, 'a', 0), time.Hour, func() time.Time { return now })
	require.NoError(t, s.Load(t.Context()))
	sign := func() string {
		token, err := s.Sign("ES256", map[string]string{"a": "b"})
		require.NoError(t, err)
		return token
	}
	before := sign()
	require.Len(t, kids(t, s), 2)

	require.NoError(t, s.Rotate(t.Context(), false))
	require.Len(t, kids(t, s), 4, "published before its first use")
	head := func(token string) string { return token[:40] }
	require.Equal(t, head(before), head(sign()), "does not sign before everybody can know it")
	now = now.Add(keys.Lead)
	after := sign()
	require.NotEqual(t, head(before), head(after))
	for _, token := range []string{before, after} {
		_, err := s.Verify(token)
		require.NoError(t, err)
	}

	now = now.Add(90 * time.Minute)
	require.NoError(t, s.Load(t.Context()))
	require.Len(t, kids(t, s), 4, "kept while a token that it signed may live")
	now = now.Add(time.Hour)
	require.NoError(t, s.Load(t.Context()))
	require.Len(t, kids(t, s), 2, "gone when none does")
	_, err := s.Verify(before)
	require.ErrorIs(t, err, keys.ErrUnknownKey)
}

func TestAStolenKeyIsReplacedAtOnce(t *testing.T) {
	store := open(t, testdb.SQLite(t))
	s := keys.New(store, root(t, 'a', 0), time.Hour, time.Now)
	require.NoError(t, s.Load(t.Context()))
	before, err := s.Sign("RS256", "x")
	require.NoError(t, err)
	require.NoError(t, s.Rotate(t.Context(), true))
	after, err := s.Sign("RS256", "x")
	require.NoError(t, err)
	require.NotEqual(t, before[:60], after[:60])
}

func TestSeveralProcessesOnOneDatabaseMakeTheSameKeys(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		store := open(t, dsn)
		sets := make([]*keys.Set, 4)
		var group sync.WaitGroup
		for i := range sets {
			sets[i] = keys.New(store, root(t, 'a', 0), time.Hour, time.Now)
			group.Go(func() { require.NoError(t, sets[i].Load(t.Context())) })
		}
		group.Wait()
		for _, s := range sets {
			require.NoError(t, s.Load(t.Context()))
			require.Equal(t, kids(t, sets[0]), kids(t, s))
			require.Len(t, kids(t, s), 2)
		}
	})
}

func TestProcessesThatRotateAtTheSameMomentRotateOnce(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		store := open(t, dsn)
		sets := make([]*keys.Set, 3)
		for i := range sets {
			sets[i] = keys.New(store, root(t, 'a', 0), time.Hour, time.Now)
			require.NoError(t, sets[i].Load(t.Context()))
		}
		for range 2 {
			before := kids(t, sets[0])
			for _, s := range sets { // none has heard of what the others did
				require.NoError(t, s.Rotate(t.Context(), false))
				require.Equal(t, kids(t, sets[0]), kids(t, s))
			}
			require.Len(t, kids(t, sets[0]), len(before)+2)
		}
	})
}

func TestAStolenKeyIsReplacedAtOnceAlsoWhereAnotherProcessRotates(t *testing.T) {
	store := open(t, testdb.SQLite(t))
	other, s := keys.New(store, root(t, 'a', 0), time.Hour, time.Now), keys.New(store, root(t, 'a', 0), time.Hour, time.Now)
	require.NoError(t, other.Load(t.Context()))
	require.NoError(t, s.Load(t.Context()))
	stolen, err := s.Sign("ES256", "x")
	require.NoError(t, err)
	for range 2 { // s has heard of neither
		require.NoError(t, other.Rotate(t.Context(), false))
	}
	require.NoError(t, s.Rotate(t.Context(), true))
	now, err := s.Sign("ES256", "x")
	require.NoError(t, err)
	require.NotEqual(t, stolen[:40], now[:40], "the stolen key goes on signing")
}

func TestKeysSurviveTheRotationOfTheRootSecret(t *testing.T) {
	store := open(t, testdb.SQLite(t))
	var token string
	for i, r := range []secret.Root{root(t, 'a', 0), root(t, 'a', 'b'), root(t, 'b', 'a'), root(t, 'b', 0)} {
		s := keys.New(store, r, time.Hour, time.Now)
		require.NoError(t, s.Load(t.Context()), "step %d", i)
		if token == "" {
			token, _ = s.Sign("ES256", "x")
		}
		_, err := s.Verify(token)
		require.NoError(t, err, "step %d", i)
	}
	err := keys.New(store, root(t, 'z', 0), time.Hour, time.Now).Load(t.Context())
	require.ErrorContains(t, err, "GATEHOUSE_SECRET", "the error names the fix")
}

func TestVerifyRefusesWhatNoKeyOfOursSigned(t *testing.T) {
	s := keys.New(open(t, testdb.SQLite(t)), root(t, 'a', 0), time.Hour, time.Now)
	require.NoError(t, s.Load(t.Context()))
	other := keys.New(open(t, testdb.SQLite(t)), root(t, 'a', 0), time.Hour, time.Now)
	require.NoError(t, other.Load(t.Context()))
	foreign, _ := other.Sign("ES256", "x")
	own, _ := s.Sign("ES256", "x")
	for name, token := range map[string]string{
		"another server's": foreign,
		"none":             "eyJhbGciOiJub25lIn0.e30.",
		"garbage":          "a.b.c",
		"changed":          own[:len(own)-4] + "AAAA",
	} {
		_, err := s.Verify(token)
		require.ErrorIs(t, err, keys.ErrUnknownKey, name)
	}
}

// Both are signed by the same keys, and neither can stand in for the other.
func TestASecurityEventTokenIsNoIDToken(t *testing.T) {
	s := keys.New(open(t, testdb.SQLite(t)), root(t, 'a', 0), time.Hour, time.Now)
	require.NoError(t, s.Load(t.Context()))
	for _, alg := range []string{"ES256", "RS256"} {
		claims := map[string]string{"sub": "ana"}
		idToken, err := s.Sign(alg, claims)
		require.NoError(t, err)
		event, err := s.SignSecurityEvent(alg, claims)
		require.NoError(t, err)
		_, err = s.Verify(idToken)
		require.NoError(t, err)
		_, err = s.Verify(event)
		require.ErrorIs(t, err, keys.ErrUnknownKey)

		var header, other map[string]string
		for token, into := range map[string]*map[string]string{idToken: &header, event: &other} {
			raw, err := base64.RawURLEncoding.DecodeString(token[:strings.Index(token, ".")])
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(raw, into))
		}
		require.Equal(t, []string{"JWT", "secevent+jwt"}, []string{header["typ"], other["typ"]})
		require.Equal(t, header["kid"], other["kid"])
		require.Equal(t, alg, other["alg"])
	}
}
