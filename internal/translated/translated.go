// Package translated finds, among the texts that somebody filed by language, the one for the language of a page.
package translated

import (
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// In returns the one of texts, by language tag (BCP 47), for a reader of tag, and the tag that it is filed under: that
// tag's own, else one in the same language and script, as who reads zh-Hant reads zh-TW and who reads pt-BR reads pt-PT,
// else that of the base language. Both are empty when there is none.
func In(texts map[string]string, tag string) (text, in string) {
	if text := texts[tag]; text != "" {
		return text, tag
	}
	base := primary(tag)
	for _, candidate := range slices.Sorted(maps.Keys(texts)) {
		if texts[candidate] != "" && strings.EqualFold(primary(candidate), base) && script(candidate) == script(tag) {
			return texts[candidate], candidate
		}
	}
	if text := texts[base]; text != "" {
		return text, base
	}
	return "", ""
}

// primary is the first subtag, which names the language (RFC 5646 §2.2.1).
func primary(tag string) string {
	first, _, _ := strings.Cut(tag, "-")
	return first
}

// script is the tag's own, or the one that its language is most likely written in there.
func script(tag string) language.Script {
	s, _ := language.Make(tag).Script()
	return s
}
