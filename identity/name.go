package identity

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxName is how many characters a first or last name may have.
const maxName = 100

// CanonicalName returns a first or last name as it is kept: NFC, without space around it. An *Invalid for field when it
// is too long or holds what cannot be seen, such as controls and bidirectional overrides.
func CanonicalName(field, s string) (string, error) {
	s = norm.NFC.String(strings.TrimSpace(s))
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > maxName || strings.ContainsFunc(s, invisible) {
		return "", &Invalid{Field: field, Key: "problem.name", Args: map[string]string{"n": "100"},
			Text: "a name has at most 100 characters, all of them visible"}
	}
	return s, nil
}

// joiners are invisible, but Persian and Indic names need them.
const joiners = "\u200c\u200d"

func invisible(r rune) bool { return !unicode.IsPrint(r) && !strings.ContainsRune(joiners, r) }

func missing(field string) error {
	return &Invalid{Field: field, Key: "problem.required", Text: "it is missing"}
}
