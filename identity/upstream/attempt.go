package upstream

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"gatehouse/internal/interaction"
	"gatehouse/internal/secret"
)

// attemptLifetime is how long a person may be away at the other server.
const attemptLifetime = 10 * time.Minute

// attempt is one authorization request to a provider. Its state parameter is the attempt itself, sealed for the browser and
// the provider, so that the answer is only good where the question came from (RFC 9700 §4.7.1).
type attempt struct {
	Nonce    string    `json:"n"`
	Verifier string    `json:"v"` // PKCE (RFC 7636)
	Began    time.Time `json:"b"`
	// ProvedAfter is when the person must have given their credentials there at the earliest; zero: whenever.
	ProvedAfter time.Time               `json:"p,omitzero"`
	Interaction interaction.Interaction `json:"i"`
}

// sealer seals attempts. It is safe for concurrent use.
type sealer struct {
	sealer *secret.Sealer
	now    func() time.Time
}

// seal returns a as a URL-safe string, compressed because other servers limit the length of a request. Nothing of it that
// is secret is used a second time, so its length tells nothing.
func (s sealer) seal(browser, provider string, a attempt) (string, error) {
	var plain bytes.Buffer
	deflated, err := flate.NewWriter(&plain, flate.BestCompression)
	if err != nil {
		return "", fmt.Errorf("seal a sign-in: %w", err)
	}
	enc := json.NewEncoder(deflated)
	enc.SetEscapeHTML(false)
	if err := errors.Join(enc.Encode(a), deflated.Close()); err != nil {
		return "", fmt.Errorf("seal a sign-in: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(s.sealer.Seal(plain.Bytes(), binding(browser, provider))), nil
}

// open returns the attempt sealed for browser and provider. interaction.ErrInvalid, or interaction.ErrExpired together
// with the attempt.
func (s sealer) open(browser, provider, state string) (attempt, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(state)
	if err != nil || browser == "" {
		return attempt{}, interaction.ErrInvalid
	}
	deflated, err := s.sealer.Open(raw, binding(browser, provider))
	if err != nil {
		return attempt{}, interaction.ErrInvalid
	}
	plain, err := io.ReadAll(flate.NewReader(bytes.NewReader(deflated)))
	if err != nil {
		return attempt{}, interaction.ErrInvalid
	}
	var a attempt
	if err := json.Unmarshal(plain, &a); err != nil {
		return attempt{}, interaction.ErrInvalid
	}
	if now := s.now(); !now.Before(a.Interaction.Expires()) || !now.Before(a.Began.Add(attemptLifetime)) {
		return a, interaction.ErrExpired
	}
	return a, nil
}

func binding(browser, provider string) string { return provider + "\x00" + browser }
