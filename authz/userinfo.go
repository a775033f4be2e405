package authz

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"gatehouse/storage"
)

// UserInfo answers with the claims that this person allowed this client (OIDC Core §5.3), or with the company's.
func (s *Server) UserInfo(w http.ResponseWriter, r *http.Request) {
	answer, err := s.userInfo(r)
	if err != nil {
		s.writeBearerError(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

func (s *Server) userInfo(r *http.Request) (map[string]any, error) {
	ctx := r.Context()
	value, err := bearerToken(r)
	if err != nil {
		return nil, err
	}
	t, err := s.lookUp(ctx, value)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, errToken
	}
	if err != nil {
		return nil, err
	}
	if t.Kind != storage.KindAccess || !t.Alive(s.now()) {
		return nil, errToken
	}
	c, err := s.registry.Client(ctx, t.ClientID)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, errToken
	case err != nil:
		return nil, err
	case c.Status != storage.StatusApproved:
		return nil, errToken
	}
	return s.claimsOf(r, c, t)
}

func (s *Server) claimsOf(r *http.Request, c *storage.Client, t *storage.StoredToken) (map[string]any, error) {
	sess, err := decodeSession(&t.Token)
	if err != nil {
		return nil, err
	}
	switch sess.kind() {
	case kindClient:
		return nil, refuse(codeInsufficientScope, "The token is a client's own. Userinfo needs one that a person allowed.")
	case kindCompany:
		company, err := s.store.Company(r.Context(), t.CompanyID)
		if err != nil {
			return nil, gone(err)
		}
		return s.claims.Company(company, sess.AllowedBy, c), nil
	}
	user, err := s.store.User(r.Context(), t.UserID)
	if err != nil {
		return nil, gone(err)
	}
	return s.claims.UserInfo(r.Context(), user, c, stillRegistered(c, t.Scope))
}

// gone says that whose token it is no longer exists.
func gone(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return errToken
	}
	return err
}

var errToken = refuse(codeInvalidToken, "The access token is not valid, has expired or was revoked.")

// errNoToken is answered with a challenge and no error code (RFC 6750 §3.1).
var errNoToken = &Error{Description: "No access token was sent.", Status: http.StatusUnauthorized}

// bearerToken finds the access token in the header or in a form body, never in the query (RFC 6750 §2, RFC 9700 §4.3.2).
func bearerToken(r *http.Request) (string, error) {
	if r.URL.Query().Has("access_token") {
		return "", refuse(codeInvalidRequest, "An access token in the URL is refused. Send it in the Authorization header.")
	}
	scheme, fromHeader, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		fromHeader = ""
	}
	fromBody := ""
	if r.Method == http.MethodPost && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		params, err := decodeForm(r)
		if err != nil {
			return "", err
		}
		fromBody = params["access_token"]
	}
	switch {
	case fromHeader != "" && fromBody != "":
		return "", refuse(codeInvalidRequest, "The access token was sent in more than one way.")
	case fromHeader+fromBody == "":
		return "", errNoToken
	}
	return fromHeader + fromBody, nil
}

// writeBearerError answers with the challenge of RFC 6750 §3.
func (s *Server) writeBearerError(w http.ResponseWriter, r *http.Request, err error) {
	e := asError(err)
	s.logError(r.Context(), e)
	h := w.Header()
	if e.Status == http.StatusServiceUnavailable {
		h.Set("Retry-After", strconv.Itoa(retryAfter))
	} else {
		challenge := `Bearer realm="gatehouse"`
		if e.Code != "" {
			challenge += `, error="` + e.Code + `", error_description="` + e.Description + `"`
		}
		if e.Code == codeInsufficientScope {
			challenge += `, scope="openid"`
		}
		h.Set("WWW-Authenticate", challenge)
	}
	body := map[string]string{}
	if e.Code != "" {
		body["error"], body["error_description"] = e.Code, e.Description
	}
	writeJSON(w, e.Status, body)
}
