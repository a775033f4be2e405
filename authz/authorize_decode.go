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
	body, err := readBody(r, maxAuthorize)
	if err != nil {
		s.writeErrorPage(w, r, nil, err)
		return
	}
	values, err := url.ParseQuery(strings.Trim(r.URL.RawQuery+"&"+body, "&"))
	switch encoded := values.Encode(); {
	case err != nil:
		s.writeErrorPage(w, r, nil, refuse(codeInvalidRequest, "The parameters are not properly form-encoded."))
	case len(encoded) > maxAuthorize:
		s.writeErrorPage(w, r, nil, tooLong(http.StatusRequestEntityTooLarge))
	default:
		noStore(w)
		http.Redirect(w, r, r.URL.Path+"?"+encoded, http.StatusSeeOther)
	}
}

func tooLong(status int) error {
	e := refuse(codeInvalidRequest, "The authorization request is too long.")
	e.Status = status
	return e
}

// maxSealed bounds what a sealed request of maxAuthorize bytes can become.
const maxSealed = 8 << 10

// decodeAuthorize reads the request from the query, or from the interaction that a step sent back.
func (s *Server) decodeAuthorize(w http.ResponseWriter, r *http.Request) (*authorizeRequest, *interaction.Interaction, error) {
	query := r.URL.RawQuery
	sealed := strings.HasPrefix(query, "interaction=")
	if (!sealed && len(query) > maxAuthorize) || len(query) > maxSealed {
		return nil, nil, tooLong(http.StatusRequestURITooLong)
	}
	params, repeated, err := parseParams(query)
	if err != nil {
		return nil, nil, err
	}
	if !sealed {
		req := &authorizeRequest{params: params, repeated: repeated}
		if len(params.only(knownParams...).Encode()) > maxAuthorize { // what will be sealed, however little was escaped
			return req, nil, tooLong(http.StatusRequestURITooLong)
		}
		return req, nil, nil
	}
	i, err := s.interactions.Open(s.sessions.Browser(w, r), interaction.StepAuthorize, params["interaction"])
	req, decoded := requestOf(i)
	if err != nil {
		return req, nil, expiredOr(err)
	}
	return req, &i, decoded
}

// requestOf returns the request inside an interaction.
func requestOf(i interaction.Interaction) (*authorizeRequest, error) {
	params, _, err := parseParams(i.Request)
	if i.DefaultRedirect {
		delete(params, "redirect_uri")
	}
	return &authorizeRequest{params: params}, err
}

// resume returns the interaction that this request goes on with. What another person did in it does not count.
func (s *Server) resume(req *authorizeRequest, sent *interaction.Interaction, who *identity.SignedIn) interaction.Interaction {
	var i interaction.Interaction
	if sent != nil {
		i = *sent
	} else {
		i = interaction.Interaction{
			ID: newID(), Route: "/oauth2/authorize", Request: req.encoded(), Company: req.company,
			DefaultRedirect: req.params["redirect_uri"] == "", Began: s.now(),
		}
	}
	if who != nil && i.UserID != who.User.ID {
		i = i.Undone()
		i.UserID = who.User.ID
	}
	return i
}
