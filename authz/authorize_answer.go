package authz

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"gatehouse/internal/httpx"
	"gatehouse/internal/interaction"
	"gatehouse/templates"
)

// Response modes (OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode §2).
const (
	modeQuery    = "query"
	modeFormPost = "form_post"
)

// steps says where a step is done.
var steps = map[interaction.Step]string{
	interaction.StepLogin:   "/login",
	interaction.StepConsent: "/consent",
}

// sendTo sends the browser to a step, with the interaction sealed for it.
func (s *Server) sendTo(w http.ResponseWriter, r *http.Request, step interaction.Step, i interaction.Interaction) {
	s.metrics.Authorized(string(step))
	sealed := s.interactions.Seal(s.sessions.Browser(w, r), step, i)
	noStore(w)
	http.Redirect(w, r, steps[step]+"?"+url.Values{"interaction": {sealed}}.Encode(), http.StatusSeeOther)
}

// refuseAuthorize answers with a page where client or redirect URI are not good, or where the fault is ours and passes;
// with an error at the redirect URI otherwise (RFC 6749 §4.1.2.1).
func (s *Server) refuseAuthorize(w http.ResponseWriter, r *http.Request, req *authorizeRequest, err error) {
	e := asError(err)
	var onPage pageError
	if errors.As(err, &onPage) || e.Status == http.StatusServiceUnavailable {
		s.writeErrorPage(w, r, req, err)
		return
	}
	s.logError(r.Context(), e)
	s.metrics.Authorized(e.Code)
	s.noteAuthorize(r.Context(), req, e)
	s.writeAuthorization(w, r, req, url.Values{"error": {e.Code}, "error_description": {e.Description}})
}

// writeAuthorization sends an authorization response, with the state exactly as it came and iss (RFC 9207 §2).
func (s *Server) writeAuthorization(w http.ResponseWriter, r *http.Request, req *authorizeRequest, values url.Values) {
	if state := req.params["state"]; state != "" {
		values.Set("state", state)
	}
	values.Set("iss", s.issuer)
	values = req.route.Redirect(values)
	if req.mode == modeFormPost {
		s.writeFormPost(w, r, req, values)
		return
	}
	noStore(w)
	w.Header().Set("Location", withQuery(req.redirectURI, values))
	w.WriteHeader(http.StatusSeeOther)
}

// withQuery adds parameters to a registered URI and leaves the rest of it byte for byte (RFC 6749 §3.1.2).
func withQuery(uri string, values url.Values) string {
	separator := "?"
	if strings.Contains(uri, "?") {
		separator = "&"
		if strings.HasSuffix(uri, "?") || strings.HasSuffix(uri, "&") {
			separator = ""
		}
	}
	return uri + separator + values.Encode()
}

func (s *Server) writeFormPost(w http.ResponseWriter, r *http.Request, req *authorizeRequest, values url.Values) {
	page := &templates.FormPost{Common: s.common(r, req), Action: req.redirectURI}
	for _, name := range []string{"code", "error", "error_description", "state", "iss"} {
		if values.Has(name) {
			page.Fields = append(page.Fields, templates.Field{Name: name, Value: values.Get(name)})
		}
	}
	if app, err := s.app(r.Context(), req.client.ID); err == nil {
		page.App = *app
	}
	s.pages.Render(w, r, http.StatusOK, page)
}

// writeErrorPage answers the person where nothing may be redirected. req may be nil.
func (s *Server) writeErrorPage(w http.ResponseWriter, r *http.Request, req *authorizeRequest, err error) {
	e := asError(err)
	s.logError(r.Context(), e)
	s.metrics.Authorized(e.Code)
	page := &templates.Error{Common: s.common(r, req), Code: e.Code, Key: e.Page, Detail: e.Description}
	if req != nil {
		s.noteAuthorize(r.Context(), req, e)
		s.addWayBack(r, page, req.params["client_id"])
	}
	status := e.Status
	switch status {
	case http.StatusUnauthorized:
		status = http.StatusBadRequest // nobody is asked to authenticate here
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	}
	s.pages.Render(w, r, status, page)
}

// addWayBack offers to start again at the mini app, if it is known and nobody has to be kept from going there.
func (s *Server) addWayBack(r *http.Request, page *templates.Error, clientID string) {
	if clientID == "" || page.Code == CodeTemporarilyUnavailable || page.Code == CodeUnauthorizedClient {
		return
	}
	if app, err := s.app(r.Context(), clientID); err == nil {
		page.App, page.Retry = app, app.LoginURI
	}
}

func (s *Server) common(r *http.Request, req *authorizeRequest) templates.Common {
	c := templates.Common{RequestID: httpx.RequestID(r.Context())}
	if req != nil {
		c.Locales = req.params["ui_locales"]
	}
	return c
}

// expiredOr names what is wrong with a sealed interaction.
func expiredOr(err error) error {
	if errors.Is(err, interaction.ErrExpired) {
		return refuse("expired", "The sign-in took too long.")
	}
	return refuse(CodeInvalidRequest, "This page belongs to another browser, or its address was changed. Start again at the app.")
}

func noStore(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
}
