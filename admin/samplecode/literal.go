package samplecode

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
)

// How a text is written in each language so that it is this text and nothing else, whatever is in it. What is not plain
// ASCII is spelt out where the language can, so that nothing in the code looks like something else.

func goLiteral(s string) string { return strconv.QuoteToASCII(s) }

// shellLiteral is for POSIX shells: between single quotes nothing has a meaning but their end.
func shellLiteral(s string) string {
	return "'" + strings.ReplaceAll(strings.ReplaceAll(s, "\x00", ""), "'", `'\''`) + "'"
}

// phpLiteral is between single quotes, where only the backslash and the quote have a meaning.
func phpLiteral(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

func jsLiteral(s string) string {
	return quoted(s, func(r rune) string { return fmt.Sprintf(`\x%02x`, r) }, inUTF16)
}

func pythonLiteral(s string) string {
	return quoted(s, func(r rune) string { return fmt.Sprintf(`\x%02x`, r) }, func(r rune) string {
		return fmt.Sprintf(`\U%08x`, r)
	})
}

// javaLiteral writes ASCII without \u: the compiler reads that before anything else, so that \u0022 would end the literal
// (JLS §3.3).
func javaLiteral(s string) string {
	return quoted(s, func(r rune) string { return fmt.Sprintf(`\%03o`, r) }, inUTF16)
}

// quoted is s between double quotes; control and other are how ASCII controls and what is not ASCII are written.
func quoted(s string, control, other func(rune) string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			b.WriteString(control(r))
		case r > 0x7f:
			b.WriteString(other(r))
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// inUTF16 escapes a character by its one or two UTF-16 code units.
func inUTF16(r rune) string {
	text := ""
	for _, unit := range utf16.Encode([]rune{r}) {
		text += fmt.Sprintf(`\u%04x`, unit)
	}
	return text
}
