package authz

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"
)

// PKCE (RFC 7636) is ours from end to end: the challenge is in the code's own row, and it is checked in one place that
// changes nothing, so a wrong verifier stays wrong however often it is tried.

const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

// challengeSize is the length of an S256 challenge: base64url of a SHA-256 (RFC 7636 §4.2).
const challengeSize = 43

func validChallenge(challenge string) bool {
	return len(challenge) == challengeSize && strings.Trim(challenge, unreserved) == "" && !strings.ContainsAny(challenge, ".~")
}

// checkVerifier checks code_verifier against the challenge of the code (RFC 7636 §4.6). A verifier for a code that has
// no challenge is refused too (RFC 9700 §4.8.2).
func checkVerifier(x *exchange, code *session) error {
	verifier := x.verifier
	if code.Challenge == "" {
		if verifier != "" {
			return refuse(CodeInvalidGrant, "A code_verifier was sent, but the authorization request had no code_challenge.")
		}
		return nil
	}
	if len(verifier) < 43 || len(verifier) > 128 || strings.Trim(verifier, unreserved) != "" { // RFC 7636 §4.1
		return refuse(CodeInvalidGrant, "The code_verifier is missing or malformed. It has 43 to 128 unreserved characters.")
	}
	sum := sha256.Sum256([]byte(verifier))
	if subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(code.Challenge)) != 1 {
		return refuse(CodeInvalidGrant, "The code_verifier does not match the code_challenge.")
	}
	return nil
}
