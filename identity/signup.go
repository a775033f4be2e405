package identity

import (
	"context"
	"errors"

	"gatehouse/storage"
)

// SignUp creates an account for somebody who asked for one. Errors as those of CreateUser, but where an e-mail address
// or a phone number is taken it is an *Invalid that says so; that answer is limited per network address, and so are
// accounts: *TooMany.
func (p *People) SignUp(ctx context.Context, n NewUser, from From) (storage.User, error) {
	if err := n.checkSignUp(); err != nil {
		return storage.User{}, err
	}
	address := network(from.Address)
	done, err := p.limits.enter(ctx, "sign-up from "+address, address)
	if err != nil {
		return storage.User{}, err
	}
	defer done()
	exists, made := "sign-up exists from "+address, "sign-up from "+address
	if err := p.limits.check(ctx, limit{exists, existsAnswers}, limit{made, signUps}); err != nil {
		return storage.User{}, err
	}
	user, err := p.CreateUser(ctx, n)
	if errors.Is(err, storage.ErrExists) {
		if err := p.limits.count(ctx, exists); err != nil {
			return storage.User{}, err
		}
		return storage.User{}, p.taken(ctx, n)
	}
	if err != nil {
		return storage.User{}, err
	}
	return user, p.limits.count(ctx, made)
}

// CreateMember is CreateUser for somebody whom a client of n's company names. Accounts made so are limited per company, or
// a client could take every address that its owner does not use here yet: *TooMany.
func (p *People) CreateMember(ctx context.Context, n NewUser) (storage.User, error) {
	made := "members of " + n.CompanyID
	if err := p.limits.check(ctx, limit{made, members}); err != nil {
		return storage.User{}, err
	}
	user, err := p.CreateUser(ctx, n)
	if err != nil {
		return storage.User{}, err
	}
	return user, p.limits.count(ctx, made)
}

// checkSignUp reports every problem at once, before anything is counted or hashed. Here an e-mail address and a password
// are needed.
func (n NewUser) checkSignUp() error {
	u, err := n.record()
	if n.Email == "" && n.Phone != "" {
		err = errors.Join(missing("email"), err)
	}
	return errors.Join(err, checkOwnPassword(n.Password, u.Email))
}

// checkOwnPassword is CheckPassword for somebody with this e-mail address, which is no secret.
func checkOwnPassword(password, email string) error {
	if password == "" {
		return missing("password")
	}
	if same, _ := CanonicalEmail(password); same != "" && same == email {
		return passwordProblem("problem.password_common", "it is the e-mail address", 0)
	}
	return CheckPassword(password)
}

// taken says which of n's values belongs to somebody.
func (p *People) taken(ctx context.Context, n NewUser) error {
	phone, _ := CanonicalPhone(n.Phone)
	email, _ := CanonicalEmail(n.Email)
	byPhone, errPhone := p.find(ctx, phone)
	byEmail, errEmail := p.find(ctx, email)
	if err := errors.Join(errPhone, errEmail); err != nil {
		return err
	}
	if byEmail == nil && byPhone != nil {
		return takenProblem("phone", "phone number")
	}
	return takenProblem("email", "e-mail address")
}

func takenProblem(field, what string) error {
	return &Invalid{Field: field, Key: "problem.exists", Text: "an account with this " + what + " exists"}
}
