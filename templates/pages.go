// Package templates draws the pages that people see. Each page is a struct; what is on the page is what is in it.
//
// A page works without JavaScript. Texts come from the catalogs in lang/, the look from static/. The names of forms and
// controls are fixed by the tests of whoever drives a browser here; see docs/architecture.md.
package templates

import "time"

// Page is one of the page structs of this package.
type Page interface {
	common() *Common
	name() string    // the template file without its extension
	address() string // where a GET shows the same page again; empty: nowhere
}

// Common is what every page has.
type Common struct {
	// Locales are language tags asked for by the request (ui_locales, OIDC Core §3.1.2.1), best first, space-separated.
	// The person's own choice goes before them, Accept-Language after them.
	Locales string
	// Locale is the signed-in person's chosen language, empty when there is none.
	Locale string
	// FormTarget is the origin or scheme that a form's redirect may lead to besides our own: the redirect URI of the
	// request ("https://app.example", "http://127.0.0.1:8080", "com.example.app:"). Empty on pages that carry none.
	FormTarget string
	// RequestID is what a person can tell support; it is in the log too.
	RequestID string
	// Person is who is signed in, for the page's head; nil when nobody is.
	Person *Person
	// FormSeal is what the forms of the console and the portal carry, hidden, as interaction; empty on other pages.
	FormSeal string
	// Language and Theme (light or dark) are how a page is drawn that is to look at, whoever looks; empty: as they like it.
	Language, Theme string
}

// Person is the signed-in person as shown on a page.
type Person struct {
	Name  string
	Login string // e-mail or phone
	// Develops and Operates say which other pages are theirs: /developer and /admin.
	Develops, Operates bool
}

// ownNav is what the links between a person's own pages depend on.
type ownNav struct {
	Here   string // account, apps or developer
	Person Person
}

func own(c *Common, here string) ownNav {
	n := ownNav{Here: here}
	if c.Person != nil {
		n.Person = *c.Person
	}
	return n
}

// App is a mini app as shown on a page. Its texts come from its developers and are shown as theirs.
type App struct {
	ClientID   string
	Name       string
	NameLang   string            // language of Name when it is known; Render sets it when it draws a translation
	Names      map[string]string // translations of Name by language tag
	LogoURL    string            // from our own origin, or empty: initials are drawn
	LogoLarge  string            // the same for dense screens; empty: there is one size
	Own        bool              // it belongs to the host app, and so needs no consent
	Publisher  string
	Verified   bool
	VerifiedAt time.Time
	HomeURI    string
	LoginURI   string // where a sign-in starts anew (OIDC Core §4)
	PolicyURI  string
	TOSURI     string
}

// Problem is what is wrong with one field of a form. Field is the control's name, Key the catalog's text, and Args fill
// its placeholders.
type Problem struct {
	Field string
	Key   string
	Args  map[string]string
}

// SignIn is form#sign-in.
type SignIn struct {
	Common
	Interaction string // sealed
	App         *App   // who the person signs in for; nil without a request
	Username    string // as typed, or login_hint
	Problems    []Problem
	// Continue is set where somebody is signed in already and may go on as they are (prompt=select_account).
	Continue *Person
	Chooser  bool // that person has nothing to type into form#sign-in: form#switch-account leads to it, for others
	SignUp   bool // whether to offer sign-up
	// Upstreams are other servers that people may sign in with, a link each to /login/upstream/ID.
	Upstreams []Upstream
}

// Upstream is another server that people may sign in with.
type Upstream struct{ ID, Name string }

// SignUp is form#sign-up.
type SignUp struct {
	Common
	Interaction                       string
	App                               *App
	Email, FirstName, LastName, Phone string
	Problems                          []Problem
	Upstreams                         []Upstream
}

// SetUp is form#set-up, by which whoever has its link makes the first admin.
type SetUp struct {
	Common
	Token    string // of the link
	Email    string // as typed
	Problems []Problem
}

// Consent is form#consent, with form#switch-account beside it.
type Consent struct {
	Common
	Interaction string // sealed for the consent step
	Switch      string // the interaction sealed for the sign-in step: the hidden field of form#switch-account
	App         App
	Account     Person
	Company     string // the company on whose behalf the person decides, else empty
	Required    []ConsentItem
	Optional    []ConsentItem
	Known       []ConsentItem // allowed before, listed closed
	Offline     bool          // offline_access is asked
	OfflineEnd  time.Time     // zero: until removed
	Pairwise    bool          // the mini app gets an identifier that only it sees
	ReturnHost  string        // where the browser goes next, as Unicode or punycode by the rules of the page
	Expires     time.Time
	Changed     bool     // drawn again because the decisions changed meanwhile
	Preview     *Preview // it is one to look at; nil: it is not
}

// ConsentItem is one scope with the values that it would share, from the same code that fills userinfo.
type ConsentItem struct {
	Scope       string
	Title       string
	Description string
	Purpose     string // in the mini app's words
	PurposeLang string
	Claims      []string
	Values      []Value
	New         bool // not asked before, while others were
	Repurposed  bool // asked again because it was allowed for another purpose
	Sensitive   bool
	Until       time.Time // of what is allowed; zero: until removed
}

// Value is one claim as people read it. Text is empty when the person has none; then nothing is shared.
type Value struct {
	Claim string
	Text  string
	// Verified is "yes", "no" or "" where it means nothing.
	Verified string
}

// Error is main#error with data-error=Code.
type Error struct {
	Common
	Code   string // an RFC 6749 error code, or a page's own such as not_found
	Key    string // catalog key of the explanation; empty: "error."+Code
	Args   map[string]string
	App    *App   // for a way back
	Retry  string // a URL that starts over, or empty
	Detail string // for developers, plain English
}

// FormPost sends an authorization response by POST (OAuth 2.0 Form Post Response Mode), by script or by its button.
type FormPost struct {
	Common
	Action string
	Fields []Field
	App    App
}

// Field is one hidden field.
type Field struct{ Name, Value string }

// SignOut asks before signing out; form#sign-out.
type SignOut struct {
	Common
	Interaction string
	Done        bool
}

// Switch asks whoever is signed in (Common.Person) whether another account may take their place; form#switch.
type Switch struct {
	Common
	Interaction string
	Action      string // a path here: where the form goes
	App         App    // who wants to sign Next in
	Next        Person // either may have no name
}

// Account is the person's own page. Its forms post to /account with the hidden interaction and a button named action:
//
//	form#profile          action=profile   first_name, last_name
//	form#change-password  action=password  current_password, new_password
//	form#sessions         action=sessions  signs out everywhere else; only where there is an else
//	a form each           action=end-session  session, the ID
type Account struct {
	Common
	Interaction string
	User        AccountUser
	Sessions    []AccountSession
	Problems    []Problem
	Saved       string // catalog key of what was just done, or empty
}

// AccountUser is the profile as its owner sees it.
type AccountUser struct {
	Email, Phone, FirstName, LastName, Company string
	EmailVerified, PhoneVerified               bool
	HasPassword                                bool // else the person signs in elsewhere, and cannot change one
}

// AccountSession is a signed-in browser.
type AccountSession struct {
	ID              string // what the form that ends it posts as session
	Device, Address string
	SeenAt          time.Time
	VouchedBy       string // the name of the mini app that signed the person in there; empty: they did
	Current         bool
}

// Apps lists connected and denied mini apps, a form#app-CLIENT_ID each.
type Apps struct {
	Common
	Interaction string
	Apps        []ConnectedApp // what may read something
	Refused     []ConnectedApp // what may not, any more or at all
	SignIn      string         // where who is here by a mini app's ticket signs in themselves; empty: they have
	Saved       string
}

// ConnectedApp is what one mini app may and may not read. Its form posts client_id and, when Company is set, the hidden
// field owner=company, because one mini app may have a person's authorization and their company's. Beside it, each scope
// that can be taken back alone has a form with action=withdraw and the hidden field scope.
type ConnectedApp struct {
	App
	Company  string // set when the authorization is a company's
	Beside   bool   // and stands beside the person's own of the same mini app: its form is form#app-CLIENT_ID:company
	Status   string // none, allowed, partial, incomplete, denied or expired
	Allowed  []SharedItem
	Denied   []string // titles
	Open     []string // titles of what it is registered for and nobody has decided about
	Pairwise bool     // it gets an identifier that only it sees
	Since    time.Time
	Read     time.Time // when it last read what it may; zero: no reading is on record
	Until    time.Time // zero: no end
	Blocked  time.Time // denied until then; zero: not blocked
}

// SharedItem is a scope that is allowed.
type SharedItem struct {
	ConsentItem
	Required bool // it goes only with the whole app
}
