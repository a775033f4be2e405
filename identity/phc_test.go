package identity

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	phc       = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$c3VtMXN1bTJzdW0zc3VtNHN1bTVzdW02c3VtN3N1bTg"
	bcryptSum = "$2b$04$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"
)

func TestHashesThatCannotBeUsedAreRefused(t *testing.T) {
	require.NoError(t, CheckHash(phc))
	require.NoError(t, CheckHash(bcryptSum))
	for name, hash := range map[string]string{
		"nothing":              "",
		"plain text":           "correct horse battery staple",
		"argon2i":              strings.Replace(phc, "argon2id", "argon2i", 1),
		"an old version":       strings.Replace(phc, "v=19", "v=16", 1),
		"too much memory":      strings.Replace(phc, "m=19456", "m=4194304", 1),
		"no memory":            strings.Replace(phc, "m=19456", "m=0", 1),
		"less than 8 a lane":   strings.Replace(phc, "m=19456", "m=7", 1),
		"too many passes":      strings.Replace(phc, "t=2", "t=1000", 1),
		"too many threads":     strings.Replace(phc, "p=1", "p=255", 1),
		"a leading zero":       strings.Replace(phc, "t=2", "t=02", 1),
		"a sign":               strings.Replace(phc, "t=2", "t=+2", 1),
		"an unknown setting":   strings.Replace(phc, "p=1", "p=1,keyid=x", 1),
		"settings in disorder": strings.Replace(phc, "m=19456,t=2", "t=2,m=19456", 1),
		"a short salt":         strings.Replace(phc, "$c2FsdHNhbHRzYWx0c2FsdA$", "$c2FsdA$", 1),
		"a short hash":         phc[:len(phc)-30],
		"padding":              phc + "=",
		"one more part":        phc + "$",
		"a line end":           strings.Replace(phc, "c2FsdHNhbHRz", "c2Fs\ndHNhbHRz", 1),
		"bcrypt 2x":            strings.Replace(bcryptSum, "$2b", "$2x", 1),
		"bcrypt of high cost":  strings.Replace(bcryptSum, "$04", "$31", 1),
		"bcrypt cut off":       bcryptSum[:59],
		"bcrypt and more":      bcryptSum + "x",
	} {
		require.ErrorIs(t, CheckHash(hash), ErrHash, name)
	}
}

func FuzzParsePHC(f *testing.F) {
	f.Add(phc)
	f.Add("$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$c3VtMXN1bTJzdW0zc3VtNA")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := parseArgon2id(s)
		if err != nil {
			return
		}
		if a.String() != s {
			t.Fatalf("%q is read as %q", s, a.String())
		}
		if a.memory > maxMemory || a.passes > maxPasses || a.threads > maxThreads {
			t.Fatalf("%q asks for too much", s)
		}
	})
}
