package templates

import "time"

// AdminRow is one record in a list, or one thing that a record has.
type AdminRow struct {
	Path  string // of its page; empty: it has none
	Title string // from outside, or an ID
	Tags  []AdminTag
	Facts []AdminFact   // in short, below the title
	Does  []AdminRowAct // a form with one button each
}

// AdminRowAct is a button of a row: it posts action=Action, and Was and Item where they are not empty, to Path.
type AdminRowAct struct {
	Path   string
	Action string
	Key    string // of what the button says
	Item   string // the ID of what it is about, where Path does not say it
	Was    string // the state that it is about
}

// AdminTag is a word about a record, in the colour of Kind: "good", "bad", "warn" or "".
type AdminTag struct{ Key, Kind string }

// AdminFact is one member of a record, by the name that it has in the API. A member without lines is not shown.
type AdminFact struct {
	Name  string
	Lines []AdminValue
}

// AdminValue is one line of a fact: a time where At is set, else Text.
type AdminValue struct {
	Text string
	Path string // where it leads to, a path here; empty: nowhere
	Code bool   // Text is technical: an ID, a number, true or false
	At   time.Time
}

// AdminInput is a control of a form. It is labelled by Label, or where that is empty by Name as it is in the API.
type AdminInput struct {
	Name     string
	Label    string        // key of its name in the catalog
	Kind     AdminKind     // empty: a line of text
	Value    string        // as it is, or as typed
	Options  []AdminOption // of InputSelect and InputChecks
	Hint     string        // key of a sentence below it
	Max      int           // the longest text, in characters; 0: no end
	Required bool
	Lang     string // of what is typed into it; empty: any
	// Fields are the controls of InputGroup, which is called Label or Name. A folded one is shown when it is asked for.
	Fields []AdminInput
	Folded bool
}

// AdminKind says what a control is.
type AdminKind string

const (
	InputText     AdminKind = ""
	InputSearch   AdminKind = "search"
	InputEmail    AdminKind = "email"
	InputDate     AdminKind = "date"     // 2006-01-02
	InputPassword AdminKind = "password" // a new one; it is never drawn again
	InputLines    AdminKind = "lines"    // a text area: a list has one entry per line
	InputSelect   AdminKind = "select"
	InputChecks   AdminKind = "checks" // a checkbox each; all have the name of the control
	InputGroup    AdminKind = "group"  // of other controls
)

// AdminOption is one of some. It is called Key, or where that is empty Text or Value, as it is.
type AdminOption struct {
	Value  string
	Key    string
	Text   string
	Chosen bool
}

// AdminWay is a link: what it says in the catalog, and where it leads to.
type AdminWay struct {
	Key  string
	Path string
}

// adminControl is an AdminInput in a form.
type adminControl struct {
	AdminInput
	ID    string
	Wrong bool // what was typed into it was refused
}

func control(form string, i AdminInput, wrong bool) adminControl {
	return adminControl{i, form + "-" + i.Name, wrong}
}

// adminForm is an AdminForm on its page.
type adminForm struct {
	Page *AdminRecord
	Form AdminForm
}

func posted(page *AdminRecord, form AdminForm) adminForm { return adminForm{page, form} }

// adminRows are rows with what their forms need from the page around them.
type adminRows struct {
	Rows     []AdminRow
	FormSeal string
}

func rows(all []AdminRow, seal string) adminRows { return adminRows{all, seal} }
