package rim

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"gatehouse/storage"
)

// Scopes are the scopes that the form of a registration asks for, after those of was that the form is not about: use:NAME is
// optional, required or empty, and purpose:NAME:LANGUAGE says why.
func Scopes(form url.Values, was []storage.ClientScope) []storage.ClientScope {
	scopes := slices.DeleteFunc(slices.Clone(was), func(s storage.ClientScope) bool { return form.Has("use:" + s.Name) })
	for _, name := range slices.Sorted(maps.Keys(form)) {
		scope, is := strings.CutPrefix(name, "use:")
		if use := form.Get(name); is && (use == "optional" || use == "required") {
			scopes = append(scopes, storage.ClientScope{Name: scope, Required: use == "required", Purpose: Texts(form, "purpose:"+scope+":")})
		}
	}
	return scopes
}

// Texts are what was typed into the controls whose names are prefix and a language, by that; nil where nothing was.
func Texts(form url.Values, prefix string) (texts map[string]string) {
	for field, values := range form {
		tag, is := strings.CutPrefix(field, prefix)
		if text := strings.TrimSpace(strings.Join(values, " ")); is && text != "" {
			if texts == nil {
				texts = map[string]string{}
			}
			texts[tag] = text
		}
	}
	return texts
}
