package identity

import (
	"context"
	"errors"

	"gatehouse/internal/httpx"
	"gatehouse/storage"
)

// SignUp creates an account for somebody who asked for one. Errors as those of CreateUser, but where an e-mail address
// or a phone number is taken it is an *Invalid that says so; that answer is limited per network address, and so are
// accounts: *TooMany. One wrapping storage.ErrUnavailable as of SignIn.
func (p *People) SignUp(ctx context.Context, n NewUser, from From) (storage.User, error) {
	if err := n.checkSignUp(); err != nil {
		return storage.User{}, err
	}
	leave, err := p.door.join(from.Address)
	if err != nil {
		return storage.User{}, err
	}
	defer leave()
	address := httpx.Network(from.Address)
	done, err := p.limits.enter(ctx, "sign-up from "+address, address)
	if err != nil {
		return storage.User{}, err
	}
	defer done()
	exists, made := "sign-up exists from "+address, "sign-up from "+address
	if err := p.limits.check(ctx, limit{exists, existsAnswers}, limit{made, signUps}); err != nil {
		return storage.User{}, err
	}
	n.ID = NewUserID()
	user, err := p.CreateUser(did(ctx, n.ID, from.Address, "user.create", aUser(n.ID), "by", "sign-up"), n)
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

// Member returns the person with this e-mail address for a client, clientID, of a company: who belongs to it, and who is not
// known yet and by this becomes one of its people. ErrStranger when the person is somebody else's. Whom the company did not
// know is limited, in either case: else a client could take every address whose owner has no account here yet, and ask
// who has one. Then *TooMany; an *Invalid when it is no e-mail address.
func (p *People) Member(ctx context.Context, companyID, email, clientID string) (storage.User, error) {
	user, err := p.ByEmail(ctx, email)
	known := err == nil
	switch {
	case !known && !errors.Is(err, storage.ErrNotFound):
		return storage.User{}, err
	case known && user.CompanyID == companyID:
		return user, nil
	}
	named := "strangers of " + companyID
	if err := p.limits.check(ctx, limit{named, strangers}); err != nil {
		return storage.User{}, err
	}
	if !known {
		n := NewUser{ID: NewUserID(), Email: email, CompanyID: companyID}
		by := storage.Actor{Kind: storage.ActorClient, ID: clientID}
		user, err = p.CreateUser(didBy(ctx, by, "user.create", aUser(n.ID), "by", "company", "company", companyID), n)
		if errors.Is(err, storage.ErrExists) { // by another request, in this moment
			return p.Member(ctx, companyID, email, clientID)
		}
	}
	if err != nil {
		return storage.User{}, err
	}
	if err := p.limits.count(ctx, named); err != nil {
		return storage.User{}, err
	}
	if known {
		return storage.User{}, ErrStranger
	}
	return user, nil
}

// ErrStranger says that a person does not belong to a company.
var ErrStranger = errors.New("the person does not belong to the company")

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
