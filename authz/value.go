package authz

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"sync"

	"gatehouse/internal/secret"
	"gatehouse/storage"
)

// A token value is a prefix that tells secret scanners and people what it is, and base64url of
//
//	kind 1 · family 16 · generation 4 · entropy 16 · HMAC-SHA-256 of all that 32
//
// 69 bytes, so that no spare bits are left in base64: every value has one spelling. The row's key is inside, so finding
// the row needs no index on a hash; the MAC is checked before any database is asked.
const (
	keySize     = 1 + 16 + 4
	entropySize = 16
	bodySize    = keySize + entropySize
	valueSize   = bodySize + sha256.Size
)

var prefixes = map[storage.TokenKind]string{
	storage.KindCode:    "gac_",
	storage.KindAccess:  "gat_",
	storage.KindRefresh: "grt_",
	storage.KindTicket:  "gst_",
}

// prefixSize is the length of every prefix.
const prefixSize = 4

// values makes and checks token values. It is safe for concurrent use.
type values struct {
	macs   []*macs // the current one first
	derive []secret.Key
}

func newValues(root secret.Root) *values {
	v := &values{derive: root.Keys("token derivation")}
	for _, key := range root.Keys("token value") {
		v.macs = append(v.macs, newMACs(key))
	}
	return v
}

// macs computes HMACs under one key. It keeps what has been made for that, which costs as much as computing one.
type macs struct{ made sync.Pool }

type mac struct {
	hash.Hash
	sum []byte
}

func newMACs(key secret.Key) *macs {
	return &macs{sync.Pool{New: func() any { return &mac{Hash: hmac.New(sha256.New, key.Bytes)} }}}
}

// of returns the HMAC of body.
func (m *macs) of(body []byte) [sha256.Size]byte {
	h := m.made.Get().(*mac)
	defer m.made.Put(h)
	h.Reset()
	h.Write(body)
	h.sum = h.Sum(h.sum[:0])
	return [sha256.Size]byte(h.sum)
}

// random returns a new value for key.
func (v *values) random(key storage.TokenKey) string {
	var entropy [entropySize]byte
	rand.Read(entropy[:]) // never fails
	return v.value(key, entropy[:], v.macs[0])
}

// child returns the value for key that descends from parent. It is a keyed derivation, so that an answer that was lost
// on its way can be given again from the parent that the client still has. secretID names the root secret to derive
// with, as child reported it the first time; empty stands for the current one. False when that secret is not known.
func (v *values) child(parent string, key storage.TokenKey, secretID string) (value, usedID string, ok bool) {
	for i, k := range v.derive {
		if secretID != "" && secretID != k.ID {
			continue
		}
		h := hmac.New(sha256.New, k.Bytes)
		h.Write([]byte(parent))
		h.Write(appendKey(nil, key))
		return v.value(key, h.Sum(nil)[:entropySize], v.macs[i]), k.ID, true
	}
	return "", "", false
}

func (v *values) value(key storage.TokenKey, entropy []byte, by *macs) string {
	raw := append(appendKey(make([]byte, 0, valueSize), key), entropy...)
	sum := by.of(raw)
	raw = append(raw, sum[:]...)
	return prefixes[key.Kind] + base64.RawURLEncoding.EncodeToString(raw)
}

// parse returns the key inside a value. False for anything that is not exactly a value that this server made.
func (v *values) parse(value string) (storage.TokenKey, bool) {
	var key storage.TokenKey
	if len(value) != prefixSize+base64.RawURLEncoding.EncodedLen(valueSize) {
		return key, false
	}
	var raw [valueSize]byte
	if n, err := base64.RawURLEncoding.Strict().Decode(raw[:], []byte(value[prefixSize:])); err != nil || n != valueSize {
		return key, false
	}
	for _, by := range v.macs {
		if sum := by.of(raw[:bodySize]); !hmac.Equal(sum[:], raw[bodySize:]) {
			continue
		}
		key.Kind = storage.TokenKind(raw[0])
		key.Family = storage.FamilyID(raw[1:17])
		key.Generation = binary.BigEndian.Uint32(raw[17:keySize])
		return key, value[:prefixSize] == prefixes[key.Kind]
	}
	return key, false
}

func appendKey(b []byte, key storage.TokenKey) []byte {
	b = append(b, byte(key.Kind))
	b = append(b, key.Family[:]...)
	return binary.BigEndian.AppendUint32(b, key.Generation)
}

// hashValue is what is stored of a value.
func hashValue(value string) []byte {
	h := sha256.Sum256([]byte(value))
	return h[:]
}
