package identity

import (
	"context"
	"net/http"
	"net/url"

	"gatehouse/internal/interaction"
	"gatehouse/internal/rim"
	"gatehouse/templates"
)

// showSignUp draws form#sign-up, for the same interaction as the sign-in form that links here.
func (p *Pages) showSignUp(w http.ResponseWriter, r *http.Request) {
	query, ok := p.Query(w, r)
	if !ok || !p.open(w, r) {
		return
	}
	if s, ok := p.enter(w, r, query.Get("interaction")); ok {
		p.Pages.Render(w, r, http.StatusOK, p.signUpPage(r, s, nil))
	}
}

// open answers not_found where people may not sign up.
func (p *Pages) open(w http.ResponseWriter, r *http.Request) bool {
	if !p.SignUp {
		p.Refuse(w, r, http.StatusNotFound, "not_found", "", "sign-up is turned off (GATEHOUSE_SIGNUP)")
	}
	return p.SignUp
}

func (p *Pages) signUpPage(r *http.Request, s *step, form url.Values) *templates.SignUp {
	common := rim.Common(r, s.i, nil)
	return &templates.SignUp{Common: common, Interaction: p.Sealer.Seal(s.browser, interaction.StepLogin, s.i),
		App: s.app, Email: form.Get("email"), FirstName: form.Get("first_name"), LastName: form.Get("last_name"),
		Phone: form.Get("phone"), Upstreams: p.upstreams(r, common)}
}

// signUp answers form#sign-up: the new person is signed in at once, since there is no mail to prove an address with.
func (p *Pages) signUp(w http.ResponseWriter, r *http.Request) {
	if !p.open(w, r) {
		return
	}
	s, form, ok := p.enterForm(w, r)
	if !ok {
		return
	}
	n := NewUser{Email: form.Get("email"), Phone: form.Get("phone"), Password: form.Get("password"),
		FirstName: form.Get("first_name"), LastName: form.Get("last_name")}
	ctx, cancel := context.WithTimeout(r.Context(), signInPatience)
	defer cancel()
	user, err := p.People.SignUp(ctx, n, p.from(r, s.browser))
	if err != nil {
		p.signUpAgain(w, r, s, form, err)
		return
	}
	if err := p.welcome(w, r, s, user.ID); err != nil {
		p.signInAgain(w, r, s, n.Email, err)
	}
}

// signUpAgain draws the form with what is wrong.
func (p *Pages) signUpAgain(w http.ResponseWriter, r *http.Request, s *step, form url.Values, err error) {
	problems, status, ok := problemsOf(w, err)
	if !ok {
		p.Fail(w, r, err)
		return
	}
	page := p.signUpPage(r, s, form)
	page.Problems = problems
	p.Pages.Render(w, r, status, page)
}
