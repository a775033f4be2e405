package admin

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/registry"
	"gatehouse/storage"
)

const (
	initialTokenKind = "initial_access_token"
	// InitialTokenPrefix is what every initial access token begins with: gia_<id>_<secret>.
	InitialTokenPrefix = "gia_"

	maxTokenUses = 1_000_000
)

// NewInitialToken is an initial access token to create: what programs may register with it, and what comes of that.
type NewInitialToken struct {
	Name      string
	Publisher string    // of what is registered; empty: none
	Status    string    // of what is registered: submitted (also where this is empty) or approved
	Purposes  string    // of what is approved at once: required (also where this is empty) or optional
	Scopes    []string  // that can be registered, and that a registration gets which names none; empty: any, and openid
	MaxUses   int       // 0: any number
	ExpiresAt time.Time // zero: never
}

// InitialTokens lists what lets programs register mini apps.
func (h *House) InitialTokens(ctx context.Context, c Caller, p Page) (List[storage.InitialAccessToken], error) {
	if err := h.may(c, InitialTokenRead, Belongs{}); err != nil {
		return List[storage.InitialAccessToken]{}, err
	}
	return paged(p, func(after string, limit int) ([]storage.InitialAccessToken, error) {
		return h.Store.InitialAccessTokens(ctx, after, limit)
	}, func(t storage.InitialAccessToken) string { return t.ID })
}

// CreateInitialToken makes an initial access token and returns it with its value, this once. registry.Problems where it cannot
// be.
func (h *House) CreateInitialToken(ctx context.Context, c Caller, n NewInitialToken) (t storage.InitialAccessToken, value string, err error) {
	if err := h.may(c, InitialTokenCreate, Belongs{PublisherID: n.Publisher}); err != nil {
		return t, "", err
	}
	if n.Status == "" {
		n.Status = storage.StatusSubmitted
	}
	if n.Purposes == "" {
		n.Purposes = storage.PurposesRequired
	}
	if err := h.checkInitialToken(ctx, n); err != nil {
		return t, "", err
	}
	t = storage.InitialAccessToken{
		ID: strings.ToLower(rand.Text()), Name: n.Name, PublisherID: n.Publisher, Status: n.Status, Purposes: n.Purposes, Scopes: n.Scopes, MaxUses: n.MaxUses,
		CreatedAt: h.now(), ExpiresAt: n.ExpiresAt.UTC().Truncate(time.Microsecond),
	}
	value = InitialTokenPrefix + t.ID + "_" + registry.GenerateSecret()
	t.Hash = hashKey(value)
	ctx = h.audited(ctx, c, InitialTokenCreate, initialTokenKind, t.ID, "publisher", t.PublisherID, "status", t.Status, "purposes", t.Purposes, "scopes", strings.Join(t.Scopes, " "))
	return t, value, h.Store.CreateInitialAccessToken(ctx, t)
}

func (h *House) checkInitialToken(ctx context.Context, n NewInitialToken) error {
	var p registry.Problems
	add := func(field, format string, args ...any) {
		p = append(p, registry.Problem{Field: field, Text: fmt.Sprintf(format, args...)})
	}
	if n.Name == "" || len([]rune(n.Name)) > maxKeyName || strings.ContainsFunc(n.Name, unprintable) {
		add("name", "must say in 1 to %d characters what the token is for", maxKeyName)
	}
	if n.Status != storage.StatusSubmitted && n.Status != storage.StatusApproved {
		add("status", "%q is not allowed; use submitted, or approved for what needs no review", n.Status)
	}
	if n.Purposes != storage.PurposesRequired && n.Purposes != storage.PurposesOptional {
		add("purposes", "%q is not allowed; use required, or optional where nobody has to say why they want what people share", n.Purposes)
	}
	if n.MaxUses < 0 || n.MaxUses > maxTokenUses {
		add("max_uses", "must be from 1 to %d, or 0 for any number", maxTokenUses)
	}
	if !n.ExpiresAt.IsZero() && !n.ExpiresAt.After(h.Now()) {
		add("expires_at", "is in the past")
	}
	if n.Publisher != "" {
		switch _, err := h.Registry.Publisher(ctx, n.Publisher); {
		case isNotFound(err):
			add("publisher", "%q is not known; create the publisher first", n.Publisher)
		case err != nil:
			return err
		}
	}
	own, err := h.Registry.Scopes(ctx)
	if err != nil {
		return err
	}
	for i, name := range n.Scopes {
		at := fmt.Sprintf("scopes[%d]", i)
		switch {
		case !slices.ContainsFunc(own, func(s storage.Scope) bool { return s.Name == name }):
			add(at, "%q is not in the catalogue; add the scope first", name)
		case slices.Contains(n.Scopes[:i], name):
			add(at, "%q is listed twice; leave one out", name)
		}
	}
	return p.Err()
}

// DeleteInitialToken removes an initial access token; what was registered with it stays.
func (h *House) DeleteInitialToken(ctx context.Context, c Caller, id string) error {
	if err := h.may(c, InitialTokenDelete, Belongs{}); err != nil {
		return err
	}
	return h.Store.DeleteInitialAccessToken(h.audited(ctx, c, InitialTokenDelete, initialTokenKind, id), id)
}
