package storage

import "context"

// Admins makes the first of them.
type Admins interface {
	// HasAdmin reports whether a user whose account is not disabled has RoleAdmin.
	HasAdmin(ctx context.Context) (bool, error)
	// CreateFirstAdmin stores a new user as CreateUser does, if HasAdmin is false: else ErrConflict. Of several at the same
	// moment one succeeds.
	CreateFirstAdmin(ctx context.Context, u User) error
}
