package templates

// AdminEvaluatePart is the name of AdminEvaluate in the links of the console.
const AdminEvaluatePart = "admin.evaluate"

// AdminEvaluate is form#evaluate: what a person would share with a mini app.
type AdminEvaluate struct {
	AdminCommon
	Named                 bool // who looks at it may name a person
	ClientID, User, Scope string
	Problems              []Problem
	Result                *AdminEvaluation // nil: nothing was asked
}

// AdminEvaluation is the answer.
type AdminEvaluation struct {
	Verdict           string // ask, allowed or denied
	Status            string // of the mini app
	Granted, Ask      []string
	UserInfo, IDToken string // JSON; empty: there is none
	Consent           string // the path of the consent page
}

// Frame is the path of the consent page as it stands in the page.
func (a *AdminEvaluation) Frame() string { return a.Consent + "&frame=1" }

func (*AdminEvaluate) name() string    { return "admin_evaluate" }
func (*AdminEvaluate) address() string { return "/admin/evaluate" }
