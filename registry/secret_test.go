package registry_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"gatehouse/registry"
)

func TestGeneratedSecretsCarry256BitsAndAreHashedPlainly(t *testing.T) {
	secret := registry.GenerateSecret()
	raw, err := base64.RawURLEncoding.DecodeString(secret)
	require.NoError(t, err)
	require.Len(t, raw, 32)
	require.NotEqual(t, secret, registry.GenerateSecret())
	hash := registry.HashSecret(secret)
	require.True(t, strings.HasPrefix(hash, "$sha256$"))
	require.NoError(t, registry.CheckSecretHash(hash))
	require.True(t, registry.VerifySecret(hash, secret))
	require.False(t, registry.VerifySecret(hash, secret+"x"))
	require.False(t, registry.VerifySecret(hash, secret[:42]))
}

func TestShortSecretsAreHashedSlowly(t *testing.T) {
	hash := registry.HashSecret("short")
	require.True(t, strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$"))
	require.NotEqual(t, hash, registry.HashSecret("short"), "salted")
	require.True(t, registry.VerifySecret(hash, "short"))
	require.False(t, registry.VerifySecret(hash, "other"))
}

func TestImportedHashesVerify(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte("vendor secret"), bcrypt.MinCost)
	require.NoError(t, err)
	require.True(t, registry.VerifySecret(string(hash), "vendor secret"))
	require.False(t, registry.VerifySecret(string(hash), "another"))

	const reference = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc" // of the reference implementation's tests
	require.True(t, registry.VerifySecret(reference, "password"))
	require.False(t, registry.VerifySecret(reference, "Password"))
}

// F22 of the hazards: bcrypt reads 72 bytes and ignores the rest.
func TestNothingMayFollowASecret(t *testing.T) {
	for _, length := range []int{8, 31, 32, 71, 72} {
		secret := strings.Repeat("s", length)
		imported, err := bcrypt.GenerateFromPassword([]byte(secret), bcrypt.MinCost)
		require.NoError(t, err)
		for _, hash := range []string{registry.HashSecret(secret), string(imported)} {
			require.True(t, registry.VerifySecret(hash, secret), "%d %s", length, hash)
			for _, more := range []string{"s", "x", "\x00", "\x00" + secret, "sssssss"} {
				require.False(t, registry.VerifySecret(hash, secret+more), "%d %s %q", length, hash, more)
			}
		}
	}
}

func FuzzCheckSecretHash(f *testing.F) {
	for _, seed := range []string{"", "$sha256$", "$2a$10$", "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", "$argon2id$v=19$m=08,t=+1,p=1$$"} {
		f.Add(seed)
	}
	f.Add(registry.HashSecret("short"))
	f.Add(registry.HashSecret(registry.GenerateSecret()))
	f.Fuzz(func(t *testing.T, hash string) {
		if registry.CheckSecretHash(hash) != nil && registry.VerifySecret(hash, "a secret") {
			t.Fatalf("%q verifies but cannot be imported", hash)
		}
	})
}

func TestNothingMatchesAnEmptyHashOrSecret(t *testing.T) {
	require.False(t, registry.VerifySecret("", ""))
	require.False(t, registry.VerifySecret("", "x"))
	require.False(t, registry.VerifySecret(registry.HashSecret(""), ""))
	require.False(t, registry.VerifySecret("$sha256$", ""))
	require.False(t, registry.VerifySecret("plain text", "plain text"))
}

func TestCheckSecretHashBoundsTheCost(t *testing.T) {
	for hash, says := range map[string]string{
		"secret":          "no hash that can be read",
		"":                "no hash that can be read",
		"$sha256$!!":      "32 bytes",
		"$sha256$c2hvcnQ": "32 bytes",
		"$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA":      "no hash that can be read",
		"$argon2id$v=16$m=19456,t=2,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA":     "is not $argon2id$",
		"$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA":   "costs too much",
		"$argon2id$v=19$m=19456,t=9999,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA":  "costs too much",
		"$argon2id$v=19$m=19456,t=2,p=1,x=2$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA": "is not $argon2id$",
		"$argon2id$v=19$m=19456,t=0,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA":     "costs too much",
		"$2a$31$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy":          "bcrypt cost 31",
	} {
		require.ErrorContains(t, registry.CheckSecretHash(hash), says, hash)
		require.False(t, registry.VerifySecret(hash, "x"), hash)
	}
}
