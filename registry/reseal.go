package registry

import (
	"context"
	"encoding/json"
	"errors"
	"maps"

	"gatehouse/storage"
)

// outboundSecrets are the secrets among the settings of dialects: dialect, and the keys that lead to it.
var outboundSecrets = [][]string{
	{DialectBoxo, "platform", "app_secret"},
	{DialectGAM, "superapp", "client_secret"},
	{DialectGAM, "signin_secret"},
}

// Reseal seals under the current root secret what clients' dialect settings hold sealed under the other one, so that the
// other one can be given up. It does nothing when there is no other one. What opens under neither stays as it is, and so
// does a client that somebody else changes meanwhile: they sealed it, or will at their next start.
func (r *Registry) Reseal(ctx context.Context, o *Outbound) error {
	if !o.rotating {
		return nil
	}
	return r.eachSpeaker(ctx, func(c *storage.Client) error {
		dialects, changed := o.reseal(c)
		if !changed {
			return nil
		}
		c.Dialects = dialects
		err := r.update(ctx, *c, c.UpdatedAt)
		if errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrNotFound) {
			return nil
		}
		return err
	})
}

// reseal returns a client's dialects with every secret that it could seal anew.
func (o *Outbound) reseal(c *storage.Client) (dialects map[string]json.RawMessage, changed bool) {
	dialects = maps.Clone(c.Dialects)
	for _, at := range outboundSecrets {
		anew, ok := edit(dialects[at[0]], at[1:], func(raw json.RawMessage) (json.RawMessage, bool) {
			var sealed string
			if json.Unmarshal(raw, &sealed) != nil {
				return nil, false
			}
			value, current, err := o.Open(c.ID, sealed)
			if err != nil || current {
				return nil, false
			}
			anew, err := json.Marshal(o.Seal(c.ID, value))
			return anew, err == nil
		})
		if ok {
			dialects[at[0]], changed = anew, true
		}
	}
	return dialects, changed
}

// edit returns an object with the value at path replaced by what change makes of it; false when there is none, or change
// says so.
func edit(object json.RawMessage, path []string, change func(json.RawMessage) (json.RawMessage, bool)) (json.RawMessage, bool) {
	if len(path) == 0 {
		return change(object)
	}
	var values map[string]json.RawMessage
	if json.Unmarshal(object, &values) != nil || values[path[0]] == nil {
		return nil, false
	}
	value, ok := edit(values[path[0]], path[1:], change)
	if !ok {
		return nil, false
	}
	values[path[0]] = value
	raw, err := json.Marshal(values)
	return raw, err == nil
}
