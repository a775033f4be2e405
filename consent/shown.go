package consent

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"gatehouse/registry"
	"gatehouse/storage"
)

// What Decision.Purpose is made of: words that each name one thing the person was told, without keeping it. Anything else
// was written by an earlier version, and says nothing.
const (
	shownText      = "text:"      // the purpose, in the language that the person read it in
	shownPublisher = "publisher:" // for unionid: whose apps the identifier is for
)

// shown returns what Decision.Purpose is for a scope of a publisher's client whose purpose was shown in lang; with an empty
// lang nobody was shown one.
func shown(s storage.ClientScope, publisher, lang string) string {
	var words []string
	if text, _ := pick(s.Purpose, lang); lang != "" && text != "" {
		words = append(words, shownText+digest(text))
	}
	if s.Name == registry.ScopeUnionID {
		words = append(words, shownPublisher+digest(publisher))
	}
	return strings.Join(words, " ")
}

// stillSo reports whether what a person was told when they allowed a scope is what the client is registered for now. A
// required scope cannot be left out, so the person agreed to the purpose that they read: it has to be one of those that
// there are now, in whatever language.
func stillSo(d storage.Decision, s storage.ClientScope, publisher string) bool {
	text, read := told(d, shownText)
	return forPublisher(d, publisher) && (!read || !Required(s) || hasText(s.Purpose, text))
}

// forPublisher reports whether a decision is about the apps of a publisher, or about nobody's in particular: an identifier
// for one publisher is none for another.
func forPublisher(d storage.Decision, publisher string) bool {
	was, named := told(d, shownPublisher)
	return !named || was == digest(publisher)
}

// told returns the digest of one thing that the person was told, if it is known.
func told(d storage.Decision, what string) (digest string, ok bool) {
	for _, word := range strings.Fields(d.Purpose) {
		if digest, ok = strings.CutPrefix(word, what); ok {
			return digest, true
		}
	}
	return "", false
}

// hasText reports whether a purpose has a text with this digest in any language.
func hasText(purpose map[string]string, want string) bool {
	for _, text := range purpose {
		if digest(text) == want {
			return true
		}
	}
	return false
}

// digest is 128 bits of SHA-256.
func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}
