package superapp

import (
	"context"
	"errors"

	"gatehouse/authz"
	"gatehouse/consent"
	"gatehouse/identity/claims"
	"gatehouse/internal/translated"
	"gatehouse/storage"
)

// appRoute is GET /superapp/v1/apps/{client_id}: what a native consent sheet needs, as GAM's GetByClientId.
func (a *API) appRoute() authz.Route {
	return authz.Route{
		Methods: reading, Path: "/superapp/v1/apps/{client_id}",
		Endpoint: a.Authz.API(a.app), Decode: decodeCall, Encode: encodeMembers, Fail: fail,
	}
}

func (a *API) app(ctx context.Context, req *authz.Request) (*authz.Answer, error) {
	v, err := a.enter(ctx, req)
	if err != nil {
		return nil, err
	}
	by, err := a.publisher(ctx, v.client.PublisherID)
	if err != nil {
		return nil, err
	}
	members, err := a.describe(ctx, req, v, by)
	return &authz.Answer{Members: members}, err
}

// publisher is who answers for a mini app.
type publisher struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Verified bool   `json:"verified"`
}

// scope is what a mini app asks for, in the words of one language.
type scope struct {
	Name        string         `json:"name"`
	Title       string         `json:"title"`
	Description string         `json:"description"`
	Purpose     string         `json:"purpose"`
	Required    bool           `json:"required"`
	Claims      map[string]any `json:"claims"` // what userinfo would answer
	Decision    string         `json:"decision"`
}

// describe is a mini app of a publisher, nil for one that nobody answers for, as a person meets it.
func (a *API) describe(ctx context.Context, req *authz.Request, v *visit, by *publisher) (map[string]any, error) {
	lang := a.language(req, v)
	scopes := make([]scope, len(v.sharing.Scopes))
	for i, shared := range v.sharing.Scopes {
		var err error
		if scopes[i], err = a.scope(ctx, v, shared, lang); err != nil {
			return nil, err
		}
	}
	return map[string]any{
		"client_id": v.client.ID, "name": nameIn(v.client, lang), "logo_uri": v.client.LogoURI, "publisher": by,
		"status": v.sharing.Status, "approved": authz.Approved(v.client), "scopes": scopes,
	}, nil
}

// publisher returns nil for a mini app that nobody answers for.
func (a *API) publisher(ctx context.Context, id string) (*publisher, error) {
	p, err := a.Registry.Publisher(ctx, id)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return publisherOf(*p), nil
}

func publisherOf(p storage.Publisher) *publisher {
	return &publisher{ID: p.ID, Name: p.Name, Verified: p.Verified}
}

func (a *API) scope(ctx context.Context, v *visit, shared consent.SharedScope, lang string) (scope, error) {
	entry, err := a.Registry.Scope(ctx, shared.Name)
	if errors.Is(err, storage.ErrNotFound) { // it was registered, and has left the catalogue
		entry, err = &storage.Scope{Name: shared.Name}, nil
	}
	if err != nil {
		return scope{}, err
	}
	released, err := a.Claims.Of(ctx, v.person, v.client, shared.Name)
	if err != nil {
		return scope{}, err
	}
	texts := consent.TextsOf(entry, shared.Purpose, lang)
	return scope{
		Name: shared.Name, Title: texts.Title, Description: texts.Description, Purpose: texts.Purpose,
		Required: shared.Required, Claims: present(released), Decision: shared.Decision,
	}, nil
}

// present are the claims that the person has a value for, as in userinfo (OIDC Core §5.3.2).
func present(released []claims.Claim) map[string]any {
	values := make(map[string]any, len(released))
	for _, claim := range released {
		if claim.Value != nil {
			values[claim.Name] = claim.Value
		}
	}
	return values
}

// nameIn is a mini app's name in a language, or as it is everywhere.
func nameIn(c *storage.Client, lang string) string {
	if name, _ := translated.In(c.Names, lang); name != "" {
		return name
	}
	return c.Name
}
