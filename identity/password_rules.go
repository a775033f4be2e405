package identity

import (
	_ "embed"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// How long a password may be: characters at least, bytes at most.
const (
	MinPassword = 12
	MaxPassword = 256
)

// CheckPassword returns an *Invalid unless password may be chosen: long enough and none of those that guessing starts
// with (NIST SP 800-63B §3.1.1.2). There is no rule about kinds of characters.
func CheckPassword(password string) error {
	password = prepare(password)
	switch {
	case !utf8.ValidString(password):
		return passwordProblem("problem.password_text", "it is not text", 0)
	case utf8.RuneCountInString(password) < MinPassword:
		return passwordProblem("problem.password_short", "it needs at least 12 characters", MinPassword)
	case len(password) > MaxPassword:
		return passwordProblem("problem.password_long", "it may have at most 256 bytes", MaxPassword)
	case commonPasswords.has(password):
		return passwordProblem("problem.password_common", "it is one of those that are guessed first", 0)
	}
	return nil
}

func passwordProblem(key, text string, n int) error {
	e := &Invalid{Field: "password", Key: key, Text: text}
	if n > 0 {
		e.Args = map[string]string{"n": strconv.Itoa(n)}
	}
	return e
}

//go:embed common_passwords.txt
var commonText string

// commonPasswords never changes.
var commonPasswords = readWords(commonText)

type words map[string]bool

func readWords(text string) words {
	w := words{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			w[line] = true
		}
	}
	return w
}

// has reports whether password is a listed one, a listed one in disguise, a repetition or a walk over the keyboard.
func (w words) has(password string) bool {
	p := []rune(strings.ToLower(norm.NFKC.String(password)))
	if w[string(p)] || walk(p) {
		return true
	}
	if unit := period(p); len(unit) <= 4 || len(unit) < len(p) && w[string(unit)] {
		return true
	}
	return w.decorated(p)
}

// maxDecoration is how much around a listed word does not make it a good password, unless it is a walk itself: that
// much never does.
const maxDecoration = 6

// decorated reports whether p is a listed word, perhaps with figures for letters, between a few figures and signs.
func (w words) decorated(p []rune) bool {
	core := strings.TrimFunc(string(p), notLetter)
	before, after, _ := strings.Cut(string(p), core)
	around := []rune(before + after)
	if len(around) > maxDecoration && !walk(around) {
		return false
	}
	return w[core] || w[unleet.Replace(core)] || w[unleet.Replace(strings.TrimRightFunc(string(p), notLetter))]
}

func notLetter(r rune) bool { return !unicode.IsLetter(r) }

// unleet gives the letters back that figures and signs stand for.
var unleet = strings.NewReplacer("0", "o", "1", "i", "!", "i", "3", "e", "4", "a", "@", "a", "5", "s", "$", "s", "7", "t")

// period returns the shortest string that p is a whole or cut-off repetition of: all of p when it does not repeat.
func period(p []rune) []rune {
	for n := 1; n <= len(p)/2; n++ {
		if string(p[n:]) == string(p[:len(p)-n]) {
			return p[:n]
		}
	}
	return p
}

// keyboard is where fingers walk.
var keyboard = []string{"1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./"}

// walk reports whether at least three of four steps in p go to the same, the next or the previous character of the
// alphabet, or to a neighbouring key.
func walk(p []rune) bool {
	breaks := 0
	for i := 1; i < len(p); i++ {
		if step := p[i] - p[i-1]; step < -1 || step > 1 {
			if !neighbours(p[i], p[i-1]) {
				breaks++
			}
		}
	}
	return breaks <= len(p)/4
}

func neighbours(a, b rune) bool {
	rowA, columnA := key(a)
	rowB, columnB := key(b)
	return rowA >= 0 && rowB >= 0 && near(rowA, rowB) && near(columnA, columnB)
}

func near(a, b int) bool { return a-b <= 1 && b-a <= 1 }

func key(r rune) (row, column int) {
	for row, keys := range keyboard {
		if column := strings.IndexRune(keys, r); column >= 0 {
			return row, column
		}
	}
	return -1, -1
}
