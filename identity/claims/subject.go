package claims

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"

	"gatehouse/storage"
)

// subjectPairwise is the subject_type of clients that must not learn user IDs (OIDC Core §8).
const subjectPairwise = "pairwise"

// Subject returns the sub by which client knows a person: the user ID, or for a pairwise client an identifier that no
// other client sees and that is the same every time (OIDC Core §8.1).
func (c *Claims) Subject(userID string, client *storage.Client) string {
	if client.SubjectType != subjectPairwise {
		return userID
	}
	return c.identifier("sub", userID, client.ID)
}

// UnionID returns the identifier of a person that all clients of one publisher share. It is empty when the client has
// no publisher.
func (c *Claims) UnionID(userID, publisherID string) string {
	if publisherID == "" {
		return ""
	}
	return c.identifier("unionid", userID, publisherID)
}

// identifier is a keyed hash in the shape of a GUID: a UUID of version 8, which is free for such uses (RFC 9562 §5.8).
// IDs hold no NUL, so no two inputs hash alike.
func (c *Claims) identifier(kind, userID, audience string) string {
	mac := hmac.New(sha256.New, c.salt)
	mac.Write([]byte(kind + "\x00" + userID + "\x00" + audience))
	id := mac.Sum(nil)[:16]
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	h := hex.EncodeToString(id)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
