package registry

import (
	"encoding/base64"
	"strings"

	"gatehouse/internal/secret"
)

// sealedPrefix marks a sealed secret among a dialect's settings.
const sealedPrefix = "sealed:"

// Outbound seals the secrets that we send to others on a mini app's behalf, which therefore cannot be kept as hashes. A
// sealed secret opens for its own client only. It is safe for concurrent use.
type Outbound struct {
	sealer   *secret.Sealer
	rotating bool // there is another root secret
}

// NewOutbound returns an Outbound whose key is derived from root.
func NewOutbound(root secret.Root) *Outbound {
	const label = "outbound secret"
	return &Outbound{sealer: root.Sealer(label), rotating: len(root.Keys(label)) > 1}
}

// Seal returns what to keep of a client's outbound secret; nothing for none.
func (o *Outbound) Seal(clientID, value string) string {
	if value == "" {
		return ""
	}
	return sealedPrefix + base64.RawURLEncoding.EncodeToString(o.sealer.Seal([]byte(value), clientID))
}

// Open is the inverse of Seal. current is false where the secret was sealed under the other root secret, so that it is
// time to seal it anew. secret.ErrSealed for anything that Seal did not make for this client.
func (o *Outbound) Open(clientID, sealed string) (value string, current bool, err error) {
	if sealed == "" {
		return "", true, nil
	}
	encoded, ok := strings.CutPrefix(sealed, sealedPrefix)
	raw, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if !ok || err != nil {
		return "", false, secret.ErrSealed
	}
	plain, err := o.sealer.Open(raw, clientID)
	if err != nil {
		return "", false, err
	}
	return string(plain), o.sealer.Current(raw), nil
}

// IsSealed reports whether a value looks like one of Seal's.
func IsSealed(value string) bool { return strings.HasPrefix(value, sealedPrefix) }
