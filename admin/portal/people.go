package portal

import (
	"errors"
	"net/http"

	"gatehouse/admin"
	"gatehouse/internal/rim"
	"gatehouse/storage"
	"gatehouse/templates"
)

const peoplePath = "/developer/people"

// showPeople draws the test people of the developer's publishers.
func (p *Pages) showPeople(v *visit) error {
	page, err := p.peoplePage(v)
	if err != nil {
		return err
	}
	page.Saved = v.saved()
	p.Pages.Render(v.w, v.r, http.StatusOK, page)
	return nil
}

func (p *Pages) peoplePage(v *visit) (*templates.DeveloperPeople, error) {
	page := &templates.DeveloperPeople{Common: v.common(), Most: admin.MaxTestUsers}
	for _, id := range v.caller.Publishers {
		publisher, err := p.House.Publisher(v.r.Context(), v.caller, id)
		if errors.Is(err, storage.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		people, err := p.House.TestUsers(v.r.Context(), v.caller, id)
		if err != nil {
			return nil, err
		}
		testers := templates.DeveloperTesters{ID: id, Name: publisher.Name, Full: len(people) >= admin.MaxTestUsers}
		for _, u := range people {
			testers.People = append(testers.People, templates.DeveloperPerson{ID: u.ID, Name: rim.Person(u).Name, Login: u.Email})
		}
		page.Publishers = append(page.Publishers, testers)
	}
	return page, nil
}

// changePeople answers the forms of the page. A new password is on the page that answers, this once: it is nowhere else.
func (p *Pages) changePeople(v *visit) error {
	ctx, publisher, id := v.r.Context(), v.form.Get("publisher"), v.form.Get("person")
	var u storage.User
	var password string
	var err error
	switch v.form.Get("action") {
	case "create":
		u, password, err = p.House.CreateTestUser(ctx, v.caller, publisher)
	case "reset":
		u, password, err = p.House.ResetTestUser(ctx, v.caller, publisher, id)
	case "delete":
		if err = p.House.DeleteTestUser(ctx, v.caller, publisher, id); err == nil {
			rim.Redirect(v.w, v.r, peoplePath+"?saved=people")
			return nil
		}
	default:
		p.Refuse(v.w, v.r, http.StatusBadRequest, "invalid_request", "", "the form asks for something that this page does not do")
		return nil
	}
	problems, status, wrong := problemsOf(err, nowhere)
	switch {
	case wrong:
	case err != nil:
		return err
	default:
		status = http.StatusOK
	}
	page, err := p.peoplePage(v)
	if err != nil {
		return err
	}
	page.Login, page.Password, page.Problems = u.Email, password, problems
	p.Pages.Render(v.w, v.r, status, page)
	return nil
}
