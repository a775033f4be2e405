package identity

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gatehouse/internal/interaction"
	"gatehouse/internal/rim"
	"gatehouse/templates"
)

// signInPatience is how long a sign-in may wait for its turn and for memory.
const signInPatience = 15 * time.Second

// showSignIn draws form#sign-in. Somebody who is signed in already and comes without a request has nothing to do here;
// with a request they were sent (prompt=login, max_age, another account), so the form is shown.
func (p *Pages) showSignIn(w http.ResponseWriter, r *http.Request) {
	query, ok := p.Query(w, r)
	if !ok {
		return
	}
	s, ok := p.enter(w, r, query.Get("interaction"))
	if !ok {
		return
	}
	if s.i.Route == "" {
		signedIn, err := p.Sessions.Current(r)
		if err != nil {
			p.Fail(w, r, err)
			return
		}
		if signedIn != nil {
			rim.Redirect(w, r, "/account")
			return
		}
	}
	page := p.signInPage(r, s)
	if !query.Has("switch") {
		page.Username = s.i.Get("login_hint") // OIDC Core §3.1.2.1
		if err := p.offerContinue(r, s, page); err != nil {
			p.Fail(w, r, err)
			return
		}
	}
	p.Pages.Render(w, r, http.StatusOK, page)
}

func (p *Pages) signInPage(r *http.Request, s *step) *templates.SignIn {
	common, sealed := rim.Common(r, s.i, nil), p.Sealer.Seal(s.browser, interaction.StepLogin, s.i)
	return &templates.SignIn{Common: common, Interaction: sealed, App: s.app, SignUp: p.SignUp, Upstreams: p.upstreams(r, common)}
}

// upstreams are the other servers that people may sign in with, in the language of the page.
func (p *Pages) upstreams(r *http.Request, c templates.Common) []templates.Upstream {
	shown := make([]templates.Upstream, len(p.Upstreams))
	for n, u := range p.Upstreams {
		shown[n] = templates.Upstream{ID: u.ID, Name: u.NameIn(p.Pages.Language(r, c))}
	}
	return shown
}

// offerContinue lets the signed-in person go on as they are, where the request wants an account chosen
// (prompt=select_account) and no new sign-in.
func (p *Pages) offerContinue(r *http.Request, s *step, page *templates.SignIn) error {
	if !prompts(s.i, "select_account") || s.i.Credentials {
		return nil
	}
	signedIn, err := p.Sessions.Current(r)
	if err == nil && signedIn != nil {
		shown := rim.Person(signedIn.User)
		page.Continue, page.Chooser = &shown, signedIn.OnlyVouched()
	}
	return err
}

// signIn answers form#sign-in, and the button that goes on as who is signed in.
func (p *Pages) signIn(w http.ResponseWriter, r *http.Request) {
	s, form, ok := p.enterForm(w, r)
	if !ok {
		return
	}
	if form.Get("continue") != "" {
		p.continueAs(w, r, s)
		return
	}
	username, password := form.Get("username"), form.Get("password")
	if err := checkFilled(form, "username", "password"); err != nil {
		p.signInAgain(w, r, s, username, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), signInPatience)
	defer cancel()
	user, err := p.People.SignIn(ctx, username, password, p.from(r, s.browser))
	if err == nil {
		err = p.welcome(w, r, s, user.ID)
	}
	if err != nil {
		p.signInAgain(w, r, s, username, err)
	}
}

// welcome starts the session of who has just proven who they are, and goes on with what they came for. With an error
// nothing is answered yet: ErrCredentials when the account was closed meanwhile, as for every closed one.
func (p *Pages) welcome(w http.ResponseWriter, r *http.Request, s *step, userID string) error {
	session, err := p.Sessions.Start(w, r, userID)
	if errors.Is(err, ErrDisabled) {
		return ErrCredentials
	}
	if err != nil {
		return err
	}
	p.finish(w, r, s, userID, session.AuthTime)
	return nil
}

// enterForm is enter for a posted form, which always has an interaction.
func (p *Pages) enterForm(w http.ResponseWriter, r *http.Request) (s *step, form url.Values, ok bool) {
	if form, ok = p.Form(w, r); !ok {
		return nil, nil, false
	}
	if form.Get("interaction") == "" {
		p.Unsealed(w, r, interaction.Interaction{}, interaction.ErrInvalid, strings.TrimSuffix(r.URL.Path, "/switch"))
		return nil, nil, false
	}
	s, ok = p.enter(w, r, form.Get("interaction"))
	return s, form, ok
}

// signInAgain draws the form with what is wrong.
func (p *Pages) signInAgain(w http.ResponseWriter, r *http.Request, s *step, username string, err error) {
	problems, status, ok := problemsOf(w, err)
	if errors.Is(err, ErrCredentials) {
		// It does not say which of the two is wrong.
		problems, status, ok = []templates.Problem{{Key: "problem.credentials"}}, http.StatusUnauthorized, true
	}
	if !ok {
		p.Fail(w, r, err)
		return
	}
	page := p.signInPage(r, s)
	page.Username, page.Problems = username, problems
	p.Pages.Render(w, r, status, page)
}

// continueAs goes on as the signed-in person. It is a choice, not a sign-in. Who is not signed in any more gets the form.
func (p *Pages) continueAs(w http.ResponseWriter, r *http.Request, s *step) {
	signedIn, err := p.Sessions.Current(r)
	switch {
	case err != nil:
		p.Fail(w, r, err)
	case signedIn == nil:
		rim.Redirect(w, r, p.signInPath(s, nil))
	default:
		p.finish(w, r, s, signedIn.User.ID, time.Time{})
	}
}

// switchAccount leads to the sign-in form for the same request, to use another account. Nothing ends: who goes back is
// still signed in.
func (p *Pages) switchAccount(w http.ResponseWriter, r *http.Request) {
	if s, _, ok := p.enterForm(w, r); ok {
		rim.Redirect(w, r, p.signInPath(s, url.Values{"switch": {"1"}}))
	}
}

func (p *Pages) signInPath(s *step, query url.Values) string {
	if query == nil {
		query = url.Values{}
	}
	query.Set("interaction", p.Sealer.Seal(s.browser, interaction.StepLogin, s.i))
	return "/login?" + query.Encode()
}

// checkFilled returns an *Invalid for each field that is empty.
func checkFilled(form url.Values, fields ...string) error {
	var errs []error
	for _, field := range fields {
		if form.Get(field) == "" {
			errs = append(errs, missing(field))
		}
	}
	return errors.Join(errs...)
}

// SendToSignIn sends a browser to sign in, as somebody or anew, and then to back, a path here.
func (p *Pages) SendToSignIn(w http.ResponseWriter, r *http.Request, back string) {
	s := &step{browser: p.Sessions.Browser(w, r), i: p.beginAt(back)}
	rim.Redirect(w, r, p.signInPath(s, nil))
}
