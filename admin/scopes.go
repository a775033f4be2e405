package admin

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"gatehouse/registry"
	"gatehouse/storage"
)

const scopeKind = "scope"

// ErrInUse says that others need what was to be removed.
var ErrInUse = errors.New("in use")

// Scopes lists the catalogue: what comes with Gatehouse, then the operator's by name.
func (h *House) Scopes(ctx context.Context, c Caller, p Page) (List[storage.Scope], error) {
	if err := h.may(c, ScopeRead, Belongs{}); err != nil {
		return List[storage.Scope]{}, err
	}
	return paged(p, func(after string, limit int) ([]storage.Scope, error) {
		own, err := h.Store.Scopes(ctx)
		if err != nil {
			return nil, err
		}
		all := registry.NewCatalogue(own).Scopes()
		if after != "" { // a name, which need not be there any more
			all = slices.DeleteFunc(slices.Clone(all), func(s storage.Scope) bool { return !follows(s.Name, after) })
		}
		return all[:min(limit, len(all))], nil
	}, func(s storage.Scope) string { return s.Name })
}

// follows reports whether a scope comes after another in the catalogue.
func follows(name, other string) bool {
	place := func(name string) int {
		i := slices.IndexFunc(registry.BuiltInScopes, func(s storage.Scope) bool { return s.Name == name })
		if i < 0 {
			return len(registry.BuiltInScopes)
		}
		return i
	}
	a, b := place(name), place(other)
	return a > b || a == b && name > other
}

// Scope returns a scope of the catalogue.
func (h *House) Scope(ctx context.Context, c Caller, name string) (storage.Scope, error) {
	if err := h.may(c, ScopeRead, Belongs{}); err != nil {
		return storage.Scope{}, err
	}
	own, err := h.Store.Scopes(ctx)
	if err != nil {
		return storage.Scope{}, err
	}
	if s := registry.NewCatalogue(own).Scope(name); s != nil {
		return *s, nil
	}
	return storage.Scope{}, fmt.Errorf("scope %q: %w", name, storage.ErrNotFound)
}

// SaveScope stores an operator's scope in place of what it was; nil: a new one. Errors as SaveCompany.
func (h *House) SaveScope(ctx context.Context, c Caller, s storage.Scope, was *storage.Scope) error {
	if err := h.may(c, ScopeSave, Belongs{}); err != nil {
		return err
	}
	if err := registry.CheckScope(s).Err(); err != nil {
		return err
	}
	if was != nil && reflect.DeepEqual(s, *was) {
		return nil
	}
	defer h.Registry.Forget()
	if err := h.Store.ReplaceScope(h.audited(ctx, c, ScopeSave, scopeKind, s.Name, savedScope(was, s)...), s, was); err != nil {
		return fmt.Errorf("scope %q: %w", s.Name, err)
	}
	return nil
}

// DeleteScope removes an operator's scope that no mini app is registered for; else ErrInUse. registry.Problems for one that
// comes with Gatehouse.
func (h *House) DeleteScope(ctx context.Context, c Caller, was storage.Scope) error {
	if err := h.may(c, ScopeDelete, Belongs{}); err != nil {
		return err
	}
	if was.BuiltIn {
		return registry.Problems{{Field: "name", Text: fmt.Sprintf("%q comes with Gatehouse and cannot be removed", was.Name)}}
	}
	clients, err := h.Registry.Clients(ctx)
	if err != nil {
		return err
	}
	for _, client := range clients {
		if slices.ContainsFunc(client.Scopes, func(s storage.ClientScope) bool { return s.Name == was.Name }) {
			return fmt.Errorf("%w: %s is registered for %s; take it out of the registration first", ErrInUse, client.ID, was.Name)
		}
	}
	defer h.Registry.Forget()
	return h.Store.DeleteScope(h.audited(ctx, c, ScopeDelete, scopeKind, was.Name), was)
}
