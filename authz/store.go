package authz

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/oauth2"
	fositestorage "github.com/ory/fosite/storage"

	"gatehouse/storage"
)

// fositeStore is the storage that fosite sees. Reads go to the database once and stay in the exchange; writes become
// operations of its unit of work, which the endpoint applies when fosite is done. The one exception is the revocation
// of a family on a proven replay, which is written at once.
//
// fosite calls the key of a row a signature. Ours is the row's key and the value's hash, see strategy.go; an empty one
// means that the value's MAC was wrong, and costs no read.
type fositeStore struct{ s *Server }

var (
	_ fosite.Storage                = fositeStore{}
	_ oauth2.CoreStorage            = fositeStore{}
	_ oauth2.TokenRevocationStorage = fositeStore{}
	_ fositestorage.Transactional   = fositeStore{}
)

// GetClient is not asked: authorize and client authentication know their client before fosite starts.
func (f fositeStore) GetClient(ctx context.Context, id string) (fosite.Client, error) {
	if x := exchangeOf(ctx); x.client != nil && x.client.ID == id {
		return x.asClient(), nil
	}
	return nil, fosite.ErrNotFound
}

// ClientAssertionJWTValid refuses: no assertion is accepted yet.
func (f fositeStore) ClientAssertionJWTValid(context.Context, string) error {
	return fosite.ErrJTIKnown
}

// SetClientAssertionJWT refuses, see ClientAssertionJWTValid.
func (f fositeStore) SetClientAssertionJWT(context.Context, string, time.Time) error {
	return fosite.ErrJTIKnown
}

// BeginTX starts nothing: operations are collected, and the endpoint applies them together.
func (f fositeStore) BeginTX(ctx context.Context) (context.Context, error) { return ctx, nil }

// Commit does nothing, see BeginTX.
func (f fositeStore) Commit(context.Context) error { return nil }

// Rollback forgets what was collected.
func (f fositeStore) Rollback(ctx context.Context) error {
	exchangeOf(ctx).unit = nil
	return nil
}

// CreateAuthorizeCodeSession adds the code, with everything that the exchange of it needs, in one row.
func (f fositeStore) CreateAuthorizeCodeSession(ctx context.Context, signature string, r fosite.Requester) error {
	x := exchangeOf(ctx)
	key, hash := splitSignature(signature)
	return x.issue(key, hash, strings.Join(r.GetGrantedScopes(), " "), x.now.Add(x.lifetimes.code))
}

// GetAuthorizeCodeSession returns the authorization behind a code. A replay that is proven to come from the code's own
// client is reported as fosite.ErrInvalidatedAuthorizeCode, on which fosite revokes the family (RFC 6749 §4.1.2);
// anything else that is not good is not found, and changes nothing.
func (f fositeStore) GetAuthorizeCodeSession(ctx context.Context, signature string, _ fosite.Session) (fosite.Requester, error) {
	x := exchangeOf(ctx)
	stored, err := f.read(ctx, signature)
	if err != nil {
		return nil, err
	}
	requester, code, err := f.requester(x, stored)
	if err != nil {
		return nil, err
	}
	if stored.State == storage.TokenSpent && !stored.FamilyRevoked {
		x.detail = "code was used before, so what came of it was revoked"
		if x.client.Public && checkVerifier(x, code) != nil {
			x.detail = "code was used before, and code_verifier does not match"
			return nil, fosite.ErrNotFound
		}
		return requester, fosite.ErrInvalidatedAuthorizeCode
	}
	if !f.standing(x, stored) {
		return nil, fosite.ErrNotFound
	}
	return requester, nil
}

// standing reports whether the authorization behind a code or refresh token is in force, and notes why where it is not.
func (f fositeStore) standing(x *exchange, stored *storage.StoredToken) bool {
	switch {
	case !stored.Standing():
		x.reason = whyDead(stored, x.now)
		x.detail = "code or refresh token is no longer good: " + string(x.reason)
		return false
	case !stored.MayMeet(x.client):
		x.reason, x.detail = ReasonRevoked, "code or refresh token is of a test person of the publisher that the client had"
		return false
	case ranOut(x.client, stored, x.now):
		x.reason = ReasonExpired
		x.detail = "code or refresh token has expired with what the person allowed"
		return false
	}
	return true
}

// InvalidateAuthorizeCodeSession spends the code. The row stays as long as the first tokens live, to know a replay.
func (f fositeStore) InvalidateAuthorizeCodeSession(ctx context.Context, signature string) error {
	x := exchangeOf(ctx)
	key, _ := splitSignature(signature)
	x.unit = append(x.unit, storage.SpendToken{Key: key, At: x.now, KeepUntil: x.lifetimes.keepCode(x.now)})
	return nil
}

// CreateAccessTokenSession adds an access token with the scope that was granted to this exchange.
func (f fositeStore) CreateAccessTokenSession(ctx context.Context, signature string, r fosite.Requester) error {
	x := exchangeOf(ctx)
	key, hash := splitSignature(signature)
	return x.issue(key, hash, strings.Join(r.GetGrantedScopes(), " "), expiry(x.now, x.lifetimes.access))
}

// CreateRefreshTokenSession adds a refresh token. It keeps the full scope of the authorization: narrowing the scope of
// one access token does not narrow the next (RFC 6749 §6).
func (f fositeStore) CreateRefreshTokenSession(ctx context.Context, signature, _ string, r fosite.Requester) error {
	x := exchangeOf(ctx)
	key, hash := splitSignature(signature)
	scope := strings.Join(r.GetGrantedScopes(), " ")
	if x.stored != nil {
		scope = x.stored.Scope
	}
	return x.issue(key, hash, scope, expiry(x.now, x.lifetimes.refresh))
}

// GetRefreshTokenSession returns the authorization behind a refresh token. A spent one is a repeat within the client's
// grace and a replay after it, reported as fosite.ErrInactiveToken, on which fosite revokes the family (RFC 9700 §4.14.2).
func (f fositeStore) GetRefreshTokenSession(ctx context.Context, signature string, _ fosite.Session) (fosite.Requester, error) {
	x := exchangeOf(ctx)
	stored, err := f.read(ctx, signature)
	if err != nil {
		return nil, err
	}
	requester, _, err := f.requester(x, stored)
	if err != nil {
		return nil, err
	}
	if !f.standing(x, stored) {
		return nil, fosite.ErrNotFound
	}
	if stored.State == storage.TokenSpent {
		if !withinGrace(x, stored) {
			x.detail = "refresh token was used before, so everything that came of the same sign-in was revoked"
			return requester, fosite.ErrInactiveToken
		}
		x.repeat = true
	}
	return requester, nil
}

// RotateRefreshToken spends the refresh token and notes which root secret its children were derived with.
func (f fositeStore) RotateRefreshToken(ctx context.Context, _, signature string) error {
	x := exchangeOf(ctx)
	key, _ := splitSignature(signature)
	x.unit = append(x.unit, storage.SpendToken{Key: key, At: x.now, SecretID: x.secretID, KeepUntil: x.lifetimes.keepRefresh(x)})
	return nil
}

// RevokeRefreshToken ends a family at once, see fositeStore.
func (f fositeStore) RevokeRefreshToken(ctx context.Context, _ string) error { return f.revoke(ctx) }

// RevokeAccessToken ends a family at once, see fositeStore.
func (f fositeStore) RevokeAccessToken(ctx context.Context, _ string) error { return f.revoke(ctx) }

// DeleteRefreshTokenSession does nothing: the family's end is the end of all of its tokens.
func (f fositeStore) DeleteRefreshTokenSession(context.Context, string) error { return nil }

// DeleteAccessTokenSession is not called by the handlers in use.
func (f fositeStore) DeleteAccessTokenSession(context.Context, string) error { return nil }

// GetAccessTokenSession is not called by the handlers in use: introspection is ours (introspect.go).
func (f fositeStore) GetAccessTokenSession(context.Context, string, fosite.Session) (fosite.Requester, error) {
	return nil, fosite.ErrNotFound
}

func (f fositeStore) revoke(ctx context.Context) error {
	x := exchangeOf(ctx)
	return f.s.revokeNow(ctx, x, x.stored.Family)
}

// read returns the presented token's row, from the database the first time. Another client's token is not found, before
// its state is looked at: nobody but its owner can set anything off with it.
func (f fositeStore) read(ctx context.Context, signature string) (*storage.StoredToken, error) {
	x := exchangeOf(ctx)
	if signature == "" {
		x.detail = "code or refresh token is not one that this server issued, or was cut short"
		return nil, fosite.ErrNotFound
	}
	if x.stored == nil {
		key, _ := splitSignature(signature)
		stored, err := f.s.find(ctx, key, x.presented)
		if err != nil {
			if x.noteOutage(err); x.outage == nil {
				err, x.detail = fosite.ErrNotFound, "code or refresh token is not known any more: it has expired or was revoked some time ago"
			}
			return nil, err
		}
		x.stored = stored
	}
	if x.stored.ClientID != x.client.ID {
		x.detail = "code or refresh token was issued to another client"
		return nil, fosite.ErrNotFound
	}
	return x.stored, nil
}

// requester returns the stored authorization in fosite's shape, always with a session of its own, for the scopes that it
// is still good for. Left out is the redirect URI, which is compared in token.go.
func (f fositeStore) requester(x *exchange, stored *storage.StoredToken) (fosite.Requester, *session, error) {
	sess, err := decodeSession(&stored.Token)
	if err != nil {
		return nil, nil, err
	}
	granted := f.s.scopeOf(x.client, stored)
	r := fosite.NewRequest()
	r.ID = familyString(stored.Family)
	r.RequestedAt = stored.IssuedAt
	r.Client = x.asClient()
	r.Session = sess
	r.RequestedScope, r.GrantedScope = granted, slices.Clone(granted)
	return r, sess, nil
}
