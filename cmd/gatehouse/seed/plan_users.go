package seed

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/identity"
	"gatehouse/storage"
)

func (p *planner) planUsers(ctx context.Context) error {
	seen := map[string]place{}
	for _, r := range p.seed.users {
		before := len(p.problems)
		p.canonical(r.place, &r.value)
		if len(p.problems) > before {
			continue // what follows looks them up
		}
		old, err := p.storedUser(ctx, r)
		if err != nil {
			return err
		}
		for _, login := range []string{r.value.Email, r.value.Phone} {
			if login != "" {
				p.once(seen, r.place, "", login)
			}
		}
		if err := p.checkCompany(ctx, r); err != nil {
			return err
		}
		if old == nil {
			p.createUser(r)
		} else if err := p.updateUser(ctx, r, old); err != nil {
			return err
		}
	}
	return nil
}

// storedUser finds the account that an entry is about, and reports values that belong to another one.
func (p *planner) storedUser(ctx context.Context, r record[User]) (*storage.User, error) {
	byEmail, err := p.byLogin(ctx, r.value.Email)
	if err != nil {
		return nil, err
	}
	byPhone, err := p.byLogin(ctx, r.value.Phone)
	if err != nil {
		return nil, err
	}
	if r.value.Email == "" {
		return byPhone, nil
	}
	if byPhone != nil && (byEmail == nil || byEmail.ID != byPhone.ID) {
		p.wrong(r.place, "phone", "belongs to another account; correct one of them")
	}
	if byEmail != nil && r.value.ID != "" && r.value.ID != byEmail.ID {
		p.wrong(r.place, "id", "is not the id of this account, and an id cannot be changed; leave it out")
	}
	return byEmail, nil
}

func (p *planner) byLogin(ctx context.Context, login string) (*storage.User, error) {
	if login == "" {
		return nil, nil
	}
	return found(p.Store.UserByLogin(ctx, login))
}

func (p *planner) checkCompany(ctx context.Context, r record[User]) error {
	id := r.value.Company
	if id == "" {
		if slices.Contains(r.value.Roles, storage.RoleCompanyAdmin) {
			p.wrong(r.place, "roles", "%s needs a company; add company, or leave the role out", storage.RoleCompanyAdmin)
		}
		return nil
	}
	if slices.ContainsFunc(p.seed.companies, func(c record[Company]) bool { return c.value.ID == id }) {
		return nil
	}
	_, err := p.Store.Company(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		p.wrong(r.place, "company", "%q is neither in the files nor in the database; add it under companies", id)
		return nil
	}
	return err
}

func (p *planner) createUser(r record[User]) {
	u := r.value.user()
	if u.ID == "" {
		u.ID = uuid.NewString()
	}
	p.step("user", r.value.login(), u.ID, nil, nil, nil, func(ctx context.Context) (err error) {
		if r.value.Password != "" {
			if u.PasswordHash, err = p.Passwords.Hash(ctx, r.value.Password); err != nil {
				return err
			}
		}
		u.CreatedAt = p.time()
		u.UpdatedAt = u.CreatedAt
		return p.Store.CreateUser(ctx, u)
	})
}

// updateUser compares an account with its entry. What people say about themselves stays where the entry does not.
func (p *planner) updateUser(ctx context.Context, r record[User], old *storage.User) error {
	before := UserOf(*old)
	entry := before
	entry.Company, entry.Roles = "", nil
	if err := r.place.node.Decode(&entry); err != nil {
		return err
	}
	p.canonical(r.place, &entry)
	setPassword, err := p.setsPassword(ctx, r.value, old)
	if err != nil {
		return err
	}
	var extra []string
	if setPassword {
		extra = []string{"password: replaced"}
	}
	p.step("user", entry.login(), old.ID, before, entry, extra, func(ctx context.Context) error {
		return p.applyUser(ctx, entry, old, setPassword)
	})
	return nil
}

func (p *planner) applyUser(ctx context.Context, entry User, old *storage.User, setPassword bool) error {
	u := entry.user()
	u.ID, u.UpdatedAt = old.ID, p.time()
	if !u.UpdatedAt.After(old.UpdatedAt) {
		u.UpdatedAt = old.UpdatedAt.Add(time.Microsecond) // two writes within one tick are still two versions
	}
	if err := p.Store.UpdateUser(ctx, u, old.UpdatedAt); err != nil {
		return err
	}
	ctx = storage.Unaudited(ctx) // it is told already
	if entry.Disabled != old.Disabled {
		if err := p.Store.SetDisabled(ctx, old.ID, entry.Disabled, p.time()); err != nil {
			return err
		}
	}
	if !setPassword {
		return nil
	}
	hash := entry.PasswordHash
	if entry.Password != "" {
		var err error
		if hash, err = p.Passwords.Hash(ctx, entry.Password); err != nil {
			return err
		}
	}
	return p.Store.SetPassword(ctx, old.ID, "", hash, p.time(), true, "")
}

// setsPassword reports whether the account has another password than its entry says. An imported hash is replaced when
// its owner signs in, so against a hash of our own making it proves nothing.
func (p *planner) setsPassword(ctx context.Context, u User, old *storage.User) (bool, error) {
	switch {
	case u.Password != "":
		ok, _, err := p.Passwords.Verify(ctx, old.PasswordHash, u.Password)
		if errors.Is(err, identity.ErrHash) {
			return true, nil
		}
		return !ok, err
	case u.PasswordHash == "" || u.PasswordHash == old.PasswordHash:
		return false, nil
	}
	rehashed := ownHash(old.PasswordHash) && !ownHash(u.PasswordHash)
	return !rehashed, nil
}

// ownHash reports whether a hash has the cost that Passwords.Hash uses.
func ownHash(hash string) bool { return strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") }

// time is now as every database keeps it.
func (p *planner) time() time.Time { return p.Now().UTC().Truncate(time.Microsecond) }
