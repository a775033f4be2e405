package admin

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"gatehouse/storage"
)

// savedPart is a field of a record under its name in the API, before and after.
type savedPart struct {
	name    string
	was, is any
}

// saved says as the detail of an event whether a record is new, or which of its fields changed: never their values.
func saved(isNew bool, parts ...savedPart) []string {
	if isNew {
		return []string{"created", "true"}
	}
	var names []string
	for _, p := range parts {
		if !reflect.DeepEqual(p.was, p.is) && !(none(p.was) && none(p.is)) {
			names = append(names, p.name)
		}
	}
	return []string{"changed", strings.Join(names, " ")}
}

// none reports whether a value is an empty list, map or text, or none.
func none(v any) bool {
	switch value := reflect.ValueOf(v); value.Kind() {
	case reflect.Slice, reflect.Map, reflect.String:
		return value.Len() == 0
	}
	return v == nil
}

// savedPublisher is saved, with how many developers came and went: who they are is a value of people.
func savedPublisher(was *storage.Publisher, is storage.Publisher) []string {
	if was == nil {
		return append(saved(true), "developers_added", count(is.Developers, nil))
	}
	detail := saved(false, savedPart{"name", was.Name, is.Name}, savedPart{"developers", was.Developers, is.Developers})
	return append(detail, "developers_added", count(is.Developers, was.Developers), "developers_removed", count(was.Developers, is.Developers))
}

// count is how many of a list are not in another; empty for none.
func count(list, other []string) string {
	n := 0
	for _, item := range list {
		if !slices.Contains(other, item) {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func savedScope(was *storage.Scope, is storage.Scope) []string {
	if was == nil {
		return saved(true)
	}
	return saved(false, savedPart{"title", was.Title, is.Title}, savedPart{"description", was.Description, is.Description},
		savedPart{"claims", was.Claims, is.Claims}, savedPart{"sensitive", was.Sensitive, is.Sensitive}, savedPart{"client", was.Client, is.Client})
}

func savedCompany(was *storage.Company, is storage.Company) []string {
	if was == nil {
		return saved(true)
	}
	return saved(false, savedPart{"name", was.Name, is.Name})
}
