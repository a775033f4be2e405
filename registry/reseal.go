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
	if err := r.resealVersions(ctx, o); err != nil {
		return err
	}
	return r.eachSpeaker(ctx, func(c *storage.Client) error {
		dialects, changed := o.reseal(c.ID, c.Dialects, map[string]string{})
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

// resealVersions is Reseal of what waits beside clients.
func (r *Registry) resealVersions(ctx context.Context, o *Outbound) error {
	return r.eachPage(ctx, func(clients []storage.Client) error {
		ids := make([]string, len(clients))
		for i := range clients {
			ids[i] = clients[i].ID
		}
		versions, err := r.store.OpenVersions(ctx, ids)
		for i := 0; err == nil && i < len(versions); i++ {
			err = r.resealVersion(ctx, o, versions[i])
		}
		return err
	})
}

// resealVersion seals the secrets of a version anew; one that it leaves alone is the same as in its base also afterwards.
func (r *Registry) resealVersion(ctx context.Context, o *Outbound, v storage.ClientVersion) error {
	anew, was, changed := map[string]string{}, v.UpdatedAt, false
	if v.Client.Dialects, changed = o.reseal(v.ClientID, v.Client.Dialects, anew); !changed {
		return nil
	}
	if v.Base != nil {
		base := *v.Base
		base.Dialects, _ = o.reseal(v.ClientID, base.Dialects, anew)
		v.Base = &base
	}
	v.UpdatedAt = after(was, r.now())
	err := r.store.ApplyReview(ctx, storage.Review{Version: &v, VersionWas: was})
	if errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	return err
}

// reseal returns a client's dialects with every secret that it could seal anew; sealed remembers what became of each, so that
// what was the same stays the same.
func (o *Outbound) reseal(clientID string, was map[string]json.RawMessage, sealed map[string]string) (dialects map[string]json.RawMessage, changed bool) {
	dialects = maps.Clone(was)
	for _, at := range outboundSecrets {
		anew, ok := edit(dialects[at[0]], at[1:], func(raw json.RawMessage) (json.RawMessage, bool) {
			var old string
			if json.Unmarshal(raw, &old) != nil {
				return nil, false
			}
			value, current, err := o.Open(clientID, old)
			if err != nil || current {
				return nil, false
			}
			if sealed[old] == "" {
				sealed[old] = o.Seal(clientID, value)
			}
			anew, err := json.Marshal(sealed[old])
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
