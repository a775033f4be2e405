package authz

import (
	"context"
	"errors"

	"gatehouse/storage"
)

// lostRace answers a request whose unit of work found its code or refresh token spent, or its grant ended, in the
// moment between reading and writing.
//
// Of simultaneous exchanges of a code, the others are replays: the family ends (RFC 6749 §4.1.2). Of simultaneous
// refreshes, the others get the winner's pair within the client's grace, and end the family without one.
func (s *Server) lostRace(ctx context.Context, x *exchange, cause error) (*Answer, error) {
	if !errors.Is(cause, storage.ErrConflict) || x.stored == nil {
		return nil, cause
	}
	ctx = context.WithoutCancel(ctx) // what is found here may have to end, whoever still waits for it
	stored, err := s.find(ctx, x.stored.TokenKey, x.presented)
	if err != nil {
		return nil, err
	}
	x.stored, x.now = stored, s.now()
	// A code that renews its grant ends the one that it hangs on itself.
	if stored.State != storage.TokenSpent || !stored.Standing() && !x.grantSaved {
		return nil, errGrant.because(cause)
	}
	if stored.Kind == storage.KindRefresh && withinGrace(x, stored) {
		return s.repeatAnswer(ctx, x)
	}
	if err := s.revokeNow(ctx, x, stored.Family); err != nil {
		return nil, err
	}
	return nil, errGrant.because(cause).told("code or refresh token was used by another request at the same moment, so everything that came of it was revoked")
}

// repeatAnswer gives the pair again that a refresh token was rotated into: the values are derived from the parent that
// the client still holds, scope and expiry are those that were stored, as far as they are still good.
func (s *Server) repeatAnswer(ctx context.Context, x *exchange) (*Answer, error) {
	access, accessRow, err := s.childOf(ctx, x, storage.KindAccess)
	if err != nil {
		return nil, err
	}
	refresh, refreshRow, err := s.childOf(ctx, x, storage.KindRefresh)
	if err != nil {
		return nil, err
	}
	if x.session, err = decodeSession(&accessRow.Token); err != nil {
		return nil, err
	}
	answer := s.answerOf(x, grantRefresh, s.scopeOf(x.client, accessRow))
	answer.AccessToken, answer.RefreshToken = access, refresh
	answer.ExpiresAt, answer.RefreshExpiry = endOfToken(x.client, accessRow), endOfToken(x.client, refreshRow)
	if !answer.ExpiresAt.IsZero() {
		answer.ExpiresIn = secondsLeft(x.now, answer.ExpiresAt)
		if !accessRow.ExpiresAt.IsZero() { // never more than the first answer said
			answer.ExpiresIn = min(answer.ExpiresIn, accessRow.ExpiresAt.Sub(accessRow.IssuedAt))
		}
		if answer.ExpiresIn <= 0 {
			return nil, errGrant
		}
	}
	return answer, s.complete(ctx, x, answer)
}

func (s *Server) childOf(ctx context.Context, x *exchange, kind storage.TokenKind) (string, *storage.StoredToken, error) {
	key := storage.TokenKey{Family: x.stored.Family, Kind: kind, Generation: x.stored.Generation + 1}
	value, _, ok := s.values.child(x.presented, key, x.stored.SecretID)
	if !ok {
		return "", nil, errGrant // the root secret was swapped within the grace
	}
	row, err := s.find(ctx, key, value)
	return value, row, err
}
