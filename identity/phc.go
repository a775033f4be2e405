package identity

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// ErrHash says that a password hash is neither an argon2id PHC string nor a bcrypt hash, or asks for more work than a
// sign-in may cost.
var ErrHash = errors.New("not a usable argon2id or bcrypt password hash")

// What an imported hash may ask for at most.
const (
	maxMemory     = 256 * 1024 // KiB
	maxPasses     = 32
	maxThreads    = 32
	maxBcryptCost = 15
)

// argon2id is a parsed PHC string: $argon2id$v=19$m=19456,t=2,p=1$salt$hash, salt and hash in Base64 without padding
// (PHC string format, RFC 9106 §3.1).
type argon2id struct {
	memory  uint32 // KiB
	passes  uint32
	threads uint8
	salt    []byte
	hash    []byte
}

func (a argon2id) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, a.memory, a.passes, a.threads,
		b64.EncodeToString(a.salt), b64.EncodeToString(a.hash))
}

// sum computes the hash of password under a's salt and parameters.
func (a argon2id) sum(password string) []byte {
	return argon2.IDKey([]byte(password), a.salt, a.passes, a.memory, a.threads, uint32(len(a.hash)))
}

// parseArgon2id parses a PHC string. ErrHash for anything that String would not have written, or out of bounds.
func parseArgon2id(s string) (argon2id, error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v=19" {
		return argon2id{}, ErrHash
	}
	params := strings.Split(parts[3], ",")
	if len(params) != 3 {
		return argon2id{}, ErrHash
	}
	memory, errM := parameter(params[0], "m=", maxMemory)
	passes, errT := parameter(params[1], "t=", maxPasses)
	threads, errP := parameter(params[2], "p=", maxThreads)
	salt, errS := decode(parts[4], 8, 64)
	hash, errH := decode(parts[5], 16, 64)
	if errors.Join(errM, errT, errP, errS, errH) != nil || memory < 8*threads {
		return argon2id{}, ErrHash
	}
	return argon2id{memory, passes, uint8(threads), salt, hash}, nil
}

func parameter(s, name string, limit uint32) (uint32, error) {
	digits, ok := strings.CutPrefix(s, name)
	n, err := strconv.ParseUint(digits, 10, 32)
	if !ok || err != nil || n < 1 || uint32(n) > limit || strconv.FormatUint(n, 10) != digits {
		return 0, ErrHash
	}
	return uint32(n), nil
}

func decode(s string, least, most int) ([]byte, error) {
	b, err := base64.RawStdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) < least || len(b) > most || strings.ContainsAny(s, "\r\n") {
		return nil, ErrHash
	}
	return b, nil
}

// isBcrypt reports whether hash is a bcrypt hash of one of the sound versions. $2x$ is the one that mistook characters
// beyond ASCII.
func isBcrypt(hash string) bool {
	return strings.HasPrefix(hash, "$2a$") || strings.HasPrefix(hash, "$2b$") || strings.HasPrefix(hash, "$2y$")
}

// CheckHash returns ErrHash unless hash can be imported: an argon2id PHC string or a bcrypt hash ($2a$, $2b$, $2y$)
// whose cost is one that a sign-in can bear.
func CheckHash(hash string) error {
	if !isBcrypt(hash) {
		_, err := parseArgon2id(hash)
		return err
	}
	// Cost parses the salt and the hash only as far as their length.
	if cost, err := bcrypt.Cost([]byte(hash)); err != nil || cost > maxBcryptCost || len(hash) != 60 {
		return ErrHash
	}
	return nil
}
