package consent

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/identity/claims"
	"gatehouse/internal/translated"
	"gatehouse/storage"
	"gatehouse/templates"
)

// pick returns the text for a language, in English, or in any language that there is; and which language that was.
func pick(texts map[string]string, lang string) (text, in string) {
	for _, candidate := range append([]string{lang, "en"}, slices.Sorted(maps.Keys(texts))...) {
		if text, in := translated.In(texts, candidate); text != "" {
			return text, in
		}
	}
	return "", ""
}

// title is what people call a scope, in a language if there is a title in it.
func title(s *storage.Scope, lang string) string {
	if text, _ := pick(s.Title, lang); text != "" {
		return text
	}
	return s.Name
}

// verifiedBy names the claim that says whether an address was verified (OIDC Core §5.1).
var verifiedBy = map[string]string{"email": "email_verified", "phone_number": "phone_number_verified"}

// values are the claims of one scope as people read them: an address and whether it is verified are one value, and an
// object of attributes is a value for each.
func values(released []claims.Claim) []templates.Value {
	byName := make(map[string]any, len(released))
	for _, c := range released {
		byName[c.Name] = c.Value
	}
	var list []templates.Value
	for _, c := range released {
		if address, is := strings.CutSuffix(c.Name, "_verified"); is && byName[address] != nil {
			continue
		}
		if attributes, ok := c.Value.(map[string]any); ok && c.Name == "attributes" {
			for _, name := range slices.Sorted(maps.Keys(attributes)) {
				list = append(list, templates.Value{Claim: name, Text: text(name, attributes[name])})
			}
			continue
		}
		list = append(list, templates.Value{Claim: c.Name, Text: text(c.Name, c.Value), Verified: yesNo(byName[verifiedBy[c.Name]])})
	}
	return list
}

func yesNo(verified any) string {
	switch verified {
	case true:
		return "yes"
	case false:
		return "no"
	}
	return ""
}

// text is a claim's value as people read it; empty for none.
func text(name string, value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case int64:
		if name == "updated_at" {
			return time.Unix(v, 0).UTC().Format(time.DateOnly)
		}
	case []string:
		return strings.Join(v, ", ")
	case []any:
		return list(v)
	case map[string]any:
		if name == "address" {
			return address(v)
		}
	}
	return asJSON(value)
}

func list(values []any) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = text("", v)
	}
	return strings.Join(texts, ", ")
}

// addressMembers is the order in which people expect them (OIDC Core §5.1.1).
var addressMembers = []string{"formatted", "street_address", "locality", "region", "postal_code", "country"}

// address is an address claim on one line: everything that is shared, once.
func address(object map[string]any) string {
	names := slices.Clone(addressMembers)
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	line := ""
	for _, name := range names {
		switch part := text("", object[name]); {
		case line == "":
			line = part
		case !strings.Contains(line, part):
			line += ", " + part
		}
	}
	return line
}

// asJSON shows what has no better form.
func asJSON(value any) string {
	raw, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(raw)
}
