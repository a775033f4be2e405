package templates

import (
	"html"
	"html/template"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
)

// clean takes out of a text from outside what could make it look like another: bidi controls, zero-width and other
// format characters, fillers and control characters. Line ends stay.
func clean(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r), r == utf8.RuneError:
			return -1
		}
		return r
	}, s))
}

// bdi isolates a text from outside, so that its direction does not disturb the sentence around it. lang is the text's
// own language where it is known and may be another than the page's.
func bdi(s string, lang ...string) template.HTML {
	return `<bdi` + langAttribute(lang...) + `>` + template.HTML(html.EscapeString(clean(s))) + `</bdi>`
}

// quote is bdi in quotation marks. They are inside of what is isolated: they face as the text does, and are those of its
// language, which browsers take from the element around q (CSS Generated Content 3 §2.1).
func quote(s string, lang ...string) template.HTML {
	return `<bdi` + langAttribute(lang...) + `><q>` + template.HTML(html.EscapeString(clean(s))) + `</q></bdi>`
}

// strong is bdi, set in bold.
func strong(s string) template.HTML { return "<strong>" + bdi(s) + "</strong>" }

// link leads to one of our own pages, from within a sentence.
func link(path string, text template.HTML) template.HTML {
	return `<a href="` + template.HTML(html.EscapeString(path)) + `">` + text + `</a>`
}

func langAttribute(lang ...string) template.HTML {
	if len(lang) == 0 || lang[0] == "" {
		return ""
	}
	tag, err := language.Parse(lang[0])
	if err != nil {
		return ""
	}
	return template.HTML(` lang="` + tag.String() + `"`)
}

// initial is the letter that stands where there is no picture.
func initial(s string) string {
	for _, r := range clean(s) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return string(unicode.ToUpper(r))
		}
	}
	return "•"
}

// webAddress lets through only what a person may be sent to.
func webAddress(s string) string {
	if strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") {
		return s
	}
	return ""
}

// plainText takes the markup that bdi and strong add out again.
func plainText(s template.HTML) string {
	r := strings.NewReplacer("<bdi>", "", "</bdi>", "", "<strong>", "", "</strong>", "")
	return html.UnescapeString(r.Replace(string(s)))
}
