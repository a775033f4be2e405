package authz

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/secret"
	"gatehouse/storage"
)

const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

func newTestValues(t testing.TB, current, other byte) *values {
	var previous []byte
	if other != 0 {
		previous = bytes.Repeat([]byte{other}, 32)
	}
	root, err := secret.New(bytes.Repeat([]byte{current}, 32), previous)
	require.NoError(t, err)
	return newValues(root)
}

func TestTokenValueOpensToItsKey(t *testing.T) {
	v := newTestValues(t, 'a', 0)
	for _, kind := range []storage.TokenKind{storage.KindCode, storage.KindAccess, storage.KindRefresh} {
		key := storage.TokenKey{Family: newFamily(), Kind: kind, Generation: 7}
		value := v.random(key)
		require.LessOrEqual(t, len(value), 128)
		got, ok := v.parse(value)
		require.True(t, ok)
		require.Equal(t, key, got)
	}
}

// F7: other spellings of one token are other tokens, and no tokens at all.
func TestTokenValueRefusesEveryChangeTruncationAndSuffix(t *testing.T) {
	v := newTestValues(t, 'a', 0)
	value := v.random(storage.TokenKey{Family: newFamily(), Kind: storage.KindAccess, Generation: 1})
	for i := range value {
		for _, c := range base64url + "=.\n\r \x00" {
			changed := value[:i] + string(c) + value[i+1:]
			if changed == value {
				continue
			}
			_, ok := v.parse(changed)
			require.False(t, ok, "position %d changed to %q", i, c)
		}
		_, ok := v.parse(value[:i])
		require.False(t, ok, "cut at %d", i)
	}
	for _, suffix := range []string{"A", "=", "\n", "\r\n", " ", "."} {
		_, ok := v.parse(value + suffix)
		require.False(t, ok, "suffix %q", suffix)
		_, ok = v.parse(suffix + value)
		require.False(t, ok, "prefix %q", suffix)
	}
}

func TestTokenKindsAreNotInterchangeable(t *testing.T) {
	v := newTestValues(t, 'a', 0)
	g := strategy{v}
	access := v.random(storage.TokenKey{Family: newFamily(), Kind: storage.KindAccess, Generation: 1})
	require.NotEmpty(t, g.AccessTokenSignature(t.Context(), access))
	require.Empty(t, g.RefreshTokenSignature(t.Context(), access))
	require.Empty(t, g.AuthorizeCodeSignature(t.Context(), access))
	relabelled := prefixes[storage.KindRefresh] + access[prefixSize:]
	require.Empty(t, g.RefreshTokenSignature(t.Context(), relabelled))
	require.Empty(t, g.AccessTokenSignature(t.Context(), relabelled))
}

func TestChildIsTheSameFromTheSameParentAcrossARotationOfTheRootSecret(t *testing.T) {
	before, after := newTestValues(t, 'a', 'b'), newTestValues(t, 'b', 'a')
	parent := before.random(storage.TokenKey{Family: newFamily(), Kind: storage.KindRefresh, Generation: 1})
	key, _ := before.parse(parent)
	key.Generation++
	child, secretID, ok := before.child(parent, key, "")
	require.True(t, ok)
	again, _, ok := after.child(parent, key, secretID)
	require.True(t, ok)
	require.Equal(t, child, again)

	other, _, _ := before.child(parent+"x", key, "")
	require.NotEqual(t, child, other)
	_, _, ok = newTestValues(t, 'c', 0).child(parent, key, secretID)
	require.False(t, ok)
}

func TestValuesOfTheOtherRootSecretAreGood(t *testing.T) {
	value := newTestValues(t, 'a', 0).random(storage.TokenKey{Family: newFamily(), Kind: storage.KindAccess})
	_, ok := newTestValues(t, 'b', 'a').parse(value)
	require.True(t, ok)
	_, ok = newTestValues(t, 'b', 0).parse(value)
	require.False(t, ok)
}

func TestSignatureHoldsKeyAndHash(t *testing.T) {
	key := storage.TokenKey{Family: newFamily(), Kind: storage.KindRefresh, Generation: 1 << 30}
	got, hash := splitSignature(signature(key, "value"))
	require.Equal(t, key, got)
	require.Equal(t, hashValue("value"), hash)
}

func FuzzTokenValue(f *testing.F) {
	v := newTestValues(f, 'a', 0)
	// Not drawn: every process that fuzzes has to know it.
	good := v.value(storage.TokenKey{Kind: storage.KindAccess, Generation: 1}, make([]byte, entropySize), v.macs[0])
	f.Add(good)
	f.Add("gat_" + base64.RawURLEncoding.EncodeToString(make([]byte, valueSize)))
	f.Add("")
	f.Fuzz(func(t *testing.T, value string) {
		if _, ok := v.parse(value); ok && value != good {
			t.Fatalf("accepted %q", value)
		}
	})
}

func FuzzParams(f *testing.F) {
	f.Add("a=b&c=d&a=e")
	f.Add("%00=%ff&=&;")
	f.Fuzz(func(t *testing.T, encoded string) {
		params, _, err := parseParams(encoded)
		for name, value := range params {
			require.NoError(t, err)
			require.NotEmpty(t, value, name)
		}
	})
}

func FuzzScope(f *testing.F) {
	c := &storage.Client{Scopes: []storage.ClientScope{{Name: "openid", Required: true}, {Name: "email"}, {Name: "points_read"}}}
	f.Add("openid email openid")
	f.Add("points_read\topenid  ")
	f.Add("")
	f.Fuzz(func(t *testing.T, scope string) {
		req := &authorizeRequest{params: Params{"scope": scope}, client: c}
		if scope == "" {
			delete(req.params, "scope")
		}
		names := req.scopeNames()
		scopes, ok := registered(c, names)
		if !ok {
			return
		}
		seen := map[string]bool{}
		for i, s := range scopes {
			require.Equal(t, names[i], s.Name)
			require.False(t, seen[s.Name], "each once")
			require.Contains(t, c.Scopes, s)
			seen[s.Name] = true
		}
		require.Equal(t, names, (&authorizeRequest{params: Params{"scope": strings.Join(names, " ")}, client: c}).scopeNames())
	})
}
