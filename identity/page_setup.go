package identity

import (
	"context"
	"errors"
	"net/http"

	"gatehouse/internal/interaction"
	"gatehouse/internal/rim"
	"gatehouse/templates"
)

// showSetUp draws form#set-up for whoever has the link.
func (p *Pages) showSetUp(w http.ResponseWriter, r *http.Request) {
	query, ok := p.Query(w, r)
	if !ok {
		return
	}
	token := query.Get("token")
	if err := p.checkSetUp(r.Context(), token); err != nil {
		p.refuseSetUp(w, r, err)
		return
	}
	p.Pages.Render(w, r, http.StatusOK, &templates.SetUp{Common: rim.Common(r, interaction.Interaction{}, nil), Token: token})
}

func (p *Pages) checkSetUp(ctx context.Context, token string) error {
	if p.Setup == nil {
		return ErrSetupLink
	}
	return p.Setup.Check(ctx, token)
}

func (p *Pages) refuseSetUp(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, ErrSetupLink) {
		p.Refuse(w, r, http.StatusNotFound, "not_found", "setup_link", err.Error())
		return
	}
	p.Fail(w, r, err)
}

// setUp answers form#set-up: the first admin is signed in at once, and goes to the console.
func (p *Pages) setUp(w http.ResponseWriter, r *http.Request) {
	form, ok := p.Form(w, r)
	if !ok {
		return
	}
	token, email := form.Get("token"), form.Get("email")
	if err := p.checkSetUp(r.Context(), token); err != nil {
		p.refuseSetUp(w, r, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), signInPatience)
	defer cancel()
	user, err := p.Setup.Create(ctx, token, email, form.Get("password"), p.ClientAddress(r))
	if err != nil {
		problems, status, ok := problemsOf(w, err)
		if !ok {
			p.refuseSetUp(w, r, err)
			return
		}
		page := &templates.SetUp{Common: rim.Common(r, interaction.Interaction{}, nil), Token: token, Email: email, Problems: problems}
		p.Pages.Render(w, r, status, page)
		return
	}
	if _, err := p.Sessions.Start(w, r, user.ID); err != nil {
		p.Fail(w, r, err)
		return
	}
	rim.Redirect(w, r, "/admin")
}
