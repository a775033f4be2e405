package templates

// DeveloperCode is a program that signs people in to a mini app, to be copied.
type DeveloperCode struct {
	Common
	App       DeveloperApp
	Languages []DeveloperLanguage
	Lang      string // the ID of the one that is shown
	File      string // what to save it as
	Run       string // the command that runs it
	Code      string // empty: there is none, and Problems say why
	Variable  string // of the environment, that it reads the secret from; empty: there is no secret
	Problems  []Problem
}

// DeveloperLanguage is a language that there is code in.
type DeveloperLanguage struct{ ID, Name string }

func (*DeveloperCode) name() string      { return "developer_code" }
func (d *DeveloperCode) address() string { return d.App.Path() + "/code" }
