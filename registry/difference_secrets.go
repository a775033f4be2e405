package registry

import (
	"encoding/json"
	"slices"
	"strings"

	"gatehouse/storage"
)

// What is shown in the place of a secret among a dialect's settings.
const (
	secretSet     = "(set)"
	secretAnother = "(another one)"
	secretRemoved = "(removed)"
)

// ChangedSecrets returns the outbound secrets in which two registrations differ, such as "dialects.gam.signin_secret".
func ChangedSecrets(was, is storage.Client) []string {
	var names []string
	for _, at := range outboundSecrets {
		if setting(&was, at) != setting(&is, at) {
			names = append(names, "dialects."+strings.Join(at, "."))
		}
	}
	slices.Sort(names)
	return names
}

// withMarks returns the dialect settings of c with a mark in the place of each secret, which says what became of the one that
// was has there and nothing of its value: whoever approves a change has to see that others are sent another secret.
func withMarks(was, c storage.Client) map[string]json.RawMessage {
	dialects := WithoutSecrets(c)
	for _, at := range outboundSecrets {
		mark, last := secretMark(setting(&was, at), setting(&c, at)), len(at)-1
		if mark == "" {
			continue
		}
		parent, ok := edit(dialects[at[0]], at[1:last], func(raw json.RawMessage) (json.RawMessage, bool) {
			var values map[string]json.RawMessage
			if json.Unmarshal(raw, &values) != nil || values == nil {
				return nil, false
			}
			values[at[last]] = json.RawMessage(`"` + mark + `"`)
			whole, err := json.Marshal(values)
			return whole, err == nil
		})
		if ok {
			dialects[at[0]] = parent
		}
	}
	return dialects
}

func secretMark(was, is string) string {
	switch {
	case was == is && is == "":
		return ""
	case is == "":
		return secretRemoved
	case was == "" || was == is:
		return secretSet
	}
	return secretAnother
}
