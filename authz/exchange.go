package authz

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/consent"
	"gatehouse/registry"
	"gatehouse/storage"
)

// exchange is what one request has read and what it is about to write. It travels in the context through fosite, whose
// storage calls land in it, and is used by one goroutine.
type exchange struct {
	now      time.Time
	client   *storage.Client // authenticated, or at authorize: known
	route    *Route          // the format that it came in
	verifier string          // code_verifier

	// presented is the code or refresh token of the request, signature what fosite calls that, once it was asked for, and stored
	// its row, once it was read.
	presented string
	signature string
	stored    *storage.StoredToken

	// What the tokens of this exchange are made of. family is set before fosite makes the first of them.
	family     storage.FamilyID
	generation uint32
	session    *session
	givenBy    storage.FamilyID // of a code for the host app: the family of its access token
	secretID   string           // of the root secret that derived the children of a refresh token

	lifetimes  lifetimes
	unit       storage.Unit
	grantSaved bool // the unit itself stores the grant

	repeat  bool   // a refresh token that was spent a moment ago is presented again
	revoked bool   // the family was taken down in this request
	reason  Reason // why what was presented is not good, where it is known
	detail  string // the same for the client's developers (Error.Detail)
	outage  error  // fosite swallows some errors of its storage; an outage is never one of them
}

type exchangeKey struct{}

func withExchange(ctx context.Context, x *exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, x)
}

func exchangeOf(ctx context.Context) *exchange { return ctx.Value(exchangeKey{}).(*exchange) }

// newFamily returns an ID whose order is that of time (RFC 9562 §5.7).
func newFamily() storage.FamilyID { return storage.FamilyID(uuid.Must(uuid.NewV7())) }

// newID returns a time-ordered UUID.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// find reads the row of a value whose MAC is right, and compares its hash: a key of ours may have been collected and a
// row with the same key cannot come back, but a restored database can hold another value under it.
func (s *Server) find(ctx context.Context, key storage.TokenKey, value string) (*storage.StoredToken, error) {
	stored, err := s.store.Token(ctx, key)
	if err != nil {
		return nil, err
	}
	if hash := sha256.Sum256([]byte(value)); subtle.ConstantTimeCompare(stored.Hash, hash[:]) != 1 {
		return nil, storage.ErrNotFound
	}
	c, err := s.registry.Client(ctx, stored.ClientID)
	if err != nil {
		return nil, err
	}
	if !stored.TokensFrom.Equal(c.TokensFrom) {
		stored.FamilyRevoked = true
	}
	return &stored, nil
}

// revokeNow ends a family outside any unit of work: a proven replay has to take it down even though the request that
// brought it is refused, and also when whoever brought it has gone.
func (s *Server) revokeNow(ctx context.Context, x *exchange, family storage.FamilyID) error {
	if x.revoked {
		return nil
	}
	err := s.store.Apply(context.WithoutCancel(ctx), storage.Unit{storage.RevokeFamily{Family: family, At: x.now}})
	if err != nil {
		x.outage = err
		return err
	}
	x.revoked = true
	return nil
}

// commit applies what the exchange collected. The grant that everything hangs on is held first.
func (s *Server) commit(ctx context.Context, x *exchange) error {
	unit := x.unit
	if id := x.session.GrantID; id != "" && !x.grantSaved {
		unit = append(storage.Unit{storage.HoldGrant{ID: id}}, unit...)
	}
	return s.store.Apply(ctx, unit)
}

// saveGrant begins the unit of work with a decision of package consent, and returns the grant as that leaves it.
func (x *exchange) saveGrant(decision storage.Unit) *storage.Grant {
	x.unit, x.grantSaved = decision, true
	saved, _ := consent.Recorded(decision)
	return &saved
}

// issue adds a new token to the unit of work.
func (x *exchange) issue(key storage.TokenKey, hash []byte, scope string, expires time.Time) error {
	if x.stored == nil && slices.Contains(strings.Fields(scope), registry.ScopeUnionID) {
		x.session.Publisher = &x.client.PublisherID
	}
	data, err := x.session.encode()
	if err != nil {
		return err
	}
	x.unit = append(x.unit, storage.InsertToken{Token: storage.Token{
		TokenKey: key, Hash: hash,
		ClientID: x.client.ID, GrantID: x.session.GrantID, UserID: x.session.UserID, CompanyID: x.session.CompanyID,
		Scope: scope, Session: data,
		IssuedAt: x.now, TokensFrom: x.client.TokensFrom, ExpiresAt: expires, State: storage.TokenActive, GivenBy: x.giver(),
	}})
	return nil
}

// giver is the family that gives what is issued. Whatever comes of a code or refresh token is given by who gave that.
func (x *exchange) giver() storage.FamilyID {
	if x.stored != nil {
		return x.stored.GivenBy
	}
	return x.givenBy
}

// noteOutage keeps an error that means the database is away, so that whatever fosite makes of it is answered with 503.
func (x *exchange) noteOutage(err error) error {
	if isOutage(err) {
		x.outage = err
	}
	return err
}
