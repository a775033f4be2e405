package registry

import (
	"slices"

	"gatehouse/storage"
)

// Widens reports whether a change of a registration does more than take away: entries of lists, what marks it as the operator's
// own, or anything about its contacts.
func Widens(was, is storage.Client) bool {
	for _, f := range fields {
		a, b := f.of(was), f.of(is)
		if f.name != "contacts" && !same(a, b) && (f.name == "public" || !takesAway(a, b)) {
			return true
		}
	}
	return false
}

// takesAway reports whether all that b has is a's.
func takesAway(a, b any) bool {
	switch b := b.(type) {
	case bool:
		return !b
	case []string:
		return !slices.ContainsFunc(b, func(s string) bool { return !slices.Contains(a.([]string), s) })
	case []storage.ClientScope:
		return !slices.ContainsFunc(b, func(s storage.ClientScope) bool {
			return !slices.ContainsFunc(a.([]storage.ClientScope), func(t storage.ClientScope) bool { return same(s, t) })
		})
	}
	return false
}
