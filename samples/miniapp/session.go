package miniapp

import (
	"crypto/rand"
	"net/http"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

const (
	cookieName      = "photoprint"
	sessionLifetime = time.Hour
	maxSessions     = 1000
)

// session is what the app remembers about one browser: a trip to the super app that has begun, or a signed-in person.
type session struct {
	Flow        *flow
	Subject     string // the person's identifier, ID token and userinfo agree on it
	Token       *oauth2.Token
	Granted     []string
	Claims      map[string]any
	RefreshedAt time.Time
	InHost      bool // opened inside the super app, which has its own way to change what is shared
	until       time.Time
}

// sessions keeps them in memory, which is enough for a sample: after a restart people sign in again.
type sessions struct {
	cookie string
	secure bool

	mu   sync.Mutex
	byID map[string]session
}

func newSessions(cookie string, secure bool) *sessions {
	return &sessions{cookie: cookie, secure: secure, byID: map[string]session{}}
}

// get returns the browser's session and its ID; both are empty when there is none.
func (s *sessions) get(r *http.Request) (session, string) {
	c, err := r.Cookie(s.cookie)
	if err != nil {
		return session{}, ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.byID[c.Value]
	if !ok || time.Now().After(found.until) {
		return session{}, ""
	}
	return found, c.Value
}

// start replaces whatever session the browser had by a new one.
func (s *sessions) start(w http.ResponseWriter, r *http.Request, v session) {
	_, old := s.get(r)
	id := random()
	v.until = time.Now().Add(sessionLifetime)

	s.mu.Lock()
	delete(s.byID, old)
	for other := range s.byID { // full: forget anybody, rather than grow without end
		if len(s.byID) < maxSessions {
			break
		}
		delete(s.byID, other)
	}
	s.byID[id] = v
	s.mu.Unlock()

	s.set(w, id, int(sessionLifetime.Seconds()))
}

// save keeps a changed session, unless it has ended meanwhile.
func (s *sessions) save(id string, v session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.byID[id]; ok {
		s.byID[id] = v
	}
}

func (s *sessions) end(w http.ResponseWriter, r *http.Request) {
	_, id := s.get(r)
	s.mu.Lock()
	delete(s.byID, id)
	s.mu.Unlock()
	s.set(w, "", -1)
}

func (s *sessions) set(w http.ResponseWriter, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: s.cookie, Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: s.secure,
		SameSite: http.SameSiteLaxMode, // sent along when the super app redirects back to us
	})
}

// random returns 128 bits that nobody can guess.
func random() string { return rand.Text() }
