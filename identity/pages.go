package identity

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/interaction"
	"gatehouse/internal/rim"
	"gatehouse/storage"
	"gatehouse/templates"
)

// PagesOptions are what the pages work with. Companies may be nil; everything else is needed.
type PagesOptions struct {
	rim.Writer
	People    *People
	Sessions  *Sessions
	Sealer    *interaction.Sealer
	Companies interface {
		Company(ctx context.Context, id string) (storage.Company, error)
	}
	Setup         *Setup     // makes the first admin; nil: nobody can
	SignUp        bool       // whether people may sign up
	Upstreams     []Upstream // other servers that people may sign in with
	Now           func() time.Time
	ClientAddress func(*http.Request) string
}

// Pages are /login, /signup, /logout and /account.
type Pages struct{ PagesOptions }

// NewPages returns the pages.
func NewPages(o PagesOptions) *Pages { return &Pages{o} }

// Mount adds the pages to mux.
func (p *Pages) Mount(mux *http.ServeMux) {
	mux.HandleFunc("GET /login", p.showSignIn)
	mux.HandleFunc("POST /login", p.signIn)
	mux.HandleFunc("POST /login/switch", p.switchAccount)
	mux.HandleFunc("GET /signup", p.showSignUp)
	mux.HandleFunc("POST /signup", p.signUp)
	mux.HandleFunc("GET /setup", p.showSetUp)
	mux.HandleFunc("POST /setup", p.setUp)
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
		p.Unsealed(w, r, s.i, err, strings.TrimSuffix(r.URL.Path, "/switch"))
		return nil, false
	}
	if s.app, err = p.app(r.Context(), s.i); err != nil {
		p.Fail(w, r, err)
		return nil, false
	}
	return s, true
}

func (p *Pages) begin(userID string) interaction.Interaction {
	return interaction.Interaction{ID: rand.Text(), Began: p.Now(), UserID: userID}
}

// beginAt begins an interaction that leads back to one of the person's own pages.
func (p *Pages) beginAt(path string) interaction.Interaction {
	i := p.begin("")
	i.Route = path
	return i
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
		i = i.Undone()
	}
	i.UserID, i.Chosen = userID, true
	if !signedInAt.IsZero() {
		i.LoginAt = signedInAt
	}
	rim.Redirect(w, r, p.Sealer.Return(s.browser, i))
}

// prompts reports whether the request has this value in its prompt (OIDC Core §3.1.2.1).
func prompts(i interaction.Interaction, value string) bool {
	return slices.Contains(strings.Fields(i.Get("prompt")), value)
}

func (p *Pages) from(r *http.Request, browser string) From {
	return From{Address: p.ClientAddress(r), Browser: browser,
		Knows: func(userID string) bool { return p.Sessions.Knows(r, userID) }}
}
