package storagetest

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// moment is when the contracts are proved. Stores keep microseconds.
var moment = time.Date(2031, 5, 17, 11, 22, 33, 444555000, time.UTC)

// unstorable are keys that no record can have.
var unstorable = []string{"nul\x00byte", "invalid\xffutf-8", "\x00", "\xc3\x28"}

func id() string { return strings.ToLower(rand.Text()) }

// timeID is greater than those made before, like a time-ordered UUID.
func timeID() string { return fmt.Sprintf("%020d-%s", time.Now().UnixNano(), id()) }

func family() (f storage.FamilyID) {
	binary.BigEndian.PutUint64(f[:], uint64(time.Now().UnixNano()))
	rand.Read(f[8:])
	return f
}

// person stores a user with an e-mail address and nothing else.
func person(t *testing.T, s storage.Store) storage.User {
	t.Helper()
	u := storage.User{ID: id(), Email: id() + "@example.com", PasswordHash: "hash", CreatedAt: moment, UpdatedAt: moment}
	require.NoError(t, s.CreateUser(t.Context(), u))
	return u
}

// signIn stores a session that lives for an hour.
func signIn(t *testing.T, s storage.Store, userID string) storage.Session {
	t.Helper()
	session := storage.Session{
		ID: id(), UserID: userID, AuthTime: moment, CreatedAt: moment, SeenAt: moment, ExpiresAt: moment.Add(time.Hour),
		UserAgent: "browser", Address: "192.0.2.1",
	}
	apply(t, s, storage.StartSession{Session: session})
	return session
}

// grantOf is a new grant of a person for a client, not stored yet.
func grantOf(userID, clientID string) storage.Grant {
	return storage.Grant{
		ID: id(), Owner: storage.Owner{UserID: userID}, ClientID: clientID, State: storage.GrantActive, Version: 1,
		CreatedAt: moment, UpdatedAt: moment,
		Decisions: []storage.Decision{
			{Scope: "email", Allowed: true, DecidedAt: moment, Purpose: "print"},
			{Scope: "phone", DecidedAt: moment, Until: moment.Add(time.Hour)},
		},
	}
}

// allowed stores a new grant of a new person for a new client.
func allowed(t *testing.T, s storage.Store) storage.Grant {
	t.Helper()
	g := grantOf(person(t, s).ID, id())
	apply(t, s, storage.SaveGrant{Grant: g})
	return g
}

// tokenOf is a token of a grant, not stored yet, that lives for an hour.
func tokenOf(g storage.Grant, kind storage.TokenKind, f storage.FamilyID, generation uint32) storage.Token {
	hash := sha256.Sum256(f[:])
	return storage.Token{
		TokenKey: storage.TokenKey{Family: f, Kind: kind, Generation: generation},
		Hash:     hash[:], ClientID: g.ClientID, GrantID: g.ID, UserID: g.Owner.UserID, CompanyID: g.Owner.CompanyID,
		Scope: "email openid", Session: []byte(`{"n":1}`), IssuedAt: moment,
		ExpiresAt: moment.Add(time.Hour), State: storage.TokenActive,
	}
}

// companyGrant stores a new grant of a new company for a new client.
func companyGrant(t *testing.T, s storage.Store) storage.Grant {
	t.Helper()
	g := grantOf("", id())
	g.Owner.CompanyID, g.AllowedBy = id(), id()
	apply(t, s, storage.SaveGrant{Grant: g})
	return g
}

// ticketOf is a ticket of a company's grant for a person, not stored yet, that lives for an hour.
func ticketOf(g storage.Grant, userID string) storage.Token {
	ticket := tokenOf(g, storage.KindTicket, family(), 0)
	ticket.UserID = userID
	return ticket
}

// issued stores a token of a new family.
func issued(t *testing.T, s storage.Store, g storage.Grant, kind storage.TokenKind) storage.Token {
	t.Helper()
	token := tokenOf(g, kind, family(), 1)
	apply(t, s, storage.InsertToken{Token: token})
	return token
}

// givenBy stores a token of another grant and a new family that was had with the token host.
func givenBy(t *testing.T, s storage.Store, host storage.Token) storage.Token {
	t.Helper()
	token := tokenOf(allowed(t, s), storage.KindAccess, family(), 1)
	token.GivenBy = host.Family
	apply(t, s, storage.InsertToken{Token: token})
	return token
}

func apply(t *testing.T, s storage.Store, ops ...storage.Op) {
	t.Helper()
	require.NoError(t, s.Apply(t.Context(), ops))
}

func stored(t *testing.T, s storage.Store, key storage.TokenKey) storage.StoredToken {
	t.Helper()
	token, err := s.Token(t.Context(), key)
	require.NoError(t, err)
	return token
}

func requireNoToken(t *testing.T, s storage.Store, key storage.TokenKey) {
	t.Helper()
	_, err := s.Token(t.Context(), key)
	require.ErrorIs(t, err, storage.ErrNotFound)
}

// atOnce calls do n times at the same time and counts what it returned. Errors other than nil and ErrConflict fail t.
func atOnce(t *testing.T, n int, do func(i int) error) (succeeded, conflicts int) {
	t.Helper()
	var ready, finished sync.WaitGroup
	start := make(chan struct{})
	results := make([]error, n)
	for i := range n {
		ready.Add(1)
		finished.Go(func() {
			ready.Done()
			<-start
			results[i] = do(i)
		})
	}
	ready.Wait()
	close(start)
	finished.Wait()
	for _, err := range results {
		switch {
		case err == nil:
			succeeded++
		case errors.Is(err, storage.ErrConflict):
			conflicts++
		default:
			require.NoError(t, err)
		}
	}
	return succeeded, conflicts
}

func existsAsConflict(err error) error {
	if errors.Is(err, storage.ErrExists) {
		return storage.ErrConflict
	}
	return err
}
