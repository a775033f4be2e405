package identity

import (
	"net/http"
	"net/url"
	"strings"

	"gatehouse/internal/interaction"
	"gatehouse/internal/rim"
	"gatehouse/templates"
)

// showSignOut asks before signing out, so that no link elsewhere signs anybody out. Who is not signed in is told so.
func (p *Pages) showSignOut(w http.ResponseWriter, r *http.Request) {
	browser := p.Sessions.Browser(w, r)
	signedIn, err := p.Sessions.Current(r)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	page := &templates.SignOut{Common: rim.Common(r, interaction.Interaction{}, nil), Done: signedIn == nil}
	if signedIn != nil {
		page.Common = rim.Common(r, interaction.Interaction{}, &signedIn.User)
		page.Interaction = p.sealOwn(browser, signedIn)
	}
	p.Pages.Render(w, r, http.StatusOK, page)
}

// signOut answers form#sign-out. The page that follows says that it is done, because nobody is signed in.
func (p *Pages) signOut(w http.ResponseWriter, r *http.Request) {
	if _, _, ok := p.enterOwn(w, r, "/logout"); !ok {
		return
	}
	if err := p.Sessions.End(w, r); err != nil {
		p.Fail(w, r, err)
		return
	}
	rim.Redirect(w, r, "/logout")
}

// sealOwn seals what a form of the person's own pages carries: for this browser and this person.
func (p *Pages) sealOwn(browser string, signedIn *SignedIn) string {
	return p.Sealer.Seal(browser, interaction.StepAccount, p.begin(signedIn.User.ID))
}

// enterOwn reads a form of the person's own pages. Who is not signed in is sent to elsewhere; a form that was drawn for
// another person or browser is refused.
func (p *Pages) enterOwn(w http.ResponseWriter, r *http.Request, elsewhere string) (*SignedIn, url.Values, bool) {
	form, ok := p.Form(w, r)
	if !ok {
		return nil, nil, false
	}
	browser := p.Sessions.Browser(w, r)
	signedIn, err := p.Sessions.Current(r)
	switch {
	case err != nil:
		p.Fail(w, r, err)
		return nil, nil, false
	case signedIn == nil:
		rim.Redirect(w, r, elsewhere)
		return nil, nil, false
	}
	i, err := p.Sealer.Open(browser, interaction.StepAccount, form.Get("interaction"))
	if err == nil && i.UserID != signedIn.User.ID {
		err = interaction.ErrInvalid
	}
	if err != nil {
		p.Unsealed(w, r, i, err, strings.TrimSuffix(r.URL.Path, "/switch"))
		return nil, nil, false
	}
	return signedIn, form, true
}
