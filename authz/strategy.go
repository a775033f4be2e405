package authz

import (
	"context"

	"github.com/google/uuid"
	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/oauth2"

	"gatehouse/storage"
)

// strategy is how fosite makes and checks codes and tokens: by values, with what the exchange knows.
type strategy struct{ values *values }

var _ oauth2.CoreStrategy = strategy{}

// The signature that fosite passes to its storage: the row's key and the hash of the value.
func signature(key storage.TokenKey, value string) string {
	return string(append(appendKey(nil, key), hashValue(value)...))
}

func splitSignature(s string) (storage.TokenKey, []byte) {
	raw := []byte(s)
	var key storage.TokenKey
	key.Kind = storage.TokenKind(raw[0])
	key.Family = storage.FamilyID(raw[1:17])
	key.Generation = uint32(raw[17])<<24 | uint32(raw[18])<<16 | uint32(raw[19])<<8 | uint32(raw[20])
	return key, raw[keySize:]
}

func familyString(id storage.FamilyID) string { return uuid.UUID(id).String() }

// signatureOf is empty for what is not a value of this kind. fosite asks for that of the presented token again and again.
func (g strategy) signatureOf(ctx context.Context, value string, kind storage.TokenKind) string {
	x := exchangeOf(ctx)
	if value == x.presented && x.signature != "" && x.signature[0] == byte(kind) {
		return x.signature
	}
	key, ok := g.values.parse(value)
	if !ok || key.Kind != kind {
		return ""
	}
	s := signature(key, value)
	if value == x.presented {
		x.signature = s
	}
	return s
}

// generate makes the next value of a kind: derived from the refresh token that is being rotated, drawn otherwise.
func (g strategy) generate(ctx context.Context, kind storage.TokenKind) (string, string, error) {
	x := exchangeOf(ctx)
	key := storage.TokenKey{Family: x.family, Kind: kind, Generation: x.generation}
	if x.stored == nil || x.stored.Kind != storage.KindRefresh {
		value := g.values.random(key)
		return value, signature(key, value), nil
	}
	value, secretID, ok := g.values.child(x.presented, key, x.secretID)
	if !ok {
		return "", "", fosite.ErrServerError
	}
	x.secretID = secretID
	return value, signature(key, value), nil
}

// expired checks the expiry in the row that the exchange has read.
func expired(ctx context.Context) error {
	x := exchangeOf(ctx)
	if x.stored == nil || x.repeat {
		return nil
	}
	if at := x.stored.ExpiresAt; !at.IsZero() && !x.now.Before(at) {
		x.reason = ReasonExpired
		return fosite.ErrTokenExpired
	}
	return nil
}

func (g strategy) AuthorizeCodeSignature(ctx context.Context, code string) string {
	return g.signatureOf(ctx, code, storage.KindCode)
}

func (g strategy) GenerateAuthorizeCode(ctx context.Context, _ fosite.Requester) (string, string, error) {
	return g.generate(ctx, storage.KindCode)
}

func (g strategy) ValidateAuthorizeCode(ctx context.Context, _ fosite.Requester, _ string) error {
	return expired(ctx)
}

func (g strategy) AccessTokenSignature(ctx context.Context, token string) string {
	return g.signatureOf(ctx, token, storage.KindAccess)
}

func (g strategy) GenerateAccessToken(ctx context.Context, _ fosite.Requester) (string, string, error) {
	return g.generate(ctx, storage.KindAccess)
}

// ValidateAccessToken is not called by the handlers in use.
func (g strategy) ValidateAccessToken(context.Context, fosite.Requester, string) error {
	return fosite.ErrRequestUnauthorized
}

func (g strategy) RefreshTokenSignature(ctx context.Context, token string) string {
	return g.signatureOf(ctx, token, storage.KindRefresh)
}

func (g strategy) GenerateRefreshToken(ctx context.Context, _ fosite.Requester) (string, string, error) {
	return g.generate(ctx, storage.KindRefresh)
}

func (g strategy) ValidateRefreshToken(ctx context.Context, _ fosite.Requester, _ string) error {
	return expired(ctx)
}
