package console

import (
	"strings"

	"gatehouse/admin"
	"gatehouse/templates"
)

// The actions that many kinds have. actionCreate is on the page of a record to make.
const (
	actionCreate = "create"
	actionSave   = "save"
	actionDelete = "delete"
)

// form puts a form on a page at path, where the visitor may do what it is for, and says there when they have to sign in again
// first. What belongs to somebody is for offer.
func (v *visitor) form(page *templates.AdminRecord, path string, do admin.Capability, form templates.AdminForm) {
	can, again := v.offer(do, admin.Belongs{})
	if can {
		page.Forms = append(page.Forms, form)
	}
	if again {
		page.SignIn = signInAt(path)
	}
}

// wayToNew is the link from the list at path to the page of one to make; none where the visitor may not make one.
func (v *visitor) wayToNew(do admin.Capability, path string) []templates.AdminWay {
	if can, _ := v.offer(do, admin.Belongs{}); can {
		return []templates.AdminWay{{Key: templates.AdminNew, Path: newPath(path)}}
	}
	return nil
}

// creation is the page of a record to make, for the list at path; part is the key of its kind. It says when the visitor has to
// sign in again first, before anything is typed.
func (v *visitor) creation(do admin.Capability, path, part string, fields []templates.AdminInput) (*templates.AdminRecord, error) {
	if err := v.Might(do); err != nil {
		return nil, err
	}
	page := &templates.AdminRecord{TitleKey: templates.AdminNew, Forms: []templates.AdminForm{{
		ID: "create", Key: part, Fields: fields, Buttons: []templates.AdminButton{{Action: actionCreate, Key: templates.AdminSave}},
	}}}
	if _, again := v.offer(do, admin.Belongs{UserID: v.UserID}); again {
		page.SignIn = signInAt(newPath(path))
	}
	return page, nil
}

// idInput is the control for the ID of a record that is chosen by who makes it.
func idInput() templates.AdminInput { return templates.AdminInput{Name: "id", Required: true, Max: 64} }

// deletion is the form that removes a record in the state was.
func deletion(was string) templates.AdminForm {
	return templates.AdminForm{
		ID: "delete", Key: templates.AdminDelete, Folded: true, Was: was, Buttons: []templates.AdminButton{{Action: actionDelete, Key: templates.AdminDelete}},
	}
}

// lines are what was typed into a text area with one entry per line.
func lines(text string) (entries []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			entries = append(entries, line)
		}
	}
	return entries
}
