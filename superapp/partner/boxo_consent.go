package partner

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"gatehouse/authz"
	"gatehouse/authz/dialect"
	"gatehouse/authz/dialect/boxo"
	"gatehouse/consent"
	"gatehouse/registry"
	"gatehouse/storage"
)

// consentRoute is the Boxo platform's GET /api/v1/accounts/consent/get_consent: what a person, whom the mini app knows by
// user_reference, has allowed.
func (p *Partner) consentRoute() authz.Route {
	return authz.Route{
		Methods: []string{http.MethodGet}, Path: "/api/v1/accounts/consent/get_consent", Dialect: registry.DialectBoxo,
		Endpoint: p.authz.API(p.consent), Decode: decodeConsent, Encode: encodeConsent, Fail: failBoxo,
		Check: boxo.CheckClient(p.registry.BoxoApp),
	}
}

func decodeConsent(r *http.Request) (*authz.Request, error) {
	req := boxo.DecodeClient(r)
	query, err := dialect.ReadQuery(r)
	if err != nil {
		return req, err
	}
	if err := addressed(req, query); err != nil {
		return req, err
	}
	if req.Params, err = query.Params(map[string]string{paramReference: paramReference}); err != nil {
		return req, err
	}
	if req.Params[paramReference] == "" {
		return req, boxo.Refuse(codeUserIDRequired, "user_reference is missing.")
	}
	return req, nil
}

// encodeConsent writes an answer of our own, since the vendor's is not published.
func encodeConsent(_ *authz.Request, a *authz.Answer) authz.Response {
	return authz.Response{Body: a.Members}
}

// consent reads what the person has decided. consent says that everything which the mini app requires is allowed, and
// something is; scopes, what. Somebody unknown has allowed nothing.
func (p *Partner) consent(ctx context.Context, req *authz.Request) (*authz.Answer, error) {
	c, err := p.authz.Authenticate(ctx, req)
	if err != nil {
		return nil, err
	}
	reference := req.Params[paramReference]
	grant, err := p.grantOf(ctx, c, reference)
	if err != nil {
		return nil, err
	}
	settings, _ := registry.BoxoOf(c)
	found := map[string]any{
		"client_id": c.ID, "app_id": settings.AppID, "user_reference": reference,
		"consent": false, "scopes": []string{}, "updated_at": nil,
	}
	if grant != nil {
		scopes := append([]string{}, consent.AllowedScopes(grant, c, p.now())...)
		lacks := func(s storage.ClientScope) bool { return s.Required && !slices.Contains(scopes, s.Name) }
		found["consent"] = len(scopes) > 0 && !slices.ContainsFunc(c.Scopes, lacks)
		found["scopes"] = scopes
		found["updated_at"] = grant.UpdatedAt.UTC().Truncate(time.Second) // of the last decision
	}
	return &authz.Answer{Client: c, Members: found}, nil
}

const (
	grantsPage   = 500             // grants that are read at a time
	searchPeriod = 3 * time.Second // what looking for a pairwise reference may take
)

// grantOf returns the grant of the person whom a client knows by reference, nil for none. A pairwise reference does not
// lead back to a person, so everybody who has decided about the client is compared; when that takes too long the error
// is that of a database that does not answer in time.
func (p *Partner) grantOf(ctx context.Context, c *storage.Client, reference string) (*storage.Grant, error) {
	if c.SubjectType != registry.SubjectPairwise {
		grant, err := p.grants.Grant(ctx, storage.Owner{UserID: reference}, c.ID)
		if errors.Is(err, storage.ErrNotFound) {
			return nil, nil
		}
		return &grant, err
	}
	ctx, cancel := context.WithTimeout(ctx, searchPeriod)
	defer cancel()
	for after := ""; ; {
		grants, err := p.grants.ClientGrants(ctx, c.ID, after, grantsPage)
		if err != nil {
			return nil, err
		}
		for i := range grants {
			if user := grants[i].Owner.UserID; user != "" && p.claims.Subject(user, c) == reference {
				return &grants[i], nil
			}
		}
		if len(grants) < grantsPage {
			return nil, nil
		}
		after = grants[len(grants)-1].ID
	}
}
