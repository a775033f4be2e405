// Package secret derives every key of the program from the root secret, and seals values under it.
//
// Two root secrets may be known at a time: the current one, which makes, and the other one, which is still (or already)
// accepted while an operator rotates GATEHOUSE_SECRET.
package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// MinLength is the least number of bytes that a root secret may have.
const MinLength = 32

// ErrSealed says that a sealed value is damaged, or was sealed under another secret, label or context.
var ErrSealed = errors.New("sealed value cannot be opened")

// idSize is the length of a root secret's public name, in bytes.
const idSize = 4

// Root is the root secret and, during a rotation, the other one.
type Root struct{ secrets [][]byte }

// New returns the root made of the current secret and, when it is not empty, the other one. Each needs at least
// MinLength bytes.
func New(current, other []byte) (Root, error) {
	r := Root{secrets: [][]byte{current}}
	if len(other) > 0 {
		r.secrets = append(r.secrets, other)
	}
	for _, s := range r.secrets {
		if len(s) < MinLength {
			return Root{}, fmt.Errorf("the root secret has %d bytes, it needs at least %d", len(s), MinLength)
		}
	}
	return r, nil
}

// Key is a key derived from one of the root secrets for one purpose.
type Key struct {
	ID    string // names the root secret it comes from; not secret itself
	Bytes []byte // 32 bytes
}

// Keys derives the keys for label by HKDF-SHA-256 (RFC 5869): the current one first.
func (r Root) Keys(label string) []Key {
	keys := make([]Key, len(r.secrets))
	for i, s := range r.secrets {
		keys[i] = Key{ID: hex.EncodeToString(derive(s, "gatehouse root id", idSize)), Bytes: derive(s, "gatehouse "+label, 32)}
	}
	return keys
}

func derive(secret []byte, info string, n int) []byte {
	key, err := hkdf.Key(sha256.New, secret, nil, info, n)
	if err != nil {
		panic(err) // only for lengths over 255 hashes
	}
	return key
}

// Sealer encrypts and authenticates values for one purpose (AES-256-GCM, random nonce). It is safe for concurrent use.
type Sealer struct {
	ids   []string // raw bytes of the root's name, the current one first
	aeads []cipher.AEAD
}

// Sealer returns the sealer for label.
func (r Root) Sealer(label string) *Sealer {
	s := &Sealer{}
	for _, k := range r.Keys("seal " + label) {
		block, err := aes.NewCipher(k.Bytes)
		if err != nil {
			panic(err) // only for wrong key sizes
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			panic(err)
		}
		id, _ := hex.DecodeString(k.ID)
		s.ids = append(s.ids, string(id))
		s.aeads = append(s.aeads, aead)
	}
	return s
}

// Seal returns plaintext encrypted and bound to context: it opens only with the same context.
func (s *Sealer) Seal(plaintext []byte, context string) []byte {
	return s.aeads[0].Seal([]byte(s.ids[0]), nil, plaintext, []byte(context))
}

// Open is the inverse of Seal, under either root secret. ErrSealed for anything that Seal did not make.
func (s *Sealer) Open(sealed []byte, context string) ([]byte, error) {
	if len(sealed) < idSize {
		return nil, ErrSealed
	}
	for i, id := range s.ids {
		if string(sealed[:idSize]) != id {
			continue
		}
		if plaintext, err := s.aeads[i].Open(nil, nil, sealed[idSize:], []byte(context)); err == nil {
			return plaintext, nil
		}
	}
	return nil, ErrSealed
}

// Current reports whether a sealed value was made under the current root secret.
func (s *Sealer) Current(sealed []byte) bool {
	return len(sealed) >= idSize && string(sealed[:idSize]) == s.ids[0]
}
