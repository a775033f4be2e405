package identity

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/httpx"
	"gatehouse/internal/interaction"
	"gatehouse/storage"
	"gatehouse/templates"
)

// PagesOptions are what the pages work with. Companies and Log may be nil; everything else is needed.
type PagesOptions struct {
	People    *People
	Sessions  *Sessions
	Sealer    *interaction.Sealer
	Pages     *templates.Pages
	Apps      func(ctx context.Context, clientID string) (*templates.App, error) // how a client is shown
	Companies interface {
		Company(ctx context.Context, id string) (storage.Company, error)
	}
	SignUp        bool // whether people may sign up
	Now           func() time.Time
	Log           *slog.Logger
	ClientAddress func(*http.Request) string
}

// Pages are /login, /signup, /logout and /account.
type Pages struct{ PagesOptions }

// NewPages returns the pages.
func NewPages(o PagesOptions) *Pages {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Pages{o}
}

// Mount adds the pages to mux.
func (p *Pages) Mount(mux *http.ServeMux) {
	mux.HandleFunc("GET /login", p.showSignIn)
	mux.HandleFunc("POST /login", p.signIn)
	mux.HandleFunc("POST /login/switch", p.switchAccount)
	mux.HandleFunc("GET /signup", p.showSignUp)
	mux.HandleFunc("POST /signup", p.signUp)
	mux.HandleFunc("GET /logout", p.showSignOut)
	mux.HandleFunc("POST /logout", p.signOut)
	mux.HandleFunc("GET /account", p.showAccount)
	mux.HandleFunc("POST /account", p.changeAccount)
}

// step is a request to a page that is a step of an interaction.
type step struct {
	browser string
	i       interaction.Interaction
	app     *templates.App // who asks; nil without a request
}

// enter opens what was sealed for the sign-in step, or begins an interaction of the person's own when nothing was.
// When there is nothing to go on with, the browser is answered and ok is false.
func (p *Pages) enter(w http.ResponseWriter, r *http.Request, sealed string) (s *step, ok bool) {
	s = &step{browser: p.Sessions.Browser(w, r)}
	if sealed == "" {
		s.i = p.begin("")
		return s, true
	}
	var err error
	if s.i, err = p.Sealer.Open(s.browser, interaction.StepLogin, sealed); err != nil {
		p.unsealed(w, r, s.i, err)
		return nil, false
	}
	if s.app, err = p.app(r.Context(), s.i); err != nil {
		p.fail(w, r, err)
		return nil, false
	}
	return s, true
}

func (p *Pages) begin(userID string) interaction.Interaction {
	return interaction.Interaction{ID: rand.Text(), Began: p.Now(), UserID: userID}
}

// app is who the person signs in for, nil when that is nobody that we know any more.
func (p *Pages) app(ctx context.Context, i interaction.Interaction) (*templates.App, error) {
	clientID := i.Get("client_id")
	if clientID == "" {
		return nil, nil
	}
	app, err := p.Apps(ctx, clientID)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	return app, err
}

// finish sends the browser back to where the request came from, with the person who is signed in now. What another
// person did in this interaction does not count for them.
func (p *Pages) finish(w http.ResponseWriter, r *http.Request, s *step, userID string, signedInAt time.Time) {
	i := s.i
	if i.UserID != userID {
		i.LoginAt, i.DecidedAt, i.GrantID, i.GrantVersion = time.Time{}, time.Time{}, "", 0
	}
	i.UserID, i.Chosen = userID, true
	if !signedInAt.IsZero() {
		i.LoginAt = signedInAt
	}
	redirect(w, r, p.Sealer.Return(s.browser, i))
}

// redirect answers 303, so that a browser follows with GET whatever it came with (RFC 9110 §15.4.4). It is only ever
// given a path of our own.
func redirect(w http.ResponseWriter, r *http.Request, to string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// common is what every page has; user is nil when nobody is signed in.
func common(r *http.Request, i interaction.Interaction, user *storage.User) templates.Common {
	c := templates.Common{Locales: i.Get("ui_locales"), FormTarget: i.FormTarget(), RequestID: httpx.RequestID(r.Context())}
	if user != nil {
		c.Locale, c.Person = user.Locale, person(*user)
	}
	return c
}

// person is how a page shows somebody.
func person(u storage.User) *templates.Person {
	login := u.Email
	if login == "" {
		login = u.Phone
	}
	name := strings.TrimSpace(u.FirstName + " " + u.LastName)
	if name == "" {
		name = login
	}
	return &templates.Person{Name: name, Login: login}
}

// prompts reports whether the request has this value in its prompt (OIDC Core §3.1.2.1).
func prompts(i interaction.Interaction, value string) bool {
	return slices.Contains(strings.Fields(i.Get("prompt")), value)
}

func (p *Pages) from(r *http.Request, browser string) From {
	return From{Address: p.ClientAddress(r), Browser: browser,
		Knows: func(userID string) bool { return p.Sessions.Knows(r, userID) }}
}
