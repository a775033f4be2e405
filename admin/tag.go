package admin

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Tag names a state of a record that has no version of its own: two states have one tag when they are the same.
func Tag(record any) string {
	raw, err := json.Marshal(record)
	if err != nil {
		panic(err) // records can always be marshalled
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:12])
}
