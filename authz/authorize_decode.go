package authz

import (
	"net/http"
	"net/url"
	"strings"

	"gatehouse/identity"
	"gatehouse/internal/interaction"
)

// authorizeByGet answers a POST (OIDC Core §3.1.2.1) with the GET of the same request, before anything is looked at: a
// POST from another site carries no SameSite cookie, the GET that follows it does.
func (s *Server) authorizeByGet(w http.ResponseWriter, r *http.Request) {
	body, err := ReadBody(r, maxAuthorize)
	if err != nil {
		s.writeErrorPage(w, r, nil, err)
		return
	}
	values, err := url.ParseQuery(strings.Trim(r.URL.RawQuery+"&"+body, "&"))
	switch encoded := values.Encode(); {
	case err != nil:
		s.writeErrorPage(w, r, nil, refuse(CodeInvalidRequest, "The parameters are not properly form-encoded."))
	case len(encoded) > maxAuthorize:
		s.writeErrorPage(w, r, nil, tooLong(http.StatusRequestEntityTooLarge))
	default:
		noStore(w)
		http.Redirect(w, r, r.URL.Path+"?"+encoded, http.StatusSeeOther)
	}
}

func tooLong(status int) error {
	return refuse(CodeInvalidRequest, "The authorization request is too long.").WithStatus(status)
}

// maxSealed bounds what a sealed request of maxAuthorize bytes can become.
const maxSealed = 8 << 10

// decodeAuthorize reads the request from the query, or from the interaction that a step sent back.
func (s *Server) decodeAuthorize(w http.ResponseWriter, r *http.Request, route *Route) (*authorizeRequest, *interaction.Interaction, error) {
	query := r.URL.RawQuery
	sealed := strings.HasPrefix(query, "interaction=")
	switch {
	case len(query) > maxSealed, !sealed && len(query) > maxAuthorize:
		return nil, nil, tooLong(http.StatusRequestURITooLong)
	case sealed:
		return s.openAuthorize(w, r)
	}
	decoded, err := route.Decode(r)
	if err != nil {
		return nil, nil, err
	}
	req := &authorizeRequest{route: route, params: decoded.Params, repeated: decoded.Repeated}
	if req.tooLongToSeal() {
		return req, nil, tooLong(http.StatusRequestURITooLong)
	}
	return req, nil, nil
}

// tooLongToSeal says whether what will be sealed exceeds maxAuthorize, however little was escaped. It is encoded for that only where
// it could: escaping makes three bytes of one at most, and each parameter adds two.
func (req *authorizeRequest) tooLongToSeal() bool {
	most := 0
	for name, value := range req.params {
		most += 3*len(name) + 3*len(value) + 2
	}
	return most > maxAuthorize && len(req.params.only(knownParams...).Encode()) > maxAuthorize
}

// openAuthorize reads the request from an interaction, which also says in which format it began.
func (s *Server) openAuthorize(w http.ResponseWriter, r *http.Request) (*authorizeRequest, *interaction.Interaction, error) {
	params, _, err := parseParams(r.URL.RawQuery)
	if err != nil {
		return nil, nil, err
	}
	i, err := s.interactions.Open(s.sessions.Browser(w, r), interaction.StepAuthorize, params["interaction"])
	req, decoded := s.requestOf(i)
	if err != nil {
		return req, nil, expiredOr(err)
	}
	return req, &i, decoded
}

// requestOf returns the request inside an interaction.
func (s *Server) requestOf(i interaction.Interaction) (*authorizeRequest, error) {
	route, known := s.authorize[i.Dialect]
	if !known { // a process that mounts fewer formats than the one where it began
		return nil, refuse(CodeInvalidRequest, "The format of this request is not served here. Start again at the app.")
	}
	params, _, err := parseParams(i.Request)
	if i.DefaultRedirect {
		delete(params, "redirect_uri")
	}
	return &authorizeRequest{route: route, params: params}, err
}

// resume returns the interaction that this request goes on with. What another person did in it does not count.
func (s *Server) resume(req *authorizeRequest, sent *interaction.Interaction, who *identity.SignedIn) interaction.Interaction {
	var i interaction.Interaction
	if sent != nil {
		i = *sent
	} else {
		i = interaction.Interaction{
			ID: newID(), Route: s.authorize[""].Path, Dialect: req.route.Dialect, Request: req.encoded(), Company: req.company,
			DefaultRedirect: req.params["redirect_uri"] == "", Began: s.now(),
		}
	}
	if who != nil && i.UserID != who.User.ID {
		i = i.Undone()
		i.UserID = who.User.ID
	}
	return i
}
