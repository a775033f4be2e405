// Package interaction carries an authorization request through the browser, from step to step, without a database.
//
// An Interaction is sealed: encrypted, authenticated, and bound to the browser it was made for and to the step that may
// open it. Steps (sign-in, consent) do not know each other; each opens what was sealed for it, does its work and sends
// the browser back to where the request came from with the same interaction, one step further.
package interaction

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"time"

	"gatehouse/internal/secret"
)

// Step is who may open a sealed interaction.
type Step string

const (
	StepAuthorize Step = "authorize" // the way back, from any step
	StepLogin     Step = "login"     // sign-in, sign-up and account choice
	StepConsent   Step = "consent"
	StepSwitch    Step = "switch"  // whether another account takes the place of who is signed in
	StepAccount   Step = "account" // forms of the person's own pages, which carry no request
	StepForm      Step = "form"    // forms of the console and the portal, which carry none either
)

// Lifetime is how long a person may take, from the first step to the last.
const Lifetime = 30 * time.Minute

var (
	// ErrInvalid says that a value is not a sealed interaction for this browser and step.
	ErrInvalid = errors.New("interaction: not valid for this browser and step")
	// ErrExpired says that it was one, and that its time is over.
	ErrExpired = errors.New("interaction: expired")
)

// Interaction is an authorization request on its way through the browser.
type Interaction struct {
	ID      string `json:"id"`          // for logs and support; names nothing
	Route   string `json:"r,omitempty"` // the path that the browser goes back to, e.g. /oauth2/authorize
	Dialect string `json:"f,omitempty"` // the vendor's wire format that the request came in; empty: the RFCs'
	Request string `json:"q,omitempty"` // the validated request as RFC parameters, form-encoded; client_id, redirect_uri and scope are always present
	Company bool   `json:"c,omitempty"` // the person is asked on behalf of their company
	// DefaultRedirect says that redirect_uri was left out of the request and stands for the only registered one.
	DefaultRedirect bool      `json:"dr,omitempty"`
	Began           time.Time `json:"b"`

	// Credentials says, to the sign-in step, that being signed in is not enough: the person has to sign in anew.
	Credentials bool `json:"s,omitempty"`

	// What was done in this interaction, and by whom. A step that finds another person signed in than UserID starts
	// over: what was done before does not count for them.
	UserID    string    `json:"u,omitempty"`
	LoginAt   time.Time `json:"l,omitzero"`  // a sign-in with credentials, or the hand-over that led to the request
	Chosen    bool      `json:"a,omitempty"` // the person chose this account (prompt=select_account)
	DecidedAt time.Time `json:"d,omitzero"`  // a decision on the consent page

	// What a consent form was drawn for: the state of the grant, empty when there was none, and a fingerprint of the
	// scopes that it asks about.
	GrantID      string `json:"g,omitempty"`
	GrantVersion int64  `json:"v,omitempty"`
	Asked        string `json:"k,omitempty"`
}

// Undone returns the interaction without anything that was done in it, for another person to begin with.
func (i Interaction) Undone() Interaction {
	return Interaction{ID: i.ID, Route: i.Route, Dialect: i.Dialect, Request: i.Request, Company: i.Company, DefaultRedirect: i.DefaultRedirect, Began: i.Began}
}

// Values returns the request's parameters.
func (i Interaction) Values() url.Values {
	v, _ := url.ParseQuery(i.Request) // sealed by us, so it parses
	return v
}

// Get returns one parameter of the request, empty when it has none.
func (i Interaction) Get(name string) string { return i.Values().Get(name) }

// Scopes returns the requested scopes.
func (i Interaction) Scopes() []string { return strings.Fields(i.Get("scope")) }

// Expires is when the interaction ends.
func (i Interaction) Expires() time.Time { return i.Began.Add(Lifetime) }

// Return is the URL path and query that carries the interaction back to where it came from, sealed for browser. An
// interaction without a request goes to one of the person's own pages, by default the first.
func (s *Sealer) Return(browser string, i Interaction) string {
	switch {
	case i.Route == "":
		return "/account"
	case i.Request == "":
		return i.Route
	}
	return i.Route + "?" + url.Values{"interaction": {s.Seal(browser, StepAuthorize, i)}}.Encode()
}

// Sealer seals and opens interactions. It is safe for concurrent use.
type Sealer struct {
	sealer *secret.Sealer
	now    func() time.Time
}

// NewSealer returns a sealer whose key is derived from root.
func NewSealer(root secret.Root, now func() time.Time) *Sealer {
	return &Sealer{sealer: root.Sealer("interaction"), now: now}
}

// Seal returns i as a URL-safe string that opens only for the same browser and step.
func (s *Sealer) Seal(browser string, step Step, i Interaction) string {
	var plain bytes.Buffer
	enc := json.NewEncoder(&plain)
	enc.SetEscapeHTML(false) // "&" would grow sixfold
	if err := enc.Encode(i); err != nil {
		panic(err) // strings and times only
	}
	return base64.RawURLEncoding.EncodeToString(s.sealer.Seal(plain.Bytes(), binding(browser, step)))
}

// Open returns the interaction sealed for browser and step. ErrInvalid, or ErrExpired together with the interaction.
func (s *Sealer) Open(browser string, step Step, sealed string) (Interaction, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(sealed)
	if err != nil || browser == "" {
		return Interaction{}, ErrInvalid
	}
	plain, err := s.sealer.Open(raw, binding(browser, step))
	if err != nil {
		return Interaction{}, ErrInvalid
	}
	var i Interaction
	if err := json.Unmarshal(plain, &i); err != nil {
		return Interaction{}, ErrInvalid
	}
	if !s.now().Before(i.Expires()) {
		return i, ErrExpired
	}
	return i, nil
}

func binding(browser string, step Step) string { return string(step) + "\x00" + browser }
