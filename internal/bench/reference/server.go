package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"
)

const (
	clientID = "bench"
	lifetime = 15 * 24 * time.Hour
)

type server struct {
	rows   *rows
	secret [sha256.Size]byte // SHA-256 of the only client's secret
	key    []byte
}

func hello(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"active":true}`))
}

// introspected has the members of RFC 7662 §2.2 that Gatehouse answers with.
type introspected struct {
	Active    bool   `json:"active"`
	Scope     string `json:"scope"`
	ClientID  string `json:"client_id"`
	Subject   string `json:"sub"`
	TokenType string `json:"token_type"`
	Issuer    string `json:"iss"`
	Issued    int64  `json:"iat"`
	Expires   int64  `json:"exp"`
}

// introspectInContext stops reading when the client goes away, which costs the driver a goroutine.
func (s *server) introspectInContext(w http.ResponseWriter, r *http.Request) {
	s.introspectIn(r.Context(), w, r)
}

// introspect reads to the end whoever waits.
func (s *server) introspect(w http.ResponseWriter, r *http.Request) {
	s.introspectIn(context.Background(), w, r)
}

func (s *server) introspectIn(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	if !s.authenticated(w, r) {
		return
	}
	id, ok := s.open(r.PostFormValue("token"))
	if !ok {
		answer(w, http.StatusOK, map[string]bool{"active": false})
		return
	}
	t, err := s.rows.find(ctx, id)
	if err != nil {
		answer(w, http.StatusServiceUnavailable, map[string]string{"error": "temporarily_unavailable"})
		return
	}
	answer(w, http.StatusOK, introspected{
		Active: time.Now().Unix() < t.expires, Scope: t.scope, ClientID: t.clientID, Subject: t.userID,
		TokenType: "Bearer", Issuer: "http://" + r.Host, Issued: t.issued, Expires: t.expires,
	})
}

// issued has the members of RFC 6749 §5.1.
type issued struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int64  `json:"expires_in"`
	Scope       string `json:"scope"`
}

func (s *server) token(w http.ResponseWriter, r *http.Request) {
	if !s.authenticated(w, r) {
		return
	}
	now := time.Now()
	t := row{clientID: clientID, userID: clientID, scope: r.PostFormValue("scope"), issued: now.Unix(), expires: now.Add(lifetime).Unix()}
	rand.Read(t.id[:]) // never fails
	value := s.seal(t.id)
	t.hash = sha256.Sum256([]byte(value))
	if err := s.rows.insert(t); err != nil {
		answer(w, http.StatusServiceUnavailable, map[string]string{"error": "temporarily_unavailable"})
		return
	}
	answer(w, http.StatusOK, issued{AccessToken: value, TokenType: "Bearer", ExpiresIn: int64(lifetime.Seconds()), Scope: t.scope})
}

func (s *server) authenticated(w http.ResponseWriter, r *http.Request) bool {
	id, secret, _ := r.BasicAuth()
	sum := sha256.Sum256([]byte(secret))
	if subtle.ConstantTimeCompare(sum[:], s.secret[:]) == 1 && id == clientID {
		return true
	}
	answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
	return false
}

// seal returns the value of a token: base64url of its row's key and the HMAC-SHA-256 of that.
func (s *server) seal(id tokenID) string {
	return base64.RawURLEncoding.EncodeToString(append(id[:], s.mac(id[:])...))
}

// open returns the row's key in a value that seal made.
func (s *server) open(value string) (id tokenID, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil || len(raw) != len(id)+sha256.Size || !hmac.Equal(s.mac(raw[:len(id)]), raw[len(id):]) {
		return id, false
	}
	return tokenID(raw[:len(id)]), true
}

func (s *server) mac(body []byte) []byte {
	h := hmac.New(sha256.New, s.key)
	h.Write(body)
	return h.Sum(nil)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // an error means that the client has gone
}
