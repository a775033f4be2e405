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
	shownText      = "text:"      // the purpose that the person read: the language that it is filed under, a colon, its digest
	shownPublisher = "publisher:" // for unionid: whose apps the identifier is for
)

// shown returns what Decision.Purpose is for a scope of a publisher's client whose purpose was shown to a reader of lang, also
// where there was none to show; with an empty lang nobody was shown one.
func shown(s storage.ClientScope, publisher, lang string) string {
	var words []string
	if lang != "" {
		text, in := pick(s.Purpose, lang)
		words = append(words, shownText+in+":"+digest(text))
	}
	if s.Name == registry.ScopeUnionID {
		words = append(words, shownPublisher+digest(publisher))
	}
	return strings.Join(words, " ")
}

// stillSo reports whether what a person was told when they allowed a scope is what the client is registered for now. A
// required scope cannot be left out, so the person agreed to the purpose that they read, or to none.
func stillSo(d storage.Decision, s storage.ClientScope, publisher string) bool {
	return forPublisher(d, publisher) && (!Required(s) || samePurpose(d, s.Purpose))
}

// samePurpose reports whether the text that a person read is still what is filed under its language; where they read that
// there is none, whether there still is none. It does not look in other languages: nobody may be reading those.
func samePurpose(d storage.Decision, purpose map[string]string) bool {
	word, _ := told(d, shownText)
	in, was, read := strings.Cut(word, ":")
	if !read {
		return true // it is not known what they read
	}
	text := purpose[in]
	if in == "" {
		text, _ = pick(purpose, "")
	}
	return digest(text) == was
}

// forPublisher reports whether a decision is about the apps of a publisher, or about nobody's in particular: an identifier
// for one publisher is none for another.
func forPublisher(d storage.Decision, publisher string) bool {
	was, named := told(d, shownPublisher)
	return !named || was == digest(publisher)
}

// told returns what is kept of one thing that the person was told, if it is known.
func told(d storage.Decision, what string) (kept string, ok bool) {
	for _, word := range strings.Fields(d.Purpose) {
		if kept, ok = strings.CutPrefix(word, what); ok {
			return kept, true
		}
	}
	return "", false
}

// digest is 128 bits of SHA-256.
func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}
