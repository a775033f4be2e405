package templates

import (
	"net/url"
	"slices"
	"time"
)

// Preview says that a consent page is one to look at.
type Preview struct {
	At     string // the path that shows it
	Back   string // the path that it leads back to
	Lang   string // of the page; empty: that of who looks at it
	Theme  string // light or dark; empty: as who looks at it likes it
	Real   bool   // it is what a person would see who is there
	Framed bool   // it stands in a frame of a page that says what it is
}

// Developer lists the mini apps of a developer's publishers.
type Developer struct {
	Common
	Refused bool // who looks at it develops for nobody
	Admin   bool // and could make themselves a developer
	Apps    []DeveloperApp
	Next    string // the path of the next part of the list; empty: this is the last
}

// DeveloperApp is a mini app in a list.
type DeveloperApp struct {
	ClientID  string
	Name      string
	LogoURL   string // of 48 pixels; empty: it has none
	Publisher string
	Status    string
	Waiting   string // the status of the version beside it; empty: there is none
	NewName   string // that the version asks for; empty: the same
}

// DeveloperMiniApp is the page of one mini app, with form#comment, and where they are possible form#discard, form#secret and
// form#archive.
type DeveloperMiniApp struct {
	Common
	App          DeveloperApp
	ETag         string // what the forms are about
	Editable     bool   // it can be changed now
	Archivable   bool
	Changed      []string
	Confidential bool
	Live         bool   // it works, so that a first secret leads the page
	Secret       string // a new one, shown this once
	Secrets      []DeveloperSecret
	EndsFirst    time.Time // when the secret was created that ends at once when there is another; zero: none does
	Failed       []DeveloperRequest
	Granted      []DeveloperRequest
	Notes        []DeveloperNote
	Comment      string // as typed
	Why          string // as typed into form#archive
	Problems     []Problem
	Saved        string
}

// DeveloperSecret is a secret that works.
type DeveloperSecret struct {
	ID      string
	Created time.Time
	Ends    time.Time // zero: never
}

// DeveloperRequest is an answer that the mini app got.
type DeveloperRequest struct {
	At        time.Time
	Endpoint  string
	Format    string // the vendor's; empty: the RFCs'
	Code      string // of a refusal
	Reason    string
	RequestID string
	Unproven  bool // anybody may have sent it in the mini app's name
}

// DeveloperNote is what somebody said or did about a mini app.
type DeveloperNote struct {
	Author string // empty: who reads it
	Status string // where it led; empty: a comment
	Text   string
	At     time.Time
}

// DeveloperStep is form#step, one of the steps of a registration that are filled in.
type DeveloperStep struct {
	Common
	ClientID  string // empty: of a new mini app
	Name      string
	Step      string // identity, redirects, data or security
	ETag      string
	Live      bool // what is saved waits for a review
	Fields    []DeveloperField
	Logo      *DeveloperLogo   // nil: it is none of the step
	Names     []DeveloperField // the name in other languages
	Scopes    []DeveloperScope
	Languages []DeveloperOption // more languages that purposes can be in
	Problems  []Problem
	Saved     string
}

// DeveloperField is a control.
type DeveloperField struct {
	ID, Name       string
	Label          string // the catalog's text is field.LABEL
	Number         int    // of several; 0: there is one
	Kind           string // an input's type, text for several lines, or select
	Value          string
	Optional       bool
	Options        []DeveloperOption
	Lang, Language string      // that the value is in, and what that is called; empty: it is no text of one language
	Hints          []AdminHint // what is noteworthy about the value
	Test           string      // a redirect URI that a button tries; empty: there is none
	TestAt         string      // a path that tries it; empty: there is none
}

// DeveloperLogo is a mini app's logo, and the control that a new one is chosen by.
type DeveloperLogo struct {
	URI  string // logo_uri
	Path string // where the page shows it; empty: it does not
}

// DeveloperOption is one of a select's. Label is as a field's; else Text is shown.
type DeveloperOption struct{ Value, Label, Text string }

// DeveloperScope is a scope that a mini app may ask for.
type DeveloperScope struct {
	Name, Title, Description string
	Sensitive                bool
	Values                   []Value // what a sample person would share by it
	Use                      string  // empty, optional or required
	Purposes                 []DeveloperPurpose
}

// DeveloperPurpose is why a mini app wants a scope, in one language.
type DeveloperPurpose struct{ Lang, Language, Text string }

// DeveloperReview is the last step: what is missing, the preview, and form#submit.
type DeveloperReview struct {
	Common
	ClientID, Name string
	Step           string // review
	ETag           string
	Open           bool // it can be submitted
	Missing        []DeveloperMissing
	Hints          []AdminHint // what reviewers will see
	Look           Preview     // how the preview in the page is drawn
	Languages      []DeveloperOption
	Comment        string
	Problems       []Problem
}

// DeveloperMissing is what keeps a mini app from being submitted, and the step where it is filled in.
type DeveloperMissing struct{ Step, Text string }

// Steps are the steps of a registration.
func (*DeveloperStep) Steps() []string { return developerSteps }

// Steps are the steps of a registration.
func (*DeveloperReview) Steps() []string { return developerSteps }

var developerSteps = []string{"identity", "redirects", "data", "security", "review"}

// Control is the control with an ID, empty where it is none of Fields and Names.
func (d *DeveloperStep) Control(id string) DeveloperField {
	if id == "logo" {
		return DeveloperField{ID: id, Label: id}
	}
	for _, f := range slices.Concat(d.Fields, d.Names) {
		if f.ID == id {
			return f
		}
	}
	return DeveloperField{}
}

// ScopeOf is the title of the scope that a control is about, empty where it is about none.
func (d *DeveloperStep) ScopeOf(id string) string {
	for _, s := range d.Scopes {
		if id == "use-"+s.Name {
			return s.Title
		}
		for _, p := range s.Purposes {
			if id == "purpose-"+s.Name+"-"+p.Lang {
				return s.Title
			}
		}
	}
	return ""
}

// Path is where a mini app's page is.
func (a DeveloperApp) Path() string { return "/developer/apps/" + url.PathEscape(a.ClientID) }

// Path is where the mini app's page is.
func (d *DeveloperReview) Path() string { return DeveloperApp{ClientID: d.ClientID}.Path() }

// Path is where the mini app's page is; empty for a new one.
func (d *DeveloperStep) Path() string {
	if d.ClientID == "" {
		return ""
	}
	return DeveloperApp{ClientID: d.ClientID}.Path()
}

// Frame is where the preview in the page comes from.
func (d *DeveloperReview) Frame() string {
	query := url.Values{"frame": {"1"}}
	if d.Look.Lang != "" {
		query.Set("lang", d.Look.Lang)
	}
	if d.Look.Theme != "" {
		query.Set("theme", d.Look.Theme)
	}
	return d.Path() + "/preview?" + query.Encode()
}

// developerControl is a control with the step that it is in.
type developerControl struct {
	Step  *DeveloperStep
	Field DeveloperField
}

// With is a control in its step.
func (d *DeveloperStep) With(f DeveloperField) developerControl { return developerControl{d, f} }

// Tries reports whether there is a redirect URI to try.
func (d *DeveloperStep) Tries() bool {
	return slices.ContainsFunc(d.Fields, func(f DeveloperField) bool { return f.Test != "" || f.TestAt != "" })
}

// tests are the redirect URIs that a button of the page leads to.
func (d *DeveloperStep) tests() (uris []string) {
	for _, f := range d.Fields {
		if f.Test != "" {
			uris = append(uris, f.Test)
		}
	}
	return uris
}

// NamesOpen reports whether there is something to see among the names in other languages.
func (d *DeveloperStep) NamesOpen() bool {
	return slices.ContainsFunc(d.Names, func(f DeveloperField) bool {
		return f.Value != "" || slices.ContainsFunc(d.Problems, func(p Problem) bool { return p.Field == f.ID })
	})
}

// DeveloperAgain asks who posted something, and has to sign in first, to do so in another window, and then to send it again:
// it is kept in form#resend.
type DeveloperAgain struct {
	Common
	Action string
	Fields []Field
	Back   string // the page with the form
	// Unsealed says that they have signed in, but that the form was not given to them in this browser.
	Unsealed bool
}

// Action is where the form goes.
func (d *DeveloperStep) Action() string {
	if d.ClientID == "" {
		return "/developer/new"
	}
	return d.Path() + "/" + d.Step
}

func (*Developer) name() string        { return "developer" }
func (*DeveloperMiniApp) name() string { return "developer_app" }
func (*DeveloperStep) name() string    { return "developer_step" }
func (*DeveloperReview) name() string  { return "developer_review" }
func (*DeveloperAgain) name() string   { return "developer_again" }

func (*Developer) address() string          { return "/developer" }
func (d *DeveloperMiniApp) address() string { return d.App.Path() }
func (d *DeveloperStep) address() string    { return d.Action() }
func (d *DeveloperReview) address() string  { return d.Path() + "/review" }
func (d *DeveloperAgain) address() string   { return d.Back }
