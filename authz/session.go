package authz

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/ory/fosite"

	"gatehouse/storage"
)

// session is what authz wants back with a code or token: fosite's Session, and the opaque part of a stored token.
// Columns of the token's row are not repeated in its JSON.
type session struct {
	GrantID   string `json:"-"`
	UserID    string `json:"-"`
	CompanyID string `json:"-"`

	AuthTime  int64  `json:"at,omitempty"` // seconds since the epoch
	Nonce     string `json:"n,omitempty"`
	AllowedBy string `json:"by,omitempty"` // of a company's authorization: the user who allowed it
	PublicID  string `json:"g,omitempty"`  // of the grant, where the client asked for grant management
	// Publisher is, of an authorization with the scope unionid, the client's when it was given.
	Publisher *string `json:"p,omitempty"`

	// Of a code only.
	RedirectURI string `json:"r,omitempty"` // as it was sent; empty when it was left out
	// DefaultRedirectURI is the registered one that stood in for it.
	DefaultRedirectURI string `json:"dr,omitempty"`
	Challenge          string `json:"c,omitempty"`  // S256
	Action             string `json:"ga,omitempty"` // grant_management_action

	// ThirdParty is, of a sign-in ticket only, what the client sent for where the ticket leads; sealed.
	ThirdParty []byte `json:"tpd,omitempty"`
	// Continue is, of a ticket that hands a person over only, the path and query here that it leads to.
	Continue string `json:"to,omitempty"`

	expires map[fosite.TokenType]time.Time
}

var _ fosite.Session = (*session)(nil)

func (s *session) encode() ([]byte, error) { return json.Marshal(s) }

// decodeSession returns the session of a stored token.
func decodeSession(t *storage.Token) (*session, error) {
	s := &session{GrantID: t.GrantID, UserID: t.UserID, CompanyID: t.CompanyID}
	if err := json.Unmarshal(t.Session, s); err != nil {
		return nil, fmt.Errorf("authz: session of a stored token: %w", err)
	}
	return s, nil
}

// ofWhom returns the session of a stored token as far as it says whose it is. The token's row has all of that, but for who
// allowed a company's.
func ofWhom(t *storage.Token) (*session, error) {
	if t.CompanyID != "" {
		return decodeSession(t)
	}
	return &session{GrantID: t.GrantID, UserID: t.UserID}, nil
}

// forTokens returns the session without what only the code needs.
func (s *session) forTokens() *session {
	c := *s
	c.RedirectURI, c.DefaultRedirectURI, c.Challenge, c.Action = "", "", "", ""
	return &c
}

// kind is what the authorization is: a person's, a company's or a client's own.
func (s *session) kind() string {
	switch {
	case s.CompanyID != "":
		return kindCompany
	case s.UserID != "":
		return kindUser
	}
	return kindClient
}

// subject is sub as a client sees it (OIDC Core §8): a person's name for this client, a company's ID, or the client
// itself. It is derived and never stored, so that every answer about a token agrees with the registration of today.
func (s *Server) subject(sess *session, c *storage.Client) string {
	switch sess.kind() {
	case kindCompany:
		return sess.CompanyID
	case kindUser:
		return s.claims.Subject(sess.UserID, c)
	}
	return c.ID
}

// Kinds of an authorization, as token_kind in introspection.
const (
	kindUser    = "user"
	kindCompany = "company"
	kindClient  = "client"
)

// SetExpiresAt is fosite's; what a token's row says comes from the lifetimes of its exchange.
func (s *session) SetExpiresAt(key fosite.TokenType, exp time.Time) {
	if s.expires == nil {
		s.expires = make(map[fosite.TokenType]time.Time, 3)
	}
	s.expires[key] = exp
}

// GetExpiresAt returns what SetExpiresAt was told.
func (s *session) GetExpiresAt(key fosite.TokenType) time.Time { return s.expires[key] }

// GetUsername is only used by fosite's introspection, which is not.
func (s *session) GetUsername() string { return "" }

// GetSubject is only used by fosite's introspection, which is not.
func (s *session) GetSubject() string { return "" }

// Clone returns an independent copy.
func (s *session) Clone() fosite.Session {
	c := *s
	c.expires = nil
	return &c
}
