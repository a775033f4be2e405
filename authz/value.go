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
	mac    []keyed // the current one first
	derive []keyed
}

func newValues(root secret.Root) *values {
	return &values{mac: keyedAll(root.Keys("token value")), derive: keyedAll(root.Keys("token derivation"))}
}

// keyed is HMAC-SHA-256 with one key. It is safe for concurrent use, and keeps what has been keyed, which costs as much as its use.
type keyed struct {
	id   string
	kept *sync.Pool // of *keyedHash
}

type keyedHash struct {
	hash.Hash
	sum []byte
}

func keyedAll(keys []secret.Key) []keyed {
	list := make([]keyed, len(keys))
	for i, k := range keys {
		list[i] = keyed{k.ID, &sync.Pool{New: func() any { return &keyedHash{Hash: hmac.New(sha256.New, k.Bytes)} }}}
	}
	return list
}

// sum returns the HMAC of body.
func (k keyed) sum(body []byte) [sha256.Size]byte {
	h := k.kept.Get().(*keyedHash)
	defer k.kept.Put(h)
	h.Reset()
	h.Write(body)
	h.sum = h.Hash.Sum(h.sum[:0])
	return [sha256.Size]byte(h.sum)
}

// random returns a new value for key.
func (v *values) random(key storage.TokenKey) string {
	var entropy [entropySize]byte
	rand.Read(entropy[:]) // never fails
	return v.value(key, entropy[:], v.mac[0])
}

// child returns the value for key that descends from parent. It is a keyed derivation, so that an answer that was lost
// on its way can be given again from the parent that the client still has. secretID names the root secret to derive
// with, as child reported it the first time; empty stands for the current one. False when that secret is not known.
func (v *values) child(parent string, key storage.TokenKey, secretID string) (value, usedID string, ok bool) {
	for i, k := range v.derive {
		if secretID != "" && secretID != k.id {
			continue
		}
		entropy := k.sum(appendKey([]byte(parent), key))
		return v.value(key, entropy[:entropySize], v.mac[i]), k.id, true
	}
	return "", "", false
}

func (v *values) value(key storage.TokenKey, entropy []byte, mac keyed) string {
	raw := append(appendKey(make([]byte, 0, valueSize), key), entropy...)
	sum := mac.sum(raw)
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
	for _, k := range v.mac {
		if sum := k.sum(raw[:bodySize]); !hmac.Equal(sum[:], raw[bodySize:]) {
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
