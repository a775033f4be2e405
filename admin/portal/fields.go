package portal

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gatehouse/templates"
)

// plain finds the control of a field by its name: redirect_uris[1] is filled in by redirect_uris-1, and what is said of a
// whole list is shown at its first row.
func plain(names []string, lists ...string) func(string) string {
	return func(field string) string {
		name, rest, indexed := strings.Cut(field, "[")
		switch {
		case slices.Contains(lists, name) && indexed:
			return name + "-" + strings.TrimSuffix(rest, "]")
		case slices.Contains(lists, name):
			return name + "-0"
		case slices.Contains(names, field):
			return field
		}
		return ""
	}
}

// rows are the controls of a list: one for each of its values, and empty ones for more.
func rows(list, label, kind string, values []string, empty int) (fields []templates.DeveloperField) {
	for i := range len(values) + empty {
		f := templates.DeveloperField{ID: fmt.Sprintf("%s-%d", list, i), Name: list, Label: label, Number: i + 1, Kind: kind}
		if i < len(values) {
			f.Value = values[i]
		} else {
			f.Optional = true
		}
		fields = append(fields, f)
	}
	return fields
}

// filled returns what was typed into the rows of a list.
func filled(values []string) (list []string) {
	for _, value := range values {
		if value = strings.TrimSpace(value); value != "" {
			list = append(list, value)
		}
	}
	return list
}

func one(name, kind, value string, optional bool) templates.DeveloperField {
	return templates.DeveloperField{ID: name, Name: name, Label: name, Kind: kind, Value: value, Optional: optional}
}

// missingFrom are the languages of texts that are not among tags, in order.
func missingFrom(tags []string, texts map[string]string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(texts)), func(tag string) bool { return slices.Contains(tags, tag) })
}
