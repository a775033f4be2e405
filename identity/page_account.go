package identity

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"gatehouse/internal/interaction"
	"gatehouse/internal/rim"
	"gatehouse/storage"
	"gatehouse/templates"
)

// saves are what /account can say it has done.
var saves = []string{"profile", "password", "sessions", "end-session"}

// showAccount draws the person's own page. Who is not signed in goes to sign in.
func (p *Pages) showAccount(w http.ResponseWriter, r *http.Request) {
	query, ok := p.Query(w, r)
	if !ok {
		return
	}
	signedIn, err := p.Sessions.Current(r)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	if signedIn == nil {
		rim.Redirect(w, r, "/login")
		return
	}
	page, err := p.accountPage(w, r, signedIn)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	if saved := query.Get("saved"); slices.Contains(saves, saved) {
		page.Saved = "saved." + saved
	}
	p.Pages.Render(w, r, http.StatusOK, page)
}

func (p *Pages) accountPage(w http.ResponseWriter, r *http.Request, signedIn *SignedIn) (*templates.Account, error) {
	u := signedIn.User
	page := &templates.Account{Common: rim.Common(r, interaction.Interaction{}, &u),
		Interaction: p.sealOwn(p.Sessions.Browser(w, r), signedIn),
		User: templates.AccountUser{Email: u.Email, Phone: u.Phone, FirstName: u.FirstName, LastName: u.LastName,
			EmailVerified: u.EmailVerified, PhoneVerified: u.PhoneVerified, HasPassword: u.PasswordHash != ""}}
	var err error
	if page.User.Company, err = p.companyName(r.Context(), u.CompanyID); err != nil {
		return nil, err
	}
	sessions, err := p.Sessions.Of(r.Context(), u.ID)
	if err != nil {
		return nil, err
	}
	for _, session := range sessions {
		voucher, err := p.voucher(r.Context(), session.VouchedBy)
		if err != nil {
			return nil, err
		}
		page.Sessions = append(page.Sessions, templates.AccountSession{ID: session.ID, Device: Device(session.UserAgent),
			Address: session.Address, SeenAt: session.SeenAt, VouchedBy: voucher, Current: session.ID == signedIn.Session.ID})
	}
	return page, nil
}

// voucher is the name of the mini app that signed a person in; empty when none did. One that has gone goes by its ID.
func (p *Pages) voucher(ctx context.Context, clientID string) (string, error) {
	if clientID == "" {
		return "", nil
	}
	app, err := p.Apps(ctx, clientID)
	if errors.Is(err, storage.ErrNotFound) {
		return clientID, nil
	}
	if err != nil {
		return "", err
	}
	return app.Name, nil
}

func (p *Pages) companyName(ctx context.Context, id string) (string, error) {
	if id == "" || p.Companies == nil {
		return "", nil
	}
	company, err := p.Companies.Company(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return id, nil
	}
	return company.Name, err
}

// changeAccount answers the forms of /account; action says which.
func (p *Pages) changeAccount(w http.ResponseWriter, r *http.Request) {
	signedIn, form, ok := p.enterOwn(w, r, "/login")
	if !ok {
		return
	}
	var err error
	action := form.Get("action")
	if signedIn.Vouched() && action != "password" { // which asks for the current one
		rim.Redirect(w, r, p.signInPath(&step{browser: p.Sessions.Browser(w, r), i: p.beginAt("/account")}, nil))
		return
	}
	switch action {
	case "profile":
		err = p.People.SetNames(r.Context(), signedIn.User.ID, form.Get("first_name"), form.Get("last_name"), p.from(r, p.Sessions.Browser(w, r)))
	case "password":
		err = p.changePassword(w, r, signedIn, form)
	case "sessions", "end-session":
		if action == "end-session" || form.Has("session") { // whoever names one never means all
			err = p.Sessions.EndOther(r.Context(), signedIn, form.Get("session"))
		} else {
			err = p.Sessions.EndOthers(r.Context(), signedIn)
		}
	default:
		p.Refuse(w, r, http.StatusBadRequest, "invalid_request", "", "action is none of profile, password, sessions and end-session")
		return
	}
	if err != nil {
		p.accountAgain(w, r, signedIn, form, err)
		return
	}
	rim.Redirect(w, r, "/account?saved="+action)
}

// changePassword ends every session of the person, a stolen copy of this browser's cookie included, and starts a new one
// here.
func (p *Pages) changePassword(w http.ResponseWriter, r *http.Request, signedIn *SignedIn, form url.Values) error {
	if err := checkFilled(form, "current_password", "new_password"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), signInPatience)
	defer cancel()
	from := p.from(r, p.Sessions.Browser(w, r))
	err := p.People.ChangePassword(ctx, signedIn.User, form.Get("current_password"), form.Get("new_password"), from)
	if err != nil {
		return err
	}
	if _, err = p.Sessions.Start(w, r, signedIn.User.ID); errors.Is(err, ErrDisabled) {
		return ErrCredentials
	}
	return err
}

// accountAgain draws the page with what is wrong, and with the names as they were typed.
func (p *Pages) accountAgain(w http.ResponseWriter, r *http.Request, signedIn *SignedIn, form url.Values, err error) {
	problems, status, ok := problemsOf(w, err)
	for i := range problems {
		if problems[i].Field == "password" {
			problems[i].Field = "new_password"
		}
	}
	if errors.Is(err, ErrCredentials) || errors.Is(err, storage.ErrConflict) { // or changed elsewhere at this moment
		wrong := templates.Problem{Field: "current_password", Key: "problem.password_wrong"}
		problems, status, ok = []templates.Problem{wrong}, http.StatusUnauthorized, true
	}
	if !ok {
		p.Fail(w, r, err)
		return
	}
	page, err := p.accountPage(w, r, signedIn)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	if form.Get("action") == "profile" {
		page.User.FirstName, page.User.LastName = form.Get("first_name"), form.Get("last_name")
	}
	page.Problems = problems
	p.Pages.Render(w, r, status, page)
}
