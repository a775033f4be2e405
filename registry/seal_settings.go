package registry

import (
	"encoding/json"
	"maps"
	"strings"

	"gatehouse/storage"
)

// SealSettings seals the secrets in a client's dialect settings that are still plain. One that was (nil: a new client) keeps
// already stays as it is kept there. Problems for one that is sealed and does not open. c.Dialects is replaced, not changed.
func (o *Outbound) SealSettings(c, was *storage.Client) error {
	var p Problems
	dialects := maps.Clone(c.Dialects)
	for _, at := range outboundSecrets {
		kept := ""
		if was != nil {
			kept = setting(was, at)
		}
		sealed, ok := edit(dialects[at[0]], at[1:], func(raw json.RawMessage) (json.RawMessage, bool) {
			var value string
			if json.Unmarshal(raw, &value) != nil || value == "" {
				return nil, false
			}
			if IsSealed(value) {
				if _, _, err := o.Open(c.ID, value); err != nil {
					p.add("dialects."+strings.Join(at, "."), "is not a sealed secret of this client; write the secret itself")
				}
				return nil, false
			}
			sealed := o.Seal(c.ID, value)
			if plain, current, err := o.Open(c.ID, kept); err == nil && current && plain == value {
				sealed = kept
			}
			anew, err := json.Marshal(sealed)
			return anew, err == nil
		})
		if ok {
			dialects[at[0]] = sealed
		}
	}
	if len(dialects) > 0 {
		c.Dialects = dialects
	}
	return p.Err()
}

// KeepSecrets puts into c's dialect settings the sealed secrets that was has and c does not mention, which whoever read them was
// not shown: those whose settings c still has. One that c empties, by null or "", stays empty. c.Dialects is replaced, not changed.
func KeepSecrets(c *storage.Client, was storage.Client) {
	dialects := maps.Clone(c.Dialects)
	for _, at := range outboundSecrets {
		kept, last := setting(&was, at), len(at)-1
		if !IsSealed(kept) {
			continue
		}
		parent, ok := edit(dialects[at[0]], at[1:last], func(raw json.RawMessage) (json.RawMessage, bool) {
			var values map[string]json.RawMessage
			if json.Unmarshal(raw, &values) != nil || values == nil || values[at[last]] != nil {
				return nil, false
			}
			values[at[last]], _ = json.Marshal(kept) // a text can always be marshalled
			whole, err := json.Marshal(values)
			return whole, err == nil
		})
		if ok {
			dialects[at[0]] = parent
		}
	}
	c.Dialects = dialects
}

// setting is a text among a client's dialect settings, empty where there is none.
func setting(c *storage.Client, at []string) (value string) {
	edit(c.Dialects[at[0]], at[1:], func(raw json.RawMessage) (json.RawMessage, bool) {
		return nil, json.Unmarshal(raw, &value) == nil
	})
	return value
}

// WithoutSecrets returns a client's dialect settings without the secrets among them, for whoever only looks.
func WithoutSecrets(c storage.Client) map[string]json.RawMessage {
	dialects := maps.Clone(c.Dialects)
	for _, at := range outboundSecrets {
		last := len(at) - 1
		parent, ok := edit(dialects[at[0]], at[1:last], func(raw json.RawMessage) (json.RawMessage, bool) {
			var values map[string]json.RawMessage
			if json.Unmarshal(raw, &values) != nil || values[at[last]] == nil {
				return nil, false
			}
			delete(values, at[last])
			rest, err := json.Marshal(values)
			return rest, err == nil
		})
		if ok {
			dialects[at[0]] = parent
		}
	}
	return dialects
}
