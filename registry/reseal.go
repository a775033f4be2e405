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
// other one can be given up. It does nothing when there is no other one. What opens under neither stays as it is. What somebody
// else changes meanwhile is read again: whoever gives up the other one starts with the current one alone, and Reseal does nothing then.
func (r *Registry) Reseal(ctx context.Context, o *Outbound) error {
	if !o.rotating {
		return nil
	}
	err := r.eachSpeaker(ctx, func(c *storage.Client) error { return r.resealClient(ctx, o, *c) })
	if err != nil {
		return err
	}
	return r.resealVersions(ctx, o)
}

// resealTries is how often a record is read again that others change all the time; who tries in vain leaves it to the next start.
const resealTries = 10

// resealClient seals the secrets of a client anew.
func (r *Registry) resealClient(ctx context.Context, o *Outbound, c storage.Client) error {
	return resealed(func(again bool) (err error) {
		if again {
			if c, err = r.store.Client(ctx, c.ID); err != nil {
				return err
			}
		}
		dialects, changed := o.reseal(c.ID, c.Dialects, map[string]string{})
		if !changed {
			return nil
		}
		c.Dialects = dialects
		return r.update(ctx, c, c.UpdatedAt)
	})
}

// resealed tries until nobody else changes the record meanwhile, or it is no more.
func resealed(try func(again bool) error) error {
	for tries := 0; ; tries++ {
		switch err := try(tries > 0); {
		case errors.Is(err, storage.ErrNotFound):
			return nil
		case !errors.Is(err, storage.ErrConflict):
			return err
		case tries == resealTries:
			return nil
		}
	}
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
	return resealed(func(again bool) (err error) {
		if again {
			if v, err = r.store.OpenVersion(ctx, v.ClientID); err != nil {
				return err
			}
		}
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
		return r.store.ApplyReview(ctx, storage.Review{Version: &v, VersionWas: was})
	})
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
