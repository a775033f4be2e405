package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"gatehouse/storage"
)

// Work is a mini app, and what it is to become.
type Work struct {
	Live    storage.Client         // as it is
	Version *storage.ClientVersion // what waits beside it; nil: nothing does
}

// Work returns the mini app with this ID, as it is in the database. storage.ErrNotFound when there is none.
func (r *Registry) Work(ctx context.Context, clientID string) (*Work, error) {
	if !validClientID(clientID) {
		return nil, storage.ErrNotFound
	}
	c, err := r.store.Client(ctx, clientID)
	if err != nil {
		return nil, err
	}
	v, err := r.store.OpenVersion(ctx, clientID)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return &Work{Live: c}, nil
	case err != nil:
		return nil, err
	}
	return &Work{Live: c, Version: &v}, nil
}

// Status is where what is worked on stands: the open version, or else the mini app itself.
func (w *Work) Status() string {
	if w.Version != nil {
		return w.Version.Status
	}
	return w.Live.Status
}

// Proposed is what is worked on.
func (w *Work) Proposed() storage.Client {
	if w.Version == nil {
		return w.Live
	}
	c := w.Version.Client
	c.ID, c.Secrets, c.Status = w.Live.ID, w.Live.Secrets, w.Live.Status
	c.TokensFrom, c.CreatedAt, c.UpdatedAt = w.Live.TokensFrom, w.Live.CreatedAt, w.Live.UpdatedAt
	if c.Public {
		c.Secrets = nil
	}
	return c
}

// Changed returns the names of the seed keys in which two registrations differ, in order.
func Changed(a, b storage.Client) []string {
	var names []string
	for _, f := range fields {
		if !same(f.of(a), f.of(b)) {
			names = append(names, f.name)
		}
	}
	return names
}

func same(a, b any) bool {
	if empty(a) && empty(b) {
		return true
	}
	return reflect.DeepEqual(a, b)
}

func empty(v any) bool { return v == nil || reflect.ValueOf(v).IsZero() || length(v) == 0 }

// length is that of a list or a map, -1 of anything else.
func length(v any) int {
	switch value := reflect.ValueOf(v); value.Kind() {
	case reflect.Slice, reflect.Map:
		return value.Len()
	}
	return -1
}

// field is one part of a registration.
type field struct {
	name string // the seed key
	of   func(storage.Client) any
}

// fields are all parts of a registration, in the order of the seed keys. A test holds it to storage.Client.
var fields = []field{
	{name: "name", of: func(c storage.Client) any { return c.Name }},
	{name: "names", of: func(c storage.Client) any { return c.Names }},
	{name: "publisher", of: func(c storage.Client) any { return c.PublisherID }},
	{name: "public", of: func(c storage.Client) any { return c.Public }},
	{name: "redirect_uris", of: func(c storage.Client) any { return c.RedirectURIs }},
	{name: "grant_types", of: func(c storage.Client) any { return c.GrantTypes }},
	{name: "token_types", of: func(c storage.Client) any { return c.TokenTypes }},
	{name: "token_endpoint_auth_method", of: func(c storage.Client) any { return c.TokenEndpointAuthMethod }},
	{name: "scopes", of: func(c storage.Client) any { return plainScopes(c.Scopes) }},
	{name: "subject_type", of: func(c storage.Client) any { return c.SubjectType }},
	{name: "resource_server", of: func(c storage.Client) any { return c.ResourceServer }},
	{name: "first_party", of: func(c storage.Client) any { return c.FirstParty }},
	{name: "pkce", of: func(c storage.Client) any { return c.PKCE }},
	{name: "id_token_signed_response_alg", of: func(c storage.Client) any { return c.IDTokenAlg }},
	{name: "access_token_lifetime", of: func(c storage.Client) any { return c.AccessTokenLifetime }},
	{name: "refresh_token_lifetime", of: func(c storage.Client) any { return c.RefreshTokenLifetime }},
	{name: "code_lifetime", of: func(c storage.Client) any { return c.CodeLifetime }},
	{name: "refresh_reuse_grace", of: func(c storage.Client) any { return c.RefreshReuseGrace }},
	{name: "logo_uri", of: func(c storage.Client) any { return c.LogoURI }},
	{name: "client_uri", of: func(c storage.Client) any { return c.ClientURI }},
	{name: "policy_uri", of: func(c storage.Client) any { return c.PolicyURI }},
	{name: "tos_uri", of: func(c storage.Client) any { return c.TOSURI }},
	{name: "contacts", of: func(c storage.Client) any { return c.Contacts }},
	{name: "post_logout_redirect_uris", of: func(c storage.Client) any { return c.PostLogoutRedirectURIs }},
	{name: "initiate_login_uri", of: func(c storage.Client) any { return c.InitiateLoginURI }},
	{name: "jwks", of: func(c storage.Client) any { return compact(c.JWKS) }},
	{name: "jwks_uri", of: func(c storage.Client) any { return c.JWKSURI }},
	{name: "webhook_uri", of: func(c storage.Client) any { return c.WebhookURI }},
	{name: "dialects", of: func(c storage.Client) any { return compactAll(c.Dialects) }},
}

// plainScopes makes a purpose that is missing and one that is empty the same.
func plainScopes(scopes []storage.ClientScope) []storage.ClientScope {
	plain := slices.Clone(scopes)
	for i := range plain {
		if len(plain[i].Purpose) == 0 {
			plain[i].Purpose = nil
		}
	}
	return plain
}

// compact makes two spellings of the same JSON the same.
func compact(raw json.RawMessage) any {
	var v any
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.UseNumber()
	if decoder.Decode(&v) != nil {
		return nil
	}
	return v
}

func compactAll(all map[string]json.RawMessage) map[string]any {
	values := make(map[string]any, len(all))
	for name, raw := range all {
		values[name] = compact(raw)
	}
	return values
}

// Propose saves what developers want their mini app to be. One that is not live yet becomes so at once; of one that is, only
// what needs no review does, and the rest waits as its open version, with the status draft. was is the UpdatedAt of what
// they changed: of the open version, or else of the client. It returns the names of the keys that wait for a review.
// Problems, a *StatusError while it is under review or at its end, storage.ErrNotFound or storage.ErrConflict.
func (r *Registry) Propose(ctx context.Context, by storage.Actor, c storage.Client, was string) (waiting []string, err error) {
	w, err := r.Work(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	if was != "" && was != w.ETag() {
		return nil, storage.ErrConflict
	}
	switch w.Status() {
	case storage.StatusDraft, storage.StatusChangesRequested, storage.StatusApproved, storage.StatusSuspended:
	default:
		return nil, &StatusError{ClientID: c.ID, Action: "update", Status: w.Status(), From: []string{
			storage.StatusDraft, storage.StatusChangesRequested, storage.StatusApproved, storage.StatusSuspended}}
	}
	c.Secrets, c.Status = w.Live.Secrets, w.Live.Status
	c.TokensFrom, c.CreatedAt = w.Live.TokensFrom, w.Live.CreatedAt
	if c.Public {
		c.Secrets = nil
	}
	c = Defaults(c)
	if err := r.check(ctx, c); err != nil {
		return nil, err
	}
	review := r.proposal(w, c)
	changed := Changed(w.Proposed(), c)
	if len(changed) == 0 {
		return Changed(w.Live, c), nil
	}
	event := storage.AuditEvent{
		Actor: by, Action: "client.update", Target: storage.Target{Kind: "client", ID: c.ID},
		Detail: map[string]string{"changed": strings.Join(changed, " ")},
	}
	defer r.Forget()
	if err := r.store.ApplyReview(storage.Audited(ctx, event), review); err != nil {
		if errors.Is(err, storage.ErrExists) {
			err = storage.ErrConflict
		}
		return nil, fmt.Errorf("client %q: %w", c.ID, err)
	}
	if review.Version == nil {
		return nil, nil
	}
	return Changed(*w.after(review), c), nil
}

// after is the live mini app once a review is applied.
func (w *Work) after(review storage.Review) *storage.Client {
	if review.Client != nil {
		return review.Client
	}
	return &w.Live
}

// proposal is what saving c changes. Of a live mini app, contacts alone need no review.
func (r *Registry) proposal(w *Work, c storage.Client) storage.Review {
	now := r.now().UTC().Truncate(stamp)
	if w.Version == nil && w.Live.Status != storage.StatusApproved && w.Live.Status != storage.StatusSuspended {
		c.UpdatedAt = after(w.Live.UpdatedAt, now)
		return storage.Review{Client: &c, ClientWas: w.Live.UpdatedAt}
	}
	live := w.Live
	live.Contacts = c.Contacts
	review := storage.Review{}
	if len(Changed(live, w.Live)) > 0 {
		live.UpdatedAt = after(w.Live.UpdatedAt, now)
		review.Client, review.ClientWas = &live, w.Live.UpdatedAt
	}
	switch {
	case w.Version != nil:
		v := *w.Version
		v.Client, v.UpdatedAt = c, after(v.UpdatedAt, now)
		review.Version, review.VersionWas = &v, w.Version.UpdatedAt
	case len(Changed(live, c)) > 0:
		review.Version = &storage.ClientVersion{ID: newID(), ClientID: c.ID, Status: storage.StatusDraft, Client: c, CreatedAt: now, UpdatedAt: now}
	}
	return review
}

// ETag names this state of the mini app and its open version (RFC 9110 §8.8.3, without the quotes).
func (w *Work) ETag() string {
	tag := fmt.Sprintf("%x", w.Live.UpdatedAt.UnixMicro())
	if w.Version != nil {
		tag += fmt.Sprintf("-%x", w.Version.UpdatedAt.UnixMicro())
	}
	return tag
}

// Discard drops what waits beside a live mini app. storage.ErrNotFound when nothing does.
func (r *Registry) Discard(ctx context.Context, by storage.Actor, clientID string) error {
	w, err := r.Work(ctx, clientID)
	switch {
	case err != nil:
		return err
	case w.Version == nil:
		return storage.ErrNotFound
	}
	v := *w.Version
	v.Status, v.UpdatedAt = storage.StatusArchived, after(w.Version.UpdatedAt, r.now().UTC().Truncate(stamp))
	event := storage.AuditEvent{Actor: by, Action: "client.discard", Target: storage.Target{Kind: "client", ID: clientID}, Detail: map[string]string{"version": v.ID}}
	return r.store.ApplyReview(storage.Audited(ctx, event), storage.Review{Version: &v, VersionWas: w.Version.UpdatedAt})
}
