package admin

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"gatehouse/storage"
)

// RecentFor is how long ago a person may have signed in for what a Rule calls Recent.
const RecentFor = 10 * time.Minute

// Caller is who wants to do something.
type Caller struct {
	Actor storage.Actor
	// Operator is whoever may run commands on the database, or a client with the scope admin of its own: they may do
	// everything.
	Operator   bool
	UserID     string // of the person, also of whose API key it is; empty for a command and a client
	Roles      []string
	Publishers []string  // IDs of those that a developer develops for
	CompanyID  string    // that a company admin administers
	Rights     []string  // of an API key, which can do no more than these; nil: no key
	KeyEnds    time.Time // when that key expires; zero: never
	// ProvedAt is when the person last proved who they are; zero for a program, which cannot be asked.
	ProvedAt time.Time
	asked    *[]Asked // what they did something by, for Noting; nil: nobody notes it
}

// Asked is something that a caller was found to be allowed.
type Asked struct {
	Do Capability
	To Belongs
}

// Noting returns c, and what they are found to be allowed from now on: whoever repeats an answer asks for all of that again.
func (c Caller) Noting() (Caller, *[]Asked) {
	c.asked = new([]Asked)
	return c, c.asked
}

// Belongs says whose a record is: a publisher's, a company's, a person's, or nobody's.
type Belongs struct {
	PublisherID string
	CompanyID   string
	UserID      string // of an API key
}

var (
	// ErrForbidden says that a caller may not do this.
	ErrForbidden = errors.New("not allowed")
	// ErrSignInAgain says that a caller may, once they have signed in again.
	ErrSignInAgain = errors.New("sign in again to do this")
)

// May says, as an error that is ErrForbidden or ErrSignInAgain, why c may not do something at now to a record that belongs
// to to; nil when they may.
func (c Caller) May(do Capability, to Belongs, now time.Time) error {
	err := c.allowed(do, to, now)
	if err == nil && c.asked != nil {
		*c.asked = append(*c.asked, Asked{do, to})
	}
	return err
}

func (c Caller) allowed(do Capability, to Belongs, now time.Time) error {
	if err := c.Might(do); err != nil || c.Operator {
		return err
	}
	rule, _ := RuleOf(do)
	if !c.has(rule.Anyones) && !(c.has(rule.Own) && c.owns(to)) {
		return fmt.Errorf("%w: %s is for %s", ErrForbidden, do, whose(rule))
	}
	if rule.Recent && c.Actor.Kind == storage.ActorUser && now.Sub(c.ProvedAt) > RecentFor {
		return ErrSignInAgain
	}
	return nil
}

// Might says, as an error that is ErrForbidden, why there is no record that c may do something to; nil where there may be one.
func (c Caller) Might(do Capability) error {
	rule, known := RuleOf(do)
	switch {
	case !known:
		return fmt.Errorf("%w: nobody can %s", ErrForbidden, do)
	case c.Rights != nil && !Covers(c.Rights, do):
		return fmt.Errorf("%w: the API key lacks the right %s", ErrForbidden, do)
	case !c.Operator && !c.has(rule.Anyones) && !c.has(rule.Own):
		return fmt.Errorf("%w: %s is for %s", ErrForbidden, do, whose(rule))
	}
	return nil
}

// Sees reports whether c may do something to every record of a kind, so that a list need not be cut down to their own.
func (c Caller) Sees(do Capability) bool {
	rule, _ := RuleOf(do)
	return (c.Rights == nil || Covers(c.Rights, do)) && (c.Operator || c.has(rule.Anyones))
}

func (c Caller) has(roles []string) bool {
	return slices.ContainsFunc(c.Roles, func(role string) bool { return slices.Contains(roles, role) })
}

func (c Caller) owns(to Belongs) bool {
	return to.PublisherID != "" && slices.Contains(c.Roles, storage.RoleDeveloper) && slices.Contains(c.Publishers, to.PublisherID) ||
		to.CompanyID != "" && slices.Contains(c.Roles, storage.RoleCompanyAdmin) && c.CompanyID == to.CompanyID ||
		to.UserID != "" && c.UserID == to.UserID
}

func whose(r Rule) string {
	text := ""
	for _, role := range r.Anyones {
		if text != "" {
			text += " or "
		}
		text += role
	}
	for _, role := range r.Own {
		text += " or " + role + " of one's own"
	}
	return text
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
