package identity

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// Lengths of RFC 5321 §4.5.3.1 (address and its local part, in bytes) and of ITU-T E.164 §6 (digits).
const (
	maxEmail  = 254
	maxLocal  = 64
	minDigits = 7
	maxDigits = 15
)

// CanonicalEmail returns the one spelling under which an e-mail address is kept and compared: NFKC, lower case as a
// whole, its domain in ASCII (RFC 5891 §5). The local part's case is not told apart, although RFC 5321 §2.4 would let
// it: two accounts that differ in case only would serve nobody but an impostor. An *Invalid for anything else.
func CanonicalEmail(s string) (string, error) {
	if !utf8.ValidString(s) || len(s) > 4*maxEmail {
		return "", invalidEmail()
	}
	s = norm.NFKC.String(strings.ToLower(norm.NFKC.String(strings.TrimSpace(s))))
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || len(local) > maxLocal || strings.ContainsFunc(local, notInLocal) {
		return "", invalidEmail()
	}
	domain, err := idna.Lookup.ToASCII(domain)
	if err != nil || !hostname(domain) || len(local)+1+len(domain) > maxEmail {
		return "", invalidEmail()
	}
	return local + "@" + domain, nil
}

func invalidEmail() error {
	return &Invalid{Field: "email", Key: "problem.email", Text: "this is not an e-mail address like ana@example.com"}
}

// notInLocal reports what a local part cannot have: anything invisible (controls, bidirectional overrides, spaces) and
// what would need quoting (RFC 5322 §3.2.3). Letters beyond ASCII are fine (RFC 6531).
func notInLocal(r rune) bool {
	return !unicode.IsPrint(r) || r == ' ' || strings.ContainsRune(`@"(),:;<>[\]`, r)
}

// hostname reports whether the lower-case ASCII domain is made of labels of the right lengths (RFC 1035 §2.3.4).
func hostname(domain string) bool {
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
	}
	return true
}

// phonePunctuation is what people put between digits; it carries nothing.
const phonePunctuation = " \t().-/\u00a0\u202f\u2010\u2011\u2012\u2013\u2014\u2212"

// CanonicalPhone returns a phone number as E.164 (ITU-T E.164 §6): a plus sign, the country code and the rest. A
// leading 00 is read as the plus sign, and the (0) that some write after the country code is left out. An *Invalid
// when there is no country code, because nothing says which country is meant.
func CanonicalPhone(s string) (string, error) {
	if !utf8.ValidString(s) || len(s) > 100 {
		return "", invalidPhone()
	}
	s = strings.Map(asciiDigit, norm.NFKC.String(s))
	s = strings.Replace(s, "(0)", "", 1)
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(phonePunctuation, r) {
			return -1
		}
		return r
	}, s)
	if rest, ok := strings.CutPrefix(s, "00"); ok {
		s = "+" + rest
	}
	digits, ok := strings.CutPrefix(s, "+")
	if !ok || len(digits) < minDigits || len(digits) > maxDigits || digits[0] == '0' {
		return "", invalidPhone()
	}
	if strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' }) {
		return "", invalidPhone()
	}
	return s, nil
}

func invalidPhone() error {
	return &Invalid{Field: "phone", Key: "problem.phone",
		Text: "this is not a phone number with its country code, like +598 99 123 456"}
}

// asciiDigit maps the digits of Arabic and Persian keyboards to ASCII; NFKC leaves them alone.
func asciiDigit(r rune) rune {
	switch {
	case r >= '٠' && r <= '٩':
		return '0' + r - '٠'
	case r >= '۰' && r <= '۹':
		return '0' + r - '۰'
	}
	return r
}

// CanonicalLogin returns what a person typed as their name, an e-mail address or a phone number, in canonical
// spelling, or the empty string when it is neither.
func CanonicalLogin(s string) string {
	canonical := CanonicalPhone
	if strings.ContainsAny(s, "@＠﹫") {
		canonical = CanonicalEmail
	}
	login, err := canonical(s)
	if err != nil {
		return ""
	}
	return login
}
