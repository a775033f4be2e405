package templates

import "time"

// AdminCommon is what every page of the console has.
type AdminCommon struct {
	Common
	Links []AdminLink // the parts of the console that the person may see
}

// inConsole tells the pages of the console from others.
func (AdminCommon) inConsole() {}

// AdminLink leads to a part of the console.
type AdminLink struct {
	Key  string // of its name in the catalog: one of the Admin…Part
	Path string
	Here bool // the page is in it
}

// The parts of the console.
const (
	AdminReviewPart     = "admin.reviews"
	AdminAppsPart       = "admin.apps"
	AdminPublishersPart = "admin.publishers"
	AdminPeoplePart     = "admin.people"
	AdminCompaniesPart  = "admin.companies"
	AdminSessionsPart   = "admin.sessions"
	AdminDecisionsPart  = "admin.decisions"
)

// AdminReviews is the queue of what waits for a review, the oldest first.
type AdminReviews struct {
	AdminCommon
	Items []AdminWaiting
	Next  string // the path of the next part; empty: this is the last
}

// AdminWaiting is a mini app in the queue.
type AdminWaiting struct {
	ClientID  string
	Name      string
	Publisher string // its name; empty: none
	Verified  bool
	Since     time.Time
	Version   bool // it is live, and this is what it is to become
	Hints     []AdminHint
}

// AdminHint is one thing for a reviewer to look at; see registry.Hint.
type AdminHint struct {
	Kind  string
	Value string
	Other string
}

// AdminApp is the page of one mini app. Its forms post to it, each with the hidden field was and a button named action:
//
//	form#review   action=approve, request-changes, reject or comment   comment
//	form#edit     action=approve-changed   name, purpose-N-LANG, required (the names of scopes)
//	form#operate  action=suspend, reinstate, archive or discard   comment
//	form#secret   action=rotate-secret   keep_old (hours)
type AdminApp struct {
	AdminCommon
	App       AdminWaiting // Since is zero where nothing waits
	Status    string       // of the mini app
	Waiting   string       // the status of the version beside it; empty: there is none
	Was       string       // the state that the forms are about
	Ways      []AdminWay
	Compared  bool // Fields and Scopes are compared with what is live
	Fields    []AdminField
	Scopes    []AdminScope
	Notes     []AdminNote
	Requests  []ClientRequest
	Can       map[string]bool // the actions that are possible here and now for this person
	SignIn    string          // where they sign in again first, for what takes that; empty: they have just done so
	EditName  string          // form#edit as it is or was typed
	Comment   string          // as typed
	Secret    string          // a new one, shown this once
	Secrets   []AdminSecret   // that work
	KeepHours []int
	Problems  []Problem
	Saved     string
}

// AdminSecret is a secret of a mini app, without its value.
type AdminSecret struct {
	ID      string
	Created time.Time
	Ends    time.Time // zero: never
}

// AdminField is a part of a registration.
type AdminField struct {
	Name  string // the seed key
	Lines []AdminLine
	Logos []AdminLogo // what of its lines can be shown
}

// AdminLogo is a logo from our own origin; Change is as in AdminLine.
type AdminLogo struct{ Path, Change string }

// AdminLine is a line of a value: "added", "removed", or empty where it stays.
type AdminLine struct{ Text, Change string }

// AdminScope is a scope of a registration.
type AdminScope struct {
	Name        string
	Title       string
	Sensitive   bool
	Change      string // "added", "removed", "changed", or empty
	Required    bool
	WasRequired bool
	Purposes    []AdminPurpose
}

// AdminPurpose is why a mini app wants a scope, in one language.
type AdminPurpose struct {
	ID    string // of the control in form#edit
	Lang  string
	Lines []AdminLine
	Text  string // as it is now, or as typed
}

// AdminNote is what somebody said or did.
type AdminNote struct {
	By     string
	Action string // of the workflow; empty: a comment
	Text   string
	At     time.Time
}

// AdminAgain asks who signed in too long ago to do so again, in another window, and then to send what they sent again: it is kept in
// form#resend, all but passwords. Without a Person the session has ended.
type AdminAgain struct {
	AdminCommon
	SignIn string
	Back   string  // the page with the form
	Action string  // where the form goes
	Fields []Field // what was posted
	Lost   bool    // there was a password, which has to be typed anew at Back: there is no form#resend
	// Unsealed says that they have signed in, but that the form was not given to them in this browser.
	Unsealed bool
}

func (*AdminReviews) name() string { return "admin_reviews" }
func (*AdminApp) name() string     { return "admin_app" }
func (*AdminAgain) name() string   { return "admin_again" }

func (*AdminReviews) address() string { return "/admin/reviews" }
func (a *AdminApp) address() string   { return "/admin/apps/" + a.App.ClientID }
func (a *AdminAgain) address() string { return a.Back }
