package authz

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"gatehouse/identity"
	"gatehouse/internal/interaction"
	"gatehouse/internal/rim"
	"gatehouse/storage"
	"gatehouse/templates"
)

// openTicket is a sign-in ticket that is good.
type openTicket struct {
	*storage.StoredToken
	opens time.Time    // until when it may be opened; whoever is asked then may answer while the row is alive
	to    string       // where it leads
	form  string       // where else the redirects after it may lead (templates.Common.FormTarget)
	spend storage.Unit // uses it up
	// resumes is the authorization request that it leads to; nil where it leads elsewhere, or to one that will be refused.
	resumes *authorizeRequest
}

var (
	errTicket    = refuseLink(CodeInvalidRequest, "The link was used already, or is not valid. Go back to where you found it and open it anew.")
	errOldTicket = refuseLink("expired", "The link is too old. Go back to where you found it and open it anew.")
)

// refuseLink refuses what people know as a link.
func refuseLink(code, description string) *Error {
	e := refuse(code, description)
	e.Page = "link"
	return e
}

// OpenTicket signs the person in whom a ticket (Params["ticket"]) of IssueTicket or IssueHandOver is for, by a new session,
// and sends the browser to where it leads. A ticket that is not good is an error page, and nobody is signed in.
//
// Where somebody else is signed in, they are asked first, and the ticket stays unspent meanwhile: else whoever sends them a
// ticket of their own has them use another's account unawares (login CSRF). The people of one client follow each other
// unasked: it is the one that knows who holds the phone.
func (s *Server) OpenTicket(w http.ResponseWriter, r *http.Request, route *Route) {
	if err := s.openTicket(w, r, route); err != nil {
		s.writeErrorPage(w, r, nil, err)
	}
}

func (s *Server) openTicket(w http.ResponseWriter, r *http.Request, route *Route) error {
	req, err := route.Decode(r)
	if err != nil {
		return err
	}
	req.Route = route
	t, err := s.goodTicket(r.Context(), req)
	if err != nil {
		return err
	}
	who, err := s.sessions.Current(r)
	if err != nil {
		return err
	}
	to := t.to
	switch answered := s.wantsSwitch(w, r, who); {
	case r.Method == http.MethodPost && !answered: // of another site, which comes without a cookie; or drawn for others
		to = r.URL.EscapedPath()
	case !answered && !s.now().Before(t.opens):
		return errOldTicket
	case !answered && inTheWay(who, t):
		return s.askToSwitch(w, r, who, t)
	default:
		if err := s.signInBy(w, r, who, t); err != nil {
			return err
		}
		if t.resumes != nil && !keepsSession(who, t) {
			to = s.resumeSignedIn(w, r, t)
		}
	}
	noStore(w)
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// inTheWay reports whether who is signed in has to be asked before a ticket takes their place.
func inTheWay(who *identity.SignedIn, t *openTicket) bool {
	return who != nil && who.User.ID != t.UserID && who.Session.VouchedBy != t.ClientID
}

// askToSwitch draws the page that asks.
func (s *Server) askToSwitch(w http.ResponseWriter, r *http.Request, who *identity.SignedIn, t *openTicket) error {
	next, err := s.store.User(r.Context(), t.UserID)
	if err != nil {
		if errors.Is(err, storage.ErrNotFound) {
			return errTicket
		}
		return err
	}
	app, err := s.app(r.Context(), t.ClientID)
	if err != nil {
		return err
	}
	asked := interaction.Interaction{Route: r.URL.Path, UserID: who.User.ID, Began: s.now()}
	page := &templates.Switch{Common: rim.Common(r, asked, &who.User), Action: r.URL.EscapedPath(), App: *app, Next: rim.Person(next),
		Interaction: s.interactions.Seal(s.sessions.Browser(w, r), interaction.StepSwitch, asked)}
	page.FormTarget = t.form
	s.pages.Render(w, r, http.StatusOK, page)
	return nil
}

// wantsSwitch reports whether a request is the form of askToSwitch, as it was drawn for this browser, ticket and person.
func (s *Server) wantsSwitch(w http.ResponseWriter, r *http.Request, who *identity.SignedIn) bool {
	if r.Method != http.MethodPost || who == nil {
		return false
	}
	body, err := ReadBody(r, maxSealed)
	if err != nil {
		return false
	}
	form, err := url.ParseQuery(body)
	if err != nil {
		return false
	}
	asked, err := s.interactions.Open(s.sessions.Browser(w, r), interaction.StepSwitch, form.Get("interaction"))
	return err == nil && asked.Route == r.URL.Path && asked.UserID == who.User.ID
}

// goodTicket looks a ticket up, of the kind that the route is for. An *Error for one that is not good any more.
func (s *Server) goodTicket(ctx context.Context, req *Request) (*openTicket, error) {
	row, err := s.lookUp(ctx, req.Params["ticket"])
	if errors.Is(err, storage.ErrNotFound) {
		return nil, errTicket
	}
	if err != nil {
		return nil, err
	}
	now, companys := s.now(), req.Route.Ticket != nil
	switch {
	case row.Kind != storage.KindTicket || row.State != storage.TokenActive || companys != (row.CompanyID != ""):
		return nil, errTicket
	case whyDead(row, now) == ReasonExpired:
		return nil, errOldTicket
	case !row.Alive(now):
		return nil, errTicket
	}
	c, err := s.registry.Client(ctx, row.ClientID)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return nil, err
	}
	if err != nil || c.Status != storage.StatusApproved || !req.Route.Speaks(c) || !row.MayMeet(c) || ranOut(c, row, now) {
		return nil, errTicket
	}
	if companys {
		return s.companysTicket(ctx, row, c, req.Route)
	}
	return s.hostsTicket(ctx, row, c)
}

// companysTicket is one of IssueTicket. It leads to where the client's registration says, and only one of the company's
// people.
func (s *Server) companysTicket(ctx context.Context, row *storage.StoredToken, c *storage.Client, route *Route) (*openTicket, error) {
	target, _ := route.Ticket(c)
	if target == "" {
		return nil, errTicket
	}
	user, err := s.store.User(ctx, row.UserID)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return nil, err
	}
	if err != nil || !mayBeSent(user, row.CompanyID) {
		return nil, errTicket
	}
	return &openTicket{StoredToken: row, opens: row.ExpiresAt, to: target, form: target,
		spend: storage.Unit{storage.HoldGrant{ID: row.GrantID}}}, nil
}

// hostsTicket is one of IssueHandOver, which says itself where it leads.
func (s *Server) hostsTicket(ctx context.Context, row *storage.StoredToken, c *storage.Client) (*openTicket, error) {
	sess, err := decodeSession(&row.Token)
	if err != nil {
		return nil, err
	}
	if sess.Continue == "" || !c.FirstParty {
		return nil, errTicket
	}
	t := &openTicket{StoredToken: row, opens: row.ExpiresAt.Add(-timeToAnswer), to: sess.Continue}
	if err := s.findResumed(ctx, t); err != nil && asError(err).Status == http.StatusServiceUnavailable {
		return nil, err // before anything is spent
	}
	return t, nil
}

// findResumed notes the authorization request that a ticket leads to. An error is the request's, and is answered there.
func (s *Server) findResumed(ctx context.Context, t *openTicket) error {
	u, err := url.Parse(t.to)
	if err != nil {
		return err
	}
	req, err := s.resumed(ctx, u)
	if err != nil {
		return err
	}
	t.form = req.redirectURI
	if err := s.checkAuthorize(ctx, req); err != nil {
		return err
	}
	t.resumes = req
	return nil
}

// resumeSignedIn is where the request goes on that a ticket leads to. The hand-over is its sign-in step: sealed, so that it
// meets prompt and max_age of this request and of no other. Who has a way in of their own signs in all the same.
func (s *Server) resumeSignedIn(w http.ResponseWriter, r *http.Request, t *openTicket) string {
	i := s.resume(t.resumes, nil, nil)
	i.UserID, i.LoginAt, i.Chosen = t.UserID, s.now(), true
	return s.interactions.Return(s.sessions.Browser(w, r), i)
}

// signInBy spends a ticket and begins its session, both or neither: a browser that is told to come back later finds the
// ticket unspent. Whoever is signed in as the same person by their own credentials keeps the session that they have, which
// is worth more.
func (s *Server) signInBy(w http.ResponseWriter, r *http.Request, who *identity.SignedIn, t *openTicket) (err error) {
	spend := append(t.spend, storage.SpendToken{Key: t.TokenKey, At: s.now()})
	if keepsSession(who, t) {
		err = s.store.Apply(r.Context(), spend)
	} else {
		_, err = s.sessions.StartVouched(w, r, t.Token, spend)
	}
	if errors.Is(err, storage.ErrConflict) { // in this moment it was opened, the company disconnected the client, or the account was closed
		return errTicket.because(err)
	}
	return err
}

// keepsSession reports whether who is signed in is the ticket's person, by credentials of their own.
func keepsSession(who *identity.SignedIn, t *openTicket) bool {
	return who != nil && who.User.ID == t.UserID && who.Session.VouchedBy == ""
}
