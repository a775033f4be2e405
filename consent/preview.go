package consent

import (
	"context"
	"net/http"
	"slices"

	"gatehouse/internal/interaction"
	"gatehouse/internal/rim"
	"gatehouse/registry"
	"gatehouse/storage"
	"gatehouse/templates"
)

// sample is the person in a preview.
var sample = storage.User{
	ID: "00000000-0000-7000-8000-000000000000", FirstName: "Ana", LastName: "Souza", Email: "ana@example.com", EmailVerified: true,
	Phone: "+59899123456", PhoneVerified: true,
}

// Sample returns the person in a preview, who is nobody.
func Sample() storage.User { return sample }

// Preview draws the consent page that a client would have, with everything that it is registered for and a sample person.
// Nothing on it does anything. viewer is who looks at it; look says where it is and how it is drawn.
func (p *Pages) Preview(w http.ResponseWriter, r *http.Request, viewer storage.User, client storage.Client, app templates.App, look templates.Preview) error {
	common := rim.Common(r, interaction.Interaction{}, &viewer)
	common.Language, common.Theme = look.Lang, look.Theme
	v := &visit{person: sample, lang: p.Pages.Language(r, common), client: &client}
	for _, s := range client.Scopes {
		if !registry.ClientOnly(s.Name) {
			v.requested = append(v.requested, s)
			v.answer.Ask = append(v.answer.Ask, s.Name)
		}
	}
	page := previewPage(common, v, app, look)
	if slices.Contains(v.answer.Ask, registry.ScopeUserSession) && !slices.Contains(v.answer.Ask, registry.ScopeOpenID) {
		v.company = &storage.Company{Name: "Acme Ltd"}
		page.Company = v.company.Name
	}
	return p.drawPreview(w, r, v, page)
}

// PreviewFor draws the consent page that a person would see if a client asked for scope now; see Preview.
func (p *Pages) PreviewFor(w http.ResponseWriter, r *http.Request, viewer, person storage.User, client storage.Client, scope []string, app templates.App, look templates.Preview) error {
	common := rim.Common(r, interaction.Interaction{}, &viewer)
	v := &visit{person: person, lang: p.Pages.Language(r, common), client: &client, requested: Requested(&client, scope), owner: storage.Owner{UserID: person.ID}}
	page := previewPage(common, v, app, look)
	if slices.Contains(scope, registry.ScopeUserSession) {
		company, err := p.company(r.Context(), person)
		if err != nil {
			return err
		}
		v.company, v.owner, page.Company = &company, storage.Owner{CompanyID: company.ID}, company.Name
	}
	if err := p.findGrant(r, v); err != nil {
		return err
	}
	return p.drawPreview(w, r, v, page)
}

// previewPage is the page of a preview without its scopes.
func previewPage(common templates.Common, v *visit, app templates.App, look templates.Preview) *templates.Consent {
	page := &templates.Consent{
		Common: common, App: app, Account: rim.Person(v.person), Pairwise: v.client.SubjectType == registry.SubjectPairwise, Preview: &look,
	}
	if len(v.client.RedirectURIs) > 0 {
		page.ReturnHost = returnHost(v.client.RedirectURIs[0])
	}
	return page
}

func (p *Pages) drawPreview(w http.ResponseWriter, r *http.Request, v *visit, page *templates.Consent) error {
	if err := p.addItems(r, v, page); err != nil {
		return err
	}
	p.Pages.Render(w, r, http.StatusOK, page)
	return nil
}

// Samples returns, for each scope of a registration, what a mini app would learn of the sample person.
func (p *Pages) Samples(ctx context.Context, client storage.Client, lang string) (map[string][]templates.Value, error) {
	samples := make(map[string][]templates.Value, len(client.Scopes))
	for _, scope := range client.Scopes {
		if registry.ClientOnly(scope.Name) {
			continue
		}
		item, err := p.item(ctx, &sample, &client, scope, lang)
		if err != nil {
			return nil, err
		}
		samples[scope.Name] = item.Values
	}
	return samples, nil
}
