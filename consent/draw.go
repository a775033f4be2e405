package consent

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"gatehouse/internal/rim"
	"gatehouse/registry"
	"gatehouse/storage"
	"gatehouse/templates"
)

// page is the consent page for a visit.
func (p *Pages) page(r *http.Request, v *visit) (*templates.Consent, error) {
	app, err := p.Apps(r.Context(), v.client.ID)
	if err != nil {
		return nil, err
	}
	page := &templates.Consent{
		Common: rim.Common(r, v.i, &v.person), App: *app, Account: rim.Person(v.person),
		Pairwise: v.client.SubjectType == registry.SubjectPairwise, ReturnHost: returnHost(v.i.Get("redirect_uri")), Expires: v.i.Expires(),
	}
	page.Interaction, page.Switch = p.sealed(v)
	if v.company != nil {
		page.Company = v.company.Name
	}
	return page, p.addItems(r, v, page)
}

// addItems sorts the requested scopes into what cannot be left out, what can, and what is allowed already. A scope that
// was left out before and is not asked again is not on the page.
func (p *Pages) addItems(r *http.Request, v *visit, page *templates.Consent) error {
	person := &v.person
	if v.company != nil {
		person = nil
	}
	for _, scope := range v.requested {
		asked := slices.Contains(v.answer.Ask, scope.Name)
		made, decided := find(v.grant, scope.Name, p.now())
		if !asked && !made.Allowed {
			continue
		}
		item, err := p.item(r.Context(), person, v.client, scope, v.lang)
		if err != nil {
			return err
		}
		if !asked {
			item.Until = made.Until
		}
		item.Repurposed = asked && made.Allowed && !stillSo(made, scope, v.client.PublisherID)
		item.New = asked && !decided && v.grant != nil && len(v.grant.Decisions) > 0
		if scope.Name == registry.ScopeOfflineAccess {
			page.Offline, page.OfflineEnd = true, item.Until
		}
		switch {
		case !asked:
			page.Known = append(page.Known, item)
		case Required(scope):
			page.Required = append(page.Required, item)
		default:
			page.Optional = append(page.Optional, item)
		}
	}
	return nil
}

// item is one scope, with the values that userinfo would answer about a person. With nil for the person there are none: a
// company's authorization shares nothing of a person. client is nil for one that has gone.
func (p *Pages) item(ctx context.Context, person *storage.User, client *storage.Client, scope storage.ClientScope, lang string) (templates.ConsentItem, error) {
	entry, err := p.entry(ctx, scope.Name)
	if err != nil {
		return templates.ConsentItem{}, err
	}
	item := templates.ConsentItem{Scope: scope.Name, Title: title(entry, lang), Sensitive: entry.Sensitive}
	item.Description, _ = pick(entry.Description, lang)
	item.Purpose, item.PurposeLang = pick(scope.Purpose, lang)
	if person == nil || client == nil {
		return item, nil
	}
	released, err := p.Claims.Of(ctx, *person, client, scope.Name)
	if err != nil {
		return templates.ConsentItem{}, err
	}
	for _, claim := range released {
		item.Claims = append(item.Claims, claim.Name)
	}
	item.Values = values(released)
	return item, nil
}

// returnHost is what a person should recognise of a redirect URI: its host, or the scheme of an app on their device.
// Registered URIs are ASCII, so a look-alike in another script shows in its punycode.
func returnHost(redirectURI string) string {
	u, err := url.Parse(redirectURI)
	if err != nil {
		return ""
	}
	if u.Host == "" {
		return u.Scheme
	}
	return u.Host
}
