package registry

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"gatehouse/storage"
)

// Difference is one part of a registration, before and after.
type Difference struct {
	Name    string // the seed key
	Was, Is []string
}

// Values returns the parts of a registration that have a value, as lines of text, but for its scopes (see ScopeDifferences)
// and with a mark in the place of each secret among its dialects' settings.
func Values(c storage.Client) []Difference {
	values := Differences(storage.Client{}, c)
	for i := range values {
		values[i].Was = nil
	}
	return values
}

// Differences returns the parts in which two registrations differ, in the same way.
func Differences(was, is storage.Client) []Difference {
	was.Dialects, is.Dialects = withMarks(was, was), withMarks(was, is)
	var differences []Difference
	for _, f := range fields {
		if f.name == "scopes" {
			continue
		}
		if a, b := f.of(was), f.of(is); !same(a, b) {
			differences = append(differences, Difference{Name: f.name, Was: lines(a), Is: lines(b)})
		}
	}
	return differences
}

// lines are a value as text, a line for each of its parts.
func lines(value any) []string {
	switch v := value.(type) {
	case []string:
		return v
	case map[string]string:
		var all []string
		for _, key := range sortedKeys(v) {
			all = append(all, key+": "+v[key])
		}
		return all
	case map[string]any:
		var all []string
		for _, key := range sortedKeys(v) {
			all = append(all, key+": "+asJSON(v[key]))
		}
		return all
	case storage.Lifetime:
		return lifetimeLine(v)
	case time.Duration:
		return []string{v.String()}
	}
	switch {
	case empty(value):
		return nil
	case length(value) >= 0:
		return []string{asJSON(value)}
	}
	return []string{fmt.Sprint(value)}
}

func lifetimeLine(l storage.Lifetime) []string {
	switch l {
	case 0:
		return nil
	case storage.Never:
		return []string{NeverText}
	}
	return []string{time.Duration(l).String()}
}

func asJSON(value any) string {
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value) // read from JSON, so it cannot be
	}
	return string(raw)
}

// ScopeDifference is a scope of one or both of two registrations.
type ScopeDifference struct {
	Name    string
	Was, Is *storage.ClientScope // nil where it is not asked for
}

// Changed reports whether anything about the scope differs.
func (d ScopeDifference) Changed() bool {
	return d.Was == nil || d.Is == nil || !same(plainScopes([]storage.ClientScope{*d.Was}), plainScopes([]storage.ClientScope{*d.Is}))
}

// ScopeDifferences returns all scopes of two registrations: those of the second in its order, then what it left out.
func ScopeDifferences(was, is storage.Client) []ScopeDifference {
	find := func(c storage.Client, name string) *storage.ClientScope {
		if i := slices.IndexFunc(c.Scopes, func(s storage.ClientScope) bool { return s.Name == name }); i >= 0 {
			return &c.Scopes[i]
		}
		return nil
	}
	var all []ScopeDifference
	for i, s := range is.Scopes {
		all = append(all, ScopeDifference{Name: s.Name, Was: find(was, s.Name), Is: &is.Scopes[i]})
	}
	for i, s := range was.Scopes {
		if find(is, s.Name) == nil {
			all = append(all, ScopeDifference{Name: s.Name, Was: &was.Scopes[i]})
		}
	}
	return all
}
