package identity

import (
	"context"
	"fmt"

	"gatehouse/storage"
)

// CreateTestUser is CreateUser of a publisher's test person, who has no role and no company. storage.ErrConflict when the
// publisher has most of them.
func (p *People) CreateTestUser(ctx context.Context, n NewUser, publisher string, most int) (storage.User, error) {
	n.Roles, n.CompanyID = nil, ""
	u, err := p.newUser(ctx, n)
	if err != nil {
		return storage.User{}, err
	}
	u.TestPublisher = publisher
	if err := p.users.CreateTestUser(ctx, u, most); err != nil {
		return storage.User{}, fmt.Errorf("create the test person: %w", err)
	}
	return u, nil
}

// DeleteTestUser deletes a publisher's test person. storage.ErrNotFound where there is none with this ID.
func (p *People) DeleteTestUser(ctx context.Context, userID string) error {
	return p.users.DeleteTestUser(ctx, userID, p.time())
}
