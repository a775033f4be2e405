package storage

import (
	"context"
	"time"
)

// RememberedAnswer is what a call was answered, so that its repetition gets the same and does nothing again.
type RememberedAnswer struct {
	ID          string    // names the caller and the key that they chose
	Fingerprint []byte    // of the request: another one with the same ID is a mistake
	BeganAt     time.Time // when the call came in; it tells two attempts apart
	ExpiresAt   time.Time // when it is forgotten
	Done        bool      // something was written for the call; see Answering
	Sealed      []byte    // the answer, encrypted; nil until there is one
}

// Answering returns a context under which a write of any store belongs to a call with a RememberedAnswer: its transaction
// marks that as Done, and fails with ErrConflict when another attempt has taken its place. So what a call did is never
// forgotten, also where its answer got lost.
func Answering(ctx context.Context, a RememberedAnswer) context.Context {
	return context.WithValue(ctx, answeringKey{}, a)
}

// AnsweringOf returns the answer that writes under ctx belong to, and false for none.
func AnsweringOf(ctx context.Context) (RememberedAnswer, bool) {
	a, ok := ctx.Value(answeringKey{}).(RememberedAnswer)
	return a, ok
}

type answeringKey struct{}

// Answers keeps what calls were answered.
type Answers interface {
	// BeginAnswer stores a, which has no answer yet. Where its ID is taken it returns the one that is there, and ErrExists;
	// unless that one has expired at a.BeganAt, or is not Done and began before lapsed: then a takes its
	// place.
	BeginAnswer(ctx context.Context, a RememberedAnswer, lapsed time.Time) (RememberedAnswer, error)
	// KeepAnswer stores the answer of the attempt a, which is Done by that. ErrNotFound when another has taken its place.
	KeepAnswer(ctx context.Context, a RememberedAnswer, sealed []byte) error
	// ForgetAnswer removes the attempt a, unless it is Done: nothing came of it, and it may be made again.
	ForgetAnswer(ctx context.Context, a RememberedAnswer) error
}
