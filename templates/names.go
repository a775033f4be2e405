package templates

import (
	"net/url"
	"slices"

	"gatehouse/internal/translated"
)

func (c *Common) common() *Common { return c }

func (*SignIn) name() string   { return "signin" }
func (*SignUp) name() string   { return "signup" }
func (*SetUp) name() string    { return "setup" }
func (*Consent) name() string  { return "consent" }
func (*Error) name() string    { return "error" }
func (*FormPost) name() string { return "formpost" }
func (*SignOut) name() string  { return "signout" }
func (*Switch) name() string   { return "switch" }
func (*Account) name() string  { return "account" }
func (*Apps) name() string     { return "apps" }

func (s *SignIn) address() string { return withInteraction("/login", s.Interaction) }
func (s *SignUp) address() string { return withInteraction("/signup", s.Interaction) }
func (s *SetUp) address() string  { return "/setup?" + url.Values{"token": {s.Token}}.Encode() }
func (c *Consent) address() string {
	if c.Preview != nil {
		return c.Preview.At
	}
	return withInteraction("/consent", c.Interaction)
}
func (*Error) address() string    { return "" } // depends on how it came about
func (*FormPost) address() string { return "" } // asking again would make another code
func (*SignOut) address() string  { return "/logout" }
func (*Switch) address() string   { return "" } // the ticket is in it
func (*Account) address() string  { return "/account" }
func (*Apps) address() string     { return "/account/apps" }

// nameApps gives every mini app on a page the name that it has in the language of the page.
func nameApps(page Page, lang string) {
	for _, app := range appsOn(page) {
		if name, in := translated.In(app.Names, lang); name != "" {
			app.Name, app.NameLang = name, in
		}
	}
}

func appsOn(page Page) (apps []*App) {
	switch page := page.(type) {
	case *SignIn:
		apps = append(apps, page.App)
	case *SignUp:
		apps = append(apps, page.App)
	case *Error:
		apps = append(apps, page.App)
	case *Consent:
		apps = append(apps, &page.App)
	case *FormPost:
		apps = append(apps, &page.App)
	case *Switch:
		apps = append(apps, &page.App)
	case *Apps:
		for _, list := range [][]ConnectedApp{page.Apps, page.Refused} {
			for i := range list {
				apps = append(apps, &list[i].App)
			}
		}
	}
	return slices.DeleteFunc(apps, func(a *App) bool { return a == nil })
}

func withInteraction(path, sealed string) string {
	if sealed == "" {
		return path
	}
	return path + "?" + url.Values{"interaction": {sealed}}.Encode()
}
