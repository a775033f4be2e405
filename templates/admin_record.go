package templates

import (
	"net/url"
	"slices"
	"strings"
)

// A kind of record gets its pages in the console by the two generic pages, AdminList and AdminRecord, and by:
//
//  1. here, a constant for the key of its part (as AdminPublishersPart) and of each button, section and tag that has no
//     constant yet, with their texts in the 13 catalogs. Members of a record are not translated: they are shown by their names
//     in the API.
//  2. in admin/console, a file for the kind: a function that returns a console.kind, whose list, record, fresh and act
//     translate between admin.House and these structs; see admin/console/kind.go and publishers.go. It decides nothing: what
//     somebody may do is asked with visitor.offer.
//  3. in admin/console/pages.go, a line in parts (the links at the top) and a line in kinds (the routes).
//  4. tests in cmd/gatehouse/admin_console_KIND_test.go, and lines in testdata/browser/admin.test.mjs.

// AdminRecord is the page of one record, or of one to make. Its forms post to Path; the controls have the names of the API, and
// the button that was pressed has the name action.
type AdminRecord struct {
	AdminCommon
	Path     string
	Title    string     // from outside; empty: TitleKey
	TitleKey string     // in the catalog
	ID       string     // below the title; empty: none
	Tags     []AdminTag // beside it
	Ways     []AdminWay
	Facts    []AdminFact
	Seen     *ConsentItem // a scope, as people see it; nil: it is none
	Sections []AdminSection
	Forms    []AdminForm
	SignIn   string    // where they sign in again first, for what takes that; empty: nothing does, or they have just done so
	Problems []Problem // Field is a name as in the API
	Failed   string    // the ID of the form that Problems are about
	Saved    string    // key of what was just done; empty: nothing was
	Secret   string    // a new one, shown this once
}

// AdminSection is what a record has many of.
type AdminSection struct {
	ID   string // of the section
	Key  string // of its title
	Rows []AdminRow
	All  string // the path of all of them, where Rows are the first; empty: these are all
}

// AdminForm is a form of a record.
type AdminForm struct {
	ID      string
	Key     string // of its title
	Hint    string // key of a sentence below the title; empty: none
	Folded  bool   // it is seldom needed, and shown when it is asked for
	Fields  []AdminInput
	Was     string // the state that the form is about, as the hidden field was; empty: it does not matter
	Buttons []AdminButton
}

// AdminButton posts action=Action. Key is what it says. The first of a form is the one that is meant to be pressed.
type AdminButton struct {
	Action string
	Key    string
}

func (*AdminRecord) name() string      { return "admin_record" }
func (r *AdminRecord) address() string { return r.Path }

// Keep puts what was posted back into the form that has the button that was pressed, and remembers that this form failed. What
// is secret, and the state that the form was about, are not kept.
func (r *AdminRecord) Keep(posted url.Values) {
	for i := range r.Forms {
		f := &r.Forms[i]
		if !slices.ContainsFunc(f.Buttons, func(b AdminButton) bool { return b.Action == posted.Get("action") }) {
			continue
		}
		r.Failed = f.ID
		for j := range f.Fields {
			f.Fields[j].keep(posted)
		}
	}
}

// Moved returns those controls, of the form that has the button that was pressed, in which there is something else than was
// posted: what saving it again would replace, where somebody changed the record meanwhile. To be asked before Keep.
func (r *AdminRecord) Moved(posted url.Values) (moved []AdminMoved) {
	for _, f := range r.Forms {
		if slices.ContainsFunc(f.Buttons, func(b AdminButton) bool { return b.Action == posted.Get("action") }) {
			moved = append(moved, movedOf(f.Fields, posted)...)
		}
	}
	return moved
}

// AdminMoved is a control, and what is in it now.
type AdminMoved struct{ Name, Now string }

func movedOf(inputs []AdminInput, posted url.Values) (moved []AdminMoved) {
	for _, i := range inputs {
		now, typed := i.Value, strings.ReplaceAll(posted.Get(i.Name), "\r\n", "\n")
		switch i.Kind {
		case InputGroup:
			moved = append(moved, movedOf(i.Fields, posted)...)
			continue
		case InputPassword:
			continue
		case InputSelect, InputChecks:
			now, typed = i.chosen(), strings.Join(posted[i.Name], "\n")
		}
		if strings.TrimSpace(now) != strings.TrimSpace(typed) {
			moved = append(moved, AdminMoved{i.Name, now})
		}
	}
	return moved
}

// chosen is a line for each option that is; the first one of a select where none is.
func (i AdminInput) chosen() string {
	var values []string
	for _, o := range i.Options {
		if o.Chosen {
			values = append(values, o.Value)
		}
	}
	if len(values) == 0 && i.Kind == InputSelect && len(i.Options) > 0 {
		return i.Options[0].Value
	}
	return strings.Join(values, "\n")
}

func (i *AdminInput) keep(posted url.Values) {
	for n := range i.Fields {
		i.Fields[n].keep(posted)
	}
	i.Options = slices.Clone(i.Options)
	for n := range i.Options {
		i.Options[n].Chosen = slices.Contains(posted[i.Name], i.Options[n].Value)
	}
	if i.Kind != InputPassword && i.Kind != InputSelect && i.Kind != InputChecks {
		i.Value = posted.Get(i.Name)
	}
}

// Control is the ID of the control of the failed form for a member of the record, such as developers[0]; empty: it has none.
func (r *AdminRecord) Control(member string) string {
	name, _, _ := strings.Cut(member, "[")
	for _, f := range r.Forms {
		if f.ID == r.Failed && hasInput(f.Fields, name) {
			return f.ID + "-" + name
		}
	}
	return ""
}

func hasInput(fields []AdminInput, name string) bool {
	return slices.ContainsFunc(fields, func(i AdminInput) bool { return i.Name == name && i.Kind != InputGroup || hasInput(i.Fields, name) })
}

// Wrong reports whether a problem is about a control of a form.
func (r *AdminRecord) Wrong(form, name string) bool {
	return slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.Field != "" && r.Control(p.Field) == form+"-"+name })
}
