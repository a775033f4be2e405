package authz

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"time"

	"gatehouse/storage"
)

// idToken is the claims of an ID token (OIDC Core §2). Claims about the person come from userinfo (§5.4).
type idToken struct {
	Issuer          string `json:"iss"`
	Subject         string `json:"sub"`
	Audience        string `json:"aud"`
	ExpiresAt       int64  `json:"exp"`
	IssuedAt        int64  `json:"iat"`
	AuthTime        int64  `json:"auth_time,omitempty"`
	Nonce           string `json:"nonce,omitempty"`
	AccessTokenHash string `json:"at_hash,omitempty"`
}

// addIDToken adds an ID token where openid was granted. The first one carries the nonce; those of refreshes need not
// and do not (OIDC Core §12.2).
func (s *Server) addIDToken(x *exchange, answer *Answer) error {
	if !hasIDToken(x.session, answer.Scope) {
		return nil
	}
	t := s.idTokenOf(x.session, x.client, x.now)
	t.AccessTokenHash = accessTokenHash(answer.AccessToken)
	if answer.GrantType == grantCode {
		t.Nonce = x.session.Nonce
	}
	signed, err := s.keys.Sign(signingAlg(x.client.IDTokenAlg), t)
	if err != nil {
		return err
	}
	answer.IDToken = signed
	return nil
}

func hasIDToken(sess *session, scope []string) bool {
	return sess.kind() == kindUser && slices.Contains(scope, "openid")
}

// idTokenOf is an ID token but for what ties it to a request and to an access token.
func (s *Server) idTokenOf(sess *session, c *storage.Client, now time.Time) idToken {
	return idToken{
		Issuer: s.issuer, Subject: s.subject(sess, c), Audience: c.ID,
		IssuedAt: now.Unix(), ExpiresAt: now.Add(s.lifetimes.IDToken).Unix(), AuthTime: sess.AuthTime,
	}
}

func signingAlg(registered string) string {
	if registered == "" {
		return "ES256"
	}
	return registered
}

// accessTokenHash is at_hash (OIDC Core §3.1.3.6). ES256 and RS256 both hash with SHA-256.
func accessTokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}

// hintSubject returns the sub of an ID token that this server signed for the client, an expired one included
// (OIDC Core §3.1.2.1, id_token_hint).
func (s *Server) hintSubject(hint, clientID string) (string, bool) {
	payload, err := s.keys.Verify(hint)
	if err != nil {
		return "", false
	}
	var t idToken
	if json.Unmarshal(payload, &t) != nil || t.Issuer != s.issuer || t.Audience != clientID || t.Subject == "" {
		return "", false
	}
	return t.Subject, time.Unix(t.IssuedAt, 0).Before(s.now().Add(time.Minute))
}
