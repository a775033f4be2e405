package hostapp

import (
	"crypto/rand"
	"net/http"
	"sync"
	"time"
)

const (
	cookieName      = "nimbus-phone"
	sessionLifetime = time.Hour
	maxSessions     = 1000
	maxCalls        = 8
)

// session is what the host app remembers about one browser: a sign-in that has begun, or a signed-in person.
type session struct {
	Flow   *flow
	Token  string // for /superapp/v1; empty until the person is signed in
	Name   string
	Notice *notice // shown once
	Calls  []call  // the latest, for the developer who looks
	until  time.Time
}

// notice says what has just been done.
type notice struct {
	Text string
	App  string // the mini app's name
	See  string // where it can be seen; empty: nowhere
}

// call is one call of the API, as the page tells it.
type call struct {
	Method string
	Path   string
	Status int
}

// sessions keeps them in memory, which is enough for a sample: after a restart people sign in again.
type sessions struct {
	secure bool

	mu   sync.Mutex
	byID map[string]session
}

func newSessions(secure bool) *sessions { return &sessions{secure: secure, byID: map[string]session{}} }

// get returns the browser's session and its ID; both are empty when there is none.
func (s *sessions) get(r *http.Request) (session, string) {
	c, err := r.Cookie(cookieName)
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

// change changes a session, unless it has ended meanwhile.
func (s *sessions) change(id string, how func(*session)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v, ok := s.byID[id]; ok {
		how(&v)
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
		Name: cookieName, Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: s.secure,
		SameSite: http.SameSiteLaxMode, // sent along when the server redirects back to us
	})
}

// random returns 128 bits that nobody can guess.
func random() string { return rand.Text() }
