package identity

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestSpellingVariantsOfAnAddressAreOne(t *testing.T) {
	for canonical, variants := range map[string][]string{
		"ana@example.com":           {"ana@example.com", " Ana@Example.COM\t", "ＡＮＡ＠example.com", "ana@ｅxample。com"},
		"josé@example.com":          {"josé@example.com", "jose\u0301@example.com", "JOSÉ@EXAMPLE.COM"},
		"ana@xn--bcher-kva.example": {"ana@bücher.example", "ana@xn--bcher-kva.example", "ana@BÜCHER.example"},
	} {
		for _, variant := range variants {
			got, err := CanonicalEmail(variant)
			require.NoError(t, err, variant)
			require.Equal(t, canonical, got)
			require.Equal(t, canonical, CanonicalLogin(variant))
		}
	}
}

func TestWhatIsNoAddressIsRefused(t *testing.T) {
	for _, s := range []string{"", "ana", "@example.com", "ana@", "ana@@example.com", "a@b@c", "ana @example.com",
		"ana\x00@example.com", "ana\n@example.com", "ana\u202e@example.com", "an\u200ba@example.com", "ana@exa mple.com",
		"ana@example..com", "ana@.example.com", "<ana@example.com>", "ana,bo@example.com", "ana@exam\xffple.com",
		strings.Repeat("a", 65) + "@example.com", "ana@" + strings.Repeat("a.", 130) + "com", "ana@-example.com"} {
		_, err := CanonicalEmail(s)
		require.IsType(t, &Invalid{}, err, "%q", s)
	}
}

func TestSpellingVariantsOfAPhoneNumberAreOne(t *testing.T) {
	for _, variant := range []string{"+59899123456", "+598 99 123 456", "00598-99-123-456", "(+598) 99.123.456",
		" +598\u00a099\u2011123\u2011456 ", "＋５９８９９１２３４５６", "+٥٩٨٩٩١٢٣٤٥٦", "+598 (0)99 123 456"} {
		got, err := CanonicalPhone(variant)
		require.NoError(t, err, variant)
		require.Equal(t, "+59899123456", got)
		require.Equal(t, "+59899123456", CanonicalLogin(variant))
	}
}

func TestWhatIsNoPhoneNumberIsRefused(t *testing.T) {
	for _, s := range []string{"", "+", "099123456", "+0123456789", "+123456", "+1234567890123456", "+598x99123456",
		"+598 99 123\x00456", "++59899123456", "+59899+123456", "+598\u202e99123456"} {
		_, err := CanonicalPhone(s)
		require.IsType(t, &Invalid{}, err, "%q", s)
		require.Empty(t, CanonicalLogin(s))
	}
}

func FuzzCanonicalEmail(f *testing.F) {
	for _, s := range []string{"ana@example.com", "JOSÉ@BÜCHER.example", "ﬃ@K.example", "İ@x", "a\u0345\u0301@b.c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := CanonicalEmail(s)
		if err != nil {
			return
		}
		again, err := CanonicalEmail(got)
		if err != nil || again != got {
			t.Fatalf("%q is canonical %q, which is canonical %q (%v)", s, got, again, err)
		}
		if len(got) > maxEmail || strings.Count(got, "@") != 1 || !utf8.ValidString(got) || strings.ContainsAny(got, "\x00 \r\n") {
			t.Fatalf("%q became %q", s, got)
		}
	})
}

func FuzzCanonicalPhone(f *testing.F) {
	for _, s := range []string{"+59899123456", "00598 99 123 456", "(+598)99-123.456", "+٥٩٨٩٩١٢٣٤٥٦"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := CanonicalPhone(s)
		if err != nil {
			return
		}
		if again, err := CanonicalPhone(got); err != nil || again != got {
			t.Fatalf("%q is canonical %q, which is canonical %q (%v)", s, got, again, err)
		}
		if len(got) < 1+minDigits || len(got) > 1+maxDigits || strings.Trim(got[1:], "0123456789") != "" {
			t.Fatalf("%q became %q", s, got)
		}
	})
}
