package identity

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/activity"
	"gatehouse/internal/secret"
	"gatehouse/internal/stamps"
	"gatehouse/storage"
)

// DefaultSessionLifetime is how long a sign-in lasts when nothing else is set.
const DefaultSessionLifetime = 12 * time.Hour

// SessionStore is where sessions are kept and, by storage.StartSession, begin.
type SessionStore interface {
	storage.Sessions
	storage.Units
}

// SessionOptions are what NewSessions needs. Address and Log may be nil, Lifetime zero.
type SessionOptions struct {
	Store    SessionStore
	Root     secret.Root
	Issuer   string
	Lifetime time.Duration
	Now      func() time.Time
	Address  func(*http.Request) string // the client's address; default: the connection's
	Log      *slog.Logger
	Activity *activity.Log // counts sign-ins; nil: nothing does
}

// Sessions knows which browser is which and who is signed in there. One cookie carries the browser's random id and the
// session's secret; the record behind it is a storage.Session. It is safe for concurrent use.
type Sessions struct {
	store    SessionStore
	cookies  *cookieStore
	name     string
	lifetime time.Duration
	now      func() time.Time
	address  func(*http.Request) string
	log      *slog.Logger
	activity *activity.Log
	seen     stamps.Stamps[sighting]
}

// NewSessions returns the sessions of the server with this issuer. Run must run for SeenAt to be kept.
func NewSessions(o SessionOptions) *Sessions {
	name, attributes := cookieSettings(o.Issuer)
	s := &Sessions{store: o.Store, cookies: newCookieStore(o.Root, attributes), name: name, lifetime: o.Lifetime,
		now: o.Now, address: o.Address, log: o.Log, activity: o.Activity}
	if s.lifetime <= 0 {
		s.lifetime = DefaultSessionLifetime
	}
	if s.address == nil {
		s.address = connectionAddress
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s
}

func connectionAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// SignedIn is who is signed in, in which session.
type SignedIn struct {
	Session storage.Session
	User    storage.User
}

// Vouched reports whether a client signed this person in by a ticket although it may not decide for them (HasOwnWay). They are
// signed in, but what they have to decide themselves they first sign in for themselves: else whoever can make tickets
// could decide in their name. For anybody else, the one who brings them here is the one who knows them.
func (s *SignedIn) Vouched() bool {
	return s.Session.VouchedBy != "" && HasOwnWay(s.User, s.Session.LinkedElsewhere)
}

// OnlyVouched reports whether a client signed this person in by a ticket, and they could not have done so themselves. Who has a
// role and no credentials is Vouched too.
func (s *SignedIn) OnlyVouched() bool {
	return s.Session.VouchedBy != "" && !HasCredentials(s.User, s.Session.LinkedElsewhere)
}

// Current returns who is signed in in the request's browser; nil and no error when nobody is. It reads the database
// once for a request, and not at all without a cookie that we made. When the database cannot be asked the error wraps
// storage.ErrUnavailable: that is not the same as nobody.
func (s *Sessions) Current(r *http.Request) (*SignedIn, error) {
	session, content := s.get(r)
	if signedIn, ok := session.Values[recordValue].(*SignedIn); ok {
		return signedIn, nil
	}
	if content.Secret == "" {
		return nil, nil
	}
	now := s.now()
	record, user, err := s.store.Session(r.Context(), sessionID(content.Secret), now)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the session: %w", err)
	}
	s.noteSeen(record, now, s.address(r))
	signedIn := &SignedIn{Session: record, User: user}
	session.Values[recordValue] = signedIn
	return signedIn, nil
}

// Browser returns the random id of the request's browser. One that has none gets its cookie now, so call it before the
// answer's body begins. It does not look at the database.
func (s *Sessions) Browser(w http.ResponseWriter, r *http.Request) string {
	session, content := s.get(r)
	if content.Browser == "" {
		content.Browser = rand.Text()
		s.set(w, r, session, content)
	}
	return content.Browser
}

// Start signs a person in who has given their credentials, in the request's browser, by a new record with a new secret;
// the browser's earlier session ends in the same transaction. The session returned says when (AuthTime, whole seconds).
// ErrDisabled when the account is closed, also at this moment. With any error the browser is told nothing.
func (s *Sessions) Start(w http.ResponseWriter, r *http.Request, userID string) (storage.Session, error) {
	return s.StartAt(w, r, userID, s.now())
}

// StartAt does the same for a person who gave their credentials to another server that we trust with it, at provedAt.
func (s *Sessions) StartAt(w http.ResponseWriter, r *http.Request, userID string, provedAt time.Time) (storage.Session, error) {
	session, err := s.start(w, r, storage.Session{UserID: userID}, provedAt, nil)
	if errors.Is(err, storage.ErrConflict) { // with a random ID that is the only reason
		err = ErrDisabled
	}
	return session, err
}

// StartVouched does the same for a person whom a client signs in by a ticket, which spend uses up in the same transaction;
// the session says so (VouchedBy). The browser does not count as known to the person (see Knows): nobody has proved there
// that they are that person. by is the ticket, of which the client counts. storage.ErrConflict when the ticket cannot be spent, or the account is closed.
func (s *Sessions) StartVouched(w http.ResponseWriter, r *http.Request, by storage.Token, spend storage.Unit) (storage.Session, error) {
	if by.ClientID == "" {
		return storage.Session{}, errors.New("start a vouched session: the client is missing")
	}
	return s.start(w, r, storage.Session{UserID: by.UserID, VouchedBy: by.ClientID, TokensFrom: by.TokensFrom}, s.now(), spend)
}

// start begins a session, of whom and by whose word of says, in one unit of work with what comes before it.
func (s *Sessions) start(w http.ResponseWriter, r *http.Request, of storage.Session, provedAt time.Time, before storage.Unit) (storage.Session, error) {
	session, content := s.get(r)
	replaced := ""
	if content.Secret != "" {
		replaced = sessionID(content.Secret)
	}
	if content.Browser == "" {
		content.Browser = rand.Text()
	}
	content.Secret = rand.Text()
	if of.VouchedBy == "" {
		content.remember(of.UserID)
	} else {
		content.Secret = vouchedPrefix + content.Secret
	}
	record := s.record(r, sessionID(content.Secret), of.UserID)
	record.VouchedBy, record.TokensFrom = of.VouchedBy, of.TokensFrom
	if provedAt.Before(record.AuthTime) {
		record.AuthTime = provedAt.UTC().Truncate(time.Second)
	}
	ctx := did(r.Context(), of.UserID, record.Address, "session.start", aSession(record.ID), "vouched_by", of.VouchedBy)
	unit := append(slices.Clone(before), storage.StartSession{Session: record, Replaced: replaced})
	if err := s.store.Apply(ctx, unit); err != nil {
		return storage.Session{}, fmt.Errorf("start a session: %w", err)
	}
	s.activity.Count(storage.CountSignIns)
	delete(session.Values, recordValue)
	s.set(w, r, session, content)
	return record, nil
}

func (s *Sessions) record(r *http.Request, id, userID string) storage.Session {
	now := s.now().UTC().Truncate(time.Second)
	return storage.Session{ID: id, UserID: userID, AuthTime: now, CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(s.lifetime),
		UserAgent: printable(r.UserAgent(), 256), Address: s.address(r)}
}

// printable makes a header fit for storing: text without controls, at most n bytes of it.
func printable(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
	return strings.ToValidUTF8(s[:min(n, len(s))], "")
}

// End signs the request's browser out: its record is gone when End returns without an error. The browser keeps its id,
// so that what it began in other tabs goes on.
func (s *Sessions) End(w http.ResponseWriter, r *http.Request) error {
	session, content := s.get(r)
	if content.Secret == "" {
		return nil
	}
	ctx := r.Context()
	if signedIn, ok := session.Values[recordValue].(*SignedIn); ok { // else there is nothing left to end
		ctx = did(ctx, signedIn.User.ID, s.address(r), "session.end", aSession(signedIn.Session.ID))
	}
	if err := s.store.EndSession(ctx, sessionID(content.Secret)); err != nil {
		return fmt.Errorf("end the session: %w", err)
	}
	content.Secret = ""
	delete(session.Values, recordValue)
	s.set(w, r, session, content)
	return nil
}

// EndOthers ends all of the signed-in person's other sessions.
func (s *Sessions) EndOthers(ctx context.Context, signedIn *SignedIn) error {
	ctx = did(ctx, signedIn.User.ID, signedIn.Session.Address, "session.end-others", aUser(signedIn.User.ID))
	if err := s.store.EndOtherSessions(ctx, signedIn.User.ID, signedIn.Session.ID); err != nil {
		return fmt.Errorf("end the other sessions: %w", err)
	}
	return nil
}

// EndOther ends one of the signed-in person's other sessions. An ID that is none of theirs ends nothing.
func (s *Sessions) EndOther(ctx context.Context, signedIn *SignedIn, id string) error {
	records, err := s.Of(ctx, signedIn.User.ID)
	if err != nil {
		return err
	}
	theirs := func(record storage.Session) bool { return record.ID == id }
	if id == signedIn.Session.ID || !slices.ContainsFunc(records, theirs) {
		return nil
	}
	ctx = did(ctx, signedIn.User.ID, signedIn.Session.Address, "session.end", aSession(id))
	if err := s.store.EndSession(ctx, id); err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	return nil
}

// Of lists a person's live sessions, the one seen last first.
func (s *Sessions) Of(ctx context.Context, userID string) ([]storage.Session, error) {
	records, err := s.store.UserSessions(ctx, userID, s.now())
	if err != nil {
		return nil, fmt.Errorf("read the sessions: %w", err)
	}
	return records, nil
}

// Knows reports whether this person has signed in in the request's browser before. The cookie says so, by a hash of
// the person's ID, and the cookie is authenticated.
func (s *Sessions) Knows(r *http.Request, userID string) bool {
	_, content := s.get(r)
	return slices.Contains(content.Known, knownName(userID))
}
