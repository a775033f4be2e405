package registry

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// look is what is left of a name to the eye; see lookOf.
type look struct {
	letters []rune
	joined  string // with one letter for the pairs that look like one
}

// minAlike is how many letters a name has at least in which one letter more, less or other is still alike.
const minAlike = 5

// like reports whether two names look the same, but for a letter.
func (l look) like(o look) bool {
	switch {
	case l.joined == "" || o.joined == "":
		return false
	case l.joined == o.joined:
		return true
	}
	return min(len(l.letters), len(o.letters)) >= minAlike && oneOff(l.letters, o.letters)
}

// oneOff reports whether one letter more, less or other, or two letters swapped, make a of b.
func oneOff(a, b []rune) bool {
	if len(a) < len(b) {
		a, b = b, a
	}
	if len(a) > len(b)+1 {
		return false
	}
	i := 0
	for i < len(b) && a[i] == b[i] {
		i++
	}
	switch a, b := a[i:], b[i:]; {
	case len(a) == len(b)+1:
		return slices.Equal(a[1:], b)
	case len(a) != len(b):
		return false
	case len(a) == 0 || slices.Equal(a[1:], b[1:]):
		return true
	default:
		return len(a) > 1 && a[0] == b[1] && a[1] == b[0] && slices.Equal(a[2:], b[2:])
	}
}

// lookOf folds a name: without case, width, accents, spaces and signs, and with one letter for all that look like it. It is
// for comparing and nothing else (compare Unicode UTS #39 §4).
func lookOf(name string) look {
	var letters []rune
	for _, r := range norm.NFKD.String(name) {
		if capital, known := confusableCapitals[r]; known {
			r = capital
		}
		r = unicode.ToLower(r)
		if alike, known := confusable[r]; known {
			r = alike
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			letters = append(letters, r)
		}
	}
	return look{letters, pairs.Replace(string(letters))}
}

// pairs are two letters that look like one.
var pairs = strings.NewReplacer("rn", "m", "vv", "w")

// confusable are letters and signs that look like a Latin letter, after folding case: the digits that people read as letters,
// and what of the Cyrillic, Greek and Armenian letters is drawn alike (from Unicode's confusables.txt). i and l are one.
var confusable = map[rune]rune{
	'0': 'o', '1': 'l', '3': 'e', '4': 'a', '5': 's', '7': 't', '8': 'b', '|': 'l', '!': 'l', '$': 's', '@': 'a', 'i': 'l', 'ı': 'l',
	'а': 'a', 'в': 'b', 'с': 'c', 'ԁ': 'd', 'е': 'e', 'н': 'h', 'һ': 'h', 'і': 'l', 'ї': 'l', 'ј': 'j', 'к': 'k', 'ӏ': 'l', 'м': 'm', 'о': 'o',
	'р': 'p', 'ԛ': 'q', 'ѕ': 's', 'т': 't', 'у': 'y', 'ѵ': 'v', 'ԝ': 'w', 'х': 'x', 'г': 'r', 'п': 'n',
	'α': 'a', 'β': 'b', 'ε': 'e', 'η': 'n', 'ι': 'l', 'κ': 'k', 'μ': 'u', 'ν': 'v', 'ο': 'o', 'ρ': 'p', 'σ': 'o', 'τ': 't', 'υ': 'u', 'χ': 'x', 'ω': 'w', 'γ': 'y',
	'օ': 'o', 'ս': 'u', 'ո': 'n', 'հ': 'h', 'ց': 'g', 'ø': 'o', 'ł': 'l', 'đ': 'd', 'ħ': 'h', 'ß': 'b',
}

// confusableCapitals are capitals that look like another letter than their small ones do.
var confusableCapitals = map[rune]rune{'Ν': 'n', 'Η': 'h', 'Υ': 'y', 'Μ': 'm'}

// keys are texts of which two names that look alike have one in common: how it looks, and for a letter more, less, other or
// swapped, what is left of it without any one letter.
func (l look) keys() []string {
	keys := []string{l.joined}
	if len(l.letters) < minAlike {
		return keys
	}
	keys = append(keys, string(l.letters))
	for i := range l.letters {
		keys = append(keys, string(slices.Concat(l.letters[:i], l.letters[i+1:])))
	}
	return keys
}
