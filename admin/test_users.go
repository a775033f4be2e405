package admin

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"gatehouse/identity"
	"gatehouse/registry"
	"gatehouse/storage"
)

// MaxTestUsers is how many test people a publisher has at most.
const MaxTestUsers = 10

// TestUsers lists the test people of a publisher.
func (h *House) TestUsers(ctx context.Context, c Caller, publisher string) ([]storage.User, error) {
	if err := h.forTests(ctx, c, TestUserRead, publisher); err != nil {
		return nil, err
	}
	return h.Store.FindUsers(ctx, storage.UserQuery{TestPublisher: publisher}, "", MaxTestUsers)
}

// CreateTestUser makes a test person for a publisher, with values that are made up, and returns their password, this once.
// registry.Problems where the publisher has MaxTestUsers.
func (h *House) CreateTestUser(ctx context.Context, c Caller, publisher string) (u storage.User, password string, err error) {
	if err := h.forTests(ctx, c, TestUserCreate, publisher); err != nil {
		return u, "", err
	}
	n := madeUp(publisher)
	n.ID, n.Password = identity.NewUserID(), rand.Text()
	u, err = h.People.CreateTestUser(h.audited(ctx, c, TestUserCreate, userKind, n.ID, "publisher", publisher), n, publisher, MaxTestUsers)
	if errors.Is(err, storage.ErrConflict) {
		return u, "", registry.Problems{{Field: "publisher", Text: fmt.Sprintf("has %d test people, which is all it can have; delete one first", MaxTestUsers)}}
	}
	return u, n.Password, err
}

// ResetTestUser gives a test person a new password, which it returns this once, and signs them out.
func (h *House) ResetTestUser(ctx context.Context, c Caller, publisher, id string) (u storage.User, password string, err error) {
	if u, err = h.testUser(ctx, c, TestUserSetPassword, publisher, id); err != nil {
		return u, "", err
	}
	password = rand.Text()
	return u, password, h.People.SetPassword(h.audited(ctx, c, TestUserSetPassword, userKind, id, "publisher", publisher), id, password)
}

// DeleteTestUser deletes a test person: what they allowed ends.
func (h *House) DeleteTestUser(ctx context.Context, c Caller, publisher, id string) error {
	if _, err := h.testUser(ctx, c, TestUserDelete, publisher, id); err != nil {
		return err
	}
	return h.People.DeleteTestUser(h.audited(ctx, c, TestUserDelete, userKind, id, "publisher", publisher), id)
}

// forTests says why c may not do something to the test people of a publisher. Who may not even read them learns that there
// is no such publisher.
func (h *House) forTests(ctx context.Context, c Caller, do Capability, publisher string) error {
	owner := Belongs{PublisherID: publisher}
	if err := h.may(c, TestUserRead, owner); err != nil {
		if slices.Contains(c.Roles, storage.RoleDeveloper) {
			return fmt.Errorf("publisher %q: %w", publisher, storage.ErrNotFound)
		}
		return err
	}
	if err := h.may(c, do, owner); err != nil {
		return err
	}
	_, err := h.Store.Publisher(ctx, publisher)
	return err
}

func (h *House) testUser(ctx context.Context, c Caller, do Capability, publisher, id string) (storage.User, error) {
	if err := h.forTests(ctx, c, do, publisher); err != nil {
		return storage.User{}, err
	}
	u, err := h.Store.User(ctx, id)
	if err == nil && u.TestPublisher != publisher {
		err = fmt.Errorf("test person %q: %w", id, storage.ErrNotFound)
	}
	return u, err
}

var (
	madeUpFirst = []string{"Ada", "Bruno", "Chen", "Dalia", "Emeka", "Freya", "Goran", "Hana", "Iris", "Jamal"}
	madeUpLast  = []string{"Almeida", "Berg", "Castillo", "Dubois", "Eze", "Fischer", "Gupta", "Haddad", "Ito", "Jansen"}
)

// madeUp are values of nobody: the top-level domain test is nobody's (RFC 2606 §2), and so is the country code 999 (ITU-T
// E.164).
func madeUp(publisher string) identity.NewUser {
	label := strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(publisher)), "-")
	if label == "" || strings.HasPrefix(label, "xn--") {
		label = "publisher"
	}
	return identity.NewUser{
		Email: "test-" + strings.ToLower(rand.Text()[:10]) + "@" + label[:min(len(label), 63)] + ".test", EmailVerified: true,
		Phone: fmt.Sprintf("+999%011d", below(99_999_999_999)), PhoneVerified: true,
		FirstName: madeUpFirst[below(int64(len(madeUpFirst)))], LastName: madeUpLast[below(int64(len(madeUpLast)))], Locale: "en",
		Attributes: map[string]any{"address": map[string]any{
			"formatted": "1 Example Street\nTestville", "street_address": "1 Example Street", "locality": "Testville", "postal_code": "00000", "country": "ZZ",
		}},
	}
}

// below returns a random number from 0 to n-1.
func below(n int64) int64 {
	i, err := rand.Int(rand.Reader, big.NewInt(n))
	if err != nil {
		panic(err) // the system has no randomness
	}
	return i.Int64()
}
