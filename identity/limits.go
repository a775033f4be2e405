package identity

import (
	"context"
	"fmt"
	"time"

	"gatehouse/internal/httpx"
	"gatehouse/storage"
)

// How often something may fail in a window of time. The window starts with the first failure and is not prolonged by
// later ones, so whoever fails on purpose cannot keep the rightful person out for ever; and a browser that the person
// has signed in with before has its own count, which nobody else can fill.
const (
	failureWindow   = 15 * time.Minute
	accountFailures = 10
	addressFailures = 100
	existsAnswers   = 10  // sign-up's "this address has an account", per network address
	signUps         = 100 // accounts made from one network address
	strangers       = 500 // people whom a company did not know and its clients named
)

// addressAtOnce is how many attempts from one network address are looked at together.
const addressAtOnce = 4

// TooMany says that somebody has to wait.
type TooMany struct{ RetryAfter time.Duration }

func (e *TooMany) Error() string { return fmt.Sprintf("too many attempts, wait %s", e.RetryAfter) }

// limits counts failures in the store's table of fixed size.
type limits struct {
	store     storage.Failures
	now       func() time.Time
	accounts  *turns
	addresses *turns
	crowd     *crowd // everybody who waits for a turn or has one
}

func newLimits(store storage.Failures, now func() time.Time) limits {
	return limits{store: store, now: now, accounts: newTurns(1), addresses: newTurns(addressAtOnce), crowd: &crowd{}}
}

// limit is how many failures one key may have.
type limit struct {
	key string
	at  int
}

// enter waits for a turn of the account and of the network address, and returns how to end it. errCrowded where
// too many are waiting already.
func (l limits) enter(ctx context.Context, account, address string) (done func(), err error) {
	leave, err := l.crowd.join(address)
	if err != nil {
		return nil, err
	}
	leaveTurns, err := l.turns(ctx, account, address)
	if err != nil {
		leave()
		return nil, err
	}
	return func() { leaveTurns(); leave() }, nil
}

func (l limits) turns(ctx context.Context, account, address string) (done func(), err error) {
	leaveAddress, err := l.addresses.take(ctx, httpx.Network(address))
	if err != nil {
		return nil, err
	}
	leaveAccount, err := l.accounts.take(ctx, account)
	if err != nil {
		leaveAddress()
		return nil, err
	}
	return func() { leaveAccount(); leaveAddress() }, nil
}

// check returns a *TooMany when one of the limits is reached.
func (l limits) check(ctx context.Context, limits ...limit) error {
	keys := make([]string, len(limits))
	for i, limit := range limits {
		keys[i] = limit.key
	}
	counts, err := l.store.Failures(ctx, keys, l.since())
	if err != nil {
		return fmt.Errorf("read the failures: %w", err)
	}
	for i, limit := range limits {
		if counts[i] >= limit.at {
			return &TooMany{RetryAfter: failureWindow}
		}
	}
	return nil
}

// count adds a failure to each key.
func (l limits) count(ctx context.Context, keys ...string) error {
	if err := l.store.CountFailure(ctx, keys, l.now(), l.since()); err != nil {
		return fmt.Errorf("count a failure: %w", err)
	}
	return nil
}

// forget sets keys back to zero.
func (l limits) forget(ctx context.Context, keys ...string) error {
	if err := l.store.ForgetFailures(ctx, keys); err != nil {
		return fmt.Errorf("forget the failures: %w", err)
	}
	return nil
}

// since is when the oldest window began that still counts. Who waits exactly as long as they were told gets in.
func (l limits) since() time.Time { return l.now().Add(-failureWindow + time.Millisecond) }
