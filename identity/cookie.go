package identity

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"

	"gatehouse/internal/secret"
)

// cookie is all that a browser keeps: who it is, stable over sign-ins, and the secret of its session, if any. The rest
// is in the server-side record.
type cookie struct {
	Browser string   `json:"b"`
	Secret  string   `json:"s,omitempty"`
	Known   []string `json:"k,omitempty"` // who signed in here before, see Sessions.Knows
}

// value is the key in a gorilla session's Values.
type value int

const (
	cookieValue value = iota // cookie
	recordValue              // *SignedIn, once it was read for this request
)

// cookieSeconds is how long a browser keeps the cookie: long after the session's end, so that it is known again.
const cookieSeconds = 180 * 24 * 60 * 60

// cookieStore is the sessions.Store of gorilla/sessions. The cookie is authenticated by securecookie under keys of the
// root secret, so a forged or damaged one is no cookie at all and costs no look at the database.
type cookieStore struct {
	codecs  []securecookie.Codec
	options sessions.Options
}

func newCookieStore(root secret.Root, options sessions.Options) *cookieStore {
	s := &cookieStore{options: options}
	for _, key := range root.Keys("session cookie") {
		// No age limit here: the record's expiry decides, by our own clock.
		s.codecs = append(s.codecs, securecookie.New(key.Bytes, nil).SetSerializer(securecookie.JSONEncoder{}).MaxAge(0))
	}
	return s
}

// Get returns the session of this request, the same one each time.
func (s *cookieStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

// New returns the session in the request's cookie, or an empty one. There is no error: what cannot be read is absent.
func (s *cookieStore) New(r *http.Request, name string) (*sessions.Session, error) {
	session := sessions.NewSession(s, name)
	options := s.options
	session.Options = &options
	session.IsNew = true
	var content cookie
	for _, c := range r.CookiesNamed(name) {
		if err := securecookie.DecodeMulti(name, c.Value, &content, s.codecs...); err == nil && content.Browser != "" {
			session.IsNew = false
			break
		}
		content = cookie{}
	}
	session.Values[cookieValue] = content
	return session, nil
}

// Save sets the cookie, in place of one that was set earlier for the same answer (RFC 6265 §4.1.1).
func (s *cookieStore) Save(_ *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	encoded, err := securecookie.EncodeMulti(session.Name(), session.Values[cookieValue], s.codecs...)
	if err != nil {
		return fmt.Errorf("encode the session cookie: %w", err)
	}
	earlier := w.Header()["Set-Cookie"]
	w.Header().Del("Set-Cookie")
	for _, line := range earlier {
		if !strings.HasPrefix(line, session.Name()+"=") {
			w.Header().Add("Set-Cookie", line)
		}
	}
	http.SetCookie(w, sessions.NewCookie(session.Name(), encoded, session.Options))
	return nil
}

// cookieSettings returns the cookie's name and attributes for an issuer. Cookies ignore ports, so the name has a hash
// of the issuer: two servers on one loopback address would overwrite each other's.
func cookieSettings(issuer string) (name string, options sessions.Options) {
	sum := sha256.Sum256([]byte(issuer))
	name = "gatehouse-" + hex.EncodeToString(sum[:4])
	secure := strings.HasPrefix(issuer, "https://")
	if secure {
		name = "__Host-" + name
	}
	return name, sessions.Options{Path: "/", MaxAge: cookieSeconds, Secure: secure, HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

// maxKnown is how many people a browser is remembered for.
const maxKnown = 8

func (c *cookie) remember(userID string) {
	name := knownName(userID)
	c.Known = slices.DeleteFunc(slices.Clone(c.Known), func(k string) bool { return k == name })
	c.Known = append([]string{name}, c.Known...)
	c.Known = c.Known[:min(len(c.Known), maxKnown)]
}

func knownName(userID string) string {
	sum := sha256.Sum256([]byte("known " + userID))
	return hex.EncodeToString(sum[:8])
}

func (s *Sessions) get(r *http.Request) (*sessions.Session, cookie) {
	session, _ := s.cookies.Get(r, s.name) // never an error: the name is valid and New has none
	content, _ := session.Values[cookieValue].(cookie)
	return session, content
}

func (s *Sessions) set(w http.ResponseWriter, r *http.Request, session *sessions.Session, content cookie) {
	session.Values[cookieValue] = content
	session.IsNew = false
	if err := session.Save(r, w); err != nil {
		panic(err) // a few short strings always encode
	}
}

// vouchedPrefix begins the secret of a session that StartVouched started.
const vouchedPrefix = "vouched "

// sessionID is the key of the record behind a session's secret: its SHA-256, in hex. With vouchedPrefix it is that of
// another text, so that a program from before VouchedBy (schema 1), running beside this one, finds no session where it
// would see one that the person began with their own credentials.
func sessionID(secret string) string {
	if strings.HasPrefix(secret, vouchedPrefix) {
		secret = "session " + secret
	}
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
