package registry

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
)

const (
	maxName = 80
	maxText = 1000
)

// checkName wants a text of one line that looks like what it is: no control, bidirectional or invisible characters, by
// which a mini app could pass for another on the consent page.
func checkName(name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return errors.New("must not be empty")
	case !utf8.ValidString(name):
		return errors.New("is not UTF-8")
	case utf8.RuneCountInString(name) > maxName:
		return fmt.Errorf("is longer than %d characters", maxName)
	case strings.TrimSpace(name) != name:
		return errors.New("must not begin or end with a space")
	case strings.ContainsFunc(name, invisible):
		return errors.New("has a control, bidirectional or zero-width character; leave it out")
	case slices.ContainsFunc(strings.Fields(name), mixesAlphabets):
		return errors.New("has letters of two alphabets in one word, which look alike; write each word in one")
	}
	return nil
}

// mixesAlphabets reports whether a word has letters of more than one of the alphabets that share the shapes of their letters, as
// in a name that passes for another one (UTS #39 §5.2, moderately restrictive).
func mixesAlphabets(word string) bool {
	found := 0
	for _, alphabet := range []*unicode.RangeTable{unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Armenian, unicode.Cherokee} {
		if strings.ContainsFunc(word, func(r rune) bool { return unicode.Is(alphabet, r) }) {
			found++
		}
	}
	return found > 1
}

// checkText wants a text that cannot disturb the page around it. Joiners and the emoji selector are allowed, since scripts
// and emoji need them.
func checkText(text string) error {
	switch {
	case !utf8.ValidString(text):
		return errors.New("is not UTF-8")
	case utf8.RuneCountInString(text) > maxText:
		return fmt.Errorf("is longer than %d characters", maxText)
	case strings.ContainsFunc(text, func(r rune) bool { return invisible(r) && !strings.ContainsRune("\u200c\u200d\ufe0f", r) }):
		return errors.New("has a control, bidirectional or zero-width character; leave it out")
	}
	return nil
}

// blanks are letters and symbols that draw nothing.
const blanks = "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"

func invisible(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs, unicode.Variation_Selector) || strings.ContainsRune(blanks, r)
}

// checkTagged checks a text and the language tag (BCP 47) that it is filed under.
func checkTagged(tag, text string, check func(string) error) error {
	if _, err := language.Parse(tag); err != nil {
		return fmt.Errorf("%q is not a language tag; use one such as en or pt-BR", printable(tag))
	}
	return check(text)
}

// printable shortens what somebody wrote to what an error message can show.
func printable(s string) string {
	const most = 100
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "…"
	}
	return strings.ToValidUTF8(s, "\ufffd")
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
