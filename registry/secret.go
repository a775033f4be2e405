package registry

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"

	"gatehouse/storage"
)

// MinSecretLength is how many characters a client secret that somebody else chose must have to be taken for strong.
const MinSecretLength = 32

const sha256Prefix = "$sha256$"

// Bounds of imported hashes: above them a single request could occupy the machine.
const (
	maxBcryptCost   = 14
	maxArgon2Memory = 64 * 1024 // KiB
	maxArgon2Time   = 10
	maxArgon2Lanes  = 16
)

// Cost of the argon2id hash that HashSecret makes of a short secret.
const (
	argon2Memory = 19 * 1024 // KiB
	argon2Time   = 2
	argon2Lanes  = 1
	argon2Size   = 32
)

// GenerateSecret returns a new client secret: 256 random bits in base64url.
func GenerateSecret() string {
	b := make([]byte, 32)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// GenerateID returns a new client ID, for clients that nobody chose one for.
func GenerateID() string { return randomHex(16) }

// NewSecret returns a client secret that lives from now on, of which hash is what HashSecret returned or an imported
// hash (see CheckSecretHash).
func NewSecret(hash string, now time.Time) storage.ClientSecret {
	return storage.ClientSecret{ID: randomHex(8), Hash: hash, CreatedAt: now}
}

func randomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// HashSecret returns what to keep of a client secret. One of at least MinSecretLength characters is taken to be random,
// so that a plain SHA-256 is right and anything slower is waste; a shorter one is hashed with argon2id.
func HashSecret(secret string) string {
	if utf8.RuneCountInString(secret) >= MinSecretLength {
		sum := sha256.Sum256([]byte(secret))
		return sha256Prefix + base64.RawStdEncoding.EncodeToString(sum[:])
	}
	salt := make([]byte, 16)
	rand.Read(salt)
	h := argon2Hash{memory: argon2Memory, time: argon2Time, lanes: argon2Lanes, salt: salt}
	h.sum = argon2.IDKey([]byte(secret), salt, h.time, h.memory, h.lanes, argon2Size)
	return h.String()
}

// VerifySecret reports whether hash was made from secret: by HashSecret, or as a bcrypt or argon2id hash (PHC string)
// that was imported. The comparison takes the same time wherever the two differ. An empty hash or secret never matches.
// It takes as long as the hash wants; servers use Registry.Authenticate.
func VerifySecret(hash, secret string) bool {
	if hash == "" || secret == "" {
		return false
	}
	if encoded, ok := strings.CutPrefix(hash, sha256Prefix); ok {
		want, err := base64.RawStdEncoding.DecodeString(encoded)
		sum := sha256.Sum256([]byte(secret))
		return subtle.ConstantTimeCompare(want, sum[:]) == 1 && err == nil
	}
	if CheckSecretHash(hash) != nil {
		return false
	}
	if h, err := parseArgon2(hash); err == nil {
		sum := argon2.IDKey([]byte(secret), h.salt, h.time, h.memory, h.lanes, uint32(len(h.sum)))
		return subtle.ConstantTimeCompare(h.sum, sum) == 1
	}
	return fitsBcrypt(secret) && bcrypt.CompareHashAndPassword([]byte(hash), []byte(secret)) == nil
}

// fitsBcrypt reports whether bcrypt can tell this secret from every other one. It looks at 72 bytes of the secret, a NUL
// after it, and the same over again, so that more than 72 bytes, or a NUL within, would stand for several secrets.
func fitsBcrypt(secret string) bool {
	return len(secret) <= 72 && !strings.ContainsRune(secret, 0)
}

// CheckSecretHash says whether a hash can be imported: one of HashSecret's, bcrypt, or argon2id as a PHC string, of
// bounded cost. The error says what to do.
func CheckSecretHash(hash string) error {
	if encoded, ok := strings.CutPrefix(hash, sha256Prefix); ok {
		if sum, err := base64.RawStdEncoding.DecodeString(encoded); err != nil || len(sum) != sha256.Size {
			return errors.New("is not $sha256$ followed by 32 bytes in unpadded base64")
		}
		return nil
	}
	if strings.HasPrefix(hash, "$argon2id$") {
		_, err := parseArgon2(hash)
		return err
	}
	cost, err := bcrypt.Cost([]byte(hash))
	switch {
	case err != nil:
		return errors.New("is no hash that can be read; use bcrypt, argon2id ($argon2id$v=19$…) or $sha256$")
	case cost > maxBcryptCost:
		return fmt.Errorf("has bcrypt cost %d; use at most %d", cost, maxBcryptCost)
	}
	return nil
}

// argon2Hash is an argon2id hash (RFC 9106) taken apart.
type argon2Hash struct {
	memory, time uint32
	lanes        uint8
	salt, sum    []byte
}

// String is the hash in the PHC string format.
func (h argon2Hash) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.memory, h.time, h.lanes,
		b64.EncodeToString(h.salt), b64.EncodeToString(h.sum))
}

func parseArgon2(hash string) (argon2Hash, error) {
	malformed := errors.New("is not $argon2id$v=19$m=…,t=…,p=…$salt$hash")
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return argon2Hash{}, malformed
	}
	var h argon2Hash
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.time, &h.lanes); err != nil || n != 3 {
		return argon2Hash{}, malformed
	}
	var saltErr, sumErr error
	h.salt, saltErr = base64.RawStdEncoding.DecodeString(parts[4])
	h.sum, sumErr = base64.RawStdEncoding.DecodeString(parts[5])
	if saltErr != nil || sumErr != nil || len(h.salt) < 8 || len(h.sum) < 16 || len(h.sum) > 64 || h.String() != hash {
		return argon2Hash{}, malformed
	}
	if h.memory > maxArgon2Memory || h.time < 1 || h.time > maxArgon2Time || h.lanes < 1 || h.lanes > maxArgon2Lanes {
		return argon2Hash{}, fmt.Errorf("costs too much; use at most m=%d,t=%d,p=%d", maxArgon2Memory, maxArgon2Time, maxArgon2Lanes)
	}
	return h, nil
}
