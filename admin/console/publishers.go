package console

import (
	"net/url"
	"strings"

	"gatehouse/admin"
	"gatehouse/storage"
	"gatehouse/templates"
)

const publishersPath = "/admin/publishers"

// publishers are the pages of who answers for mini apps.
func (p *Pages) publishers() kind {
	return kind{
		path: publishersPath, part: templates.AdminPublishersPart,
		list: p.listPublishers, record: p.publisherPage, fresh: p.newPublisher, act: p.changePublisher,
	}
}

func (p *Pages) listPublishers(v *visitor, query url.Values, page *templates.AdminList) error {
	found, err := p.House.Publishers(v.ctx, v.Caller, admin.Page{After: query.Get("after")})
	if err != nil {
		return err
	}
	page.Next = next(page.Path, nil, found.Next)
	page.Ways = v.wayToNew(admin.PublisherSave, page.Path)
	for _, one := range found.Items {
		page.Rows = append(page.Rows, templates.AdminRow{
			Path: publisherPath(one.ID), Title: one.Name, Tags: tagsOfPublisher(one), Facts: []templates.AdminFact{codeFact("id", one.ID)},
		})
	}
	return nil
}

func publisherPath(id string) string { return publishersPath + "/" + url.PathEscape(id) }

func tagsOfPublisher(one storage.Publisher) []templates.AdminTag {
	if one.Verified {
		return []templates.AdminTag{{Key: templates.AdminVerified, Kind: "good"}}
	}
	return nil
}

func (p *Pages) publisherPage(v *visitor, id string) (*templates.AdminRecord, error) {
	one, err := p.House.Publisher(v.ctx, v.Caller, id)
	if err != nil {
		return nil, err
	}
	page := &templates.AdminRecord{
		Title: one.Name, ID: one.ID, Tags: tagsOfPublisher(one),
		Ways:  []templates.AdminWay{{Key: templates.AdminAppsPart, Path: appsPath + "?" + url.Values{"publisher": {one.ID}}.Encode()}},
		Facts: []templates.AdminFact{timeFact("verified_at", one.VerifiedAt), listFact("developers", one.Developers)},
	}
	path, was := publisherPath(id), admin.Tag(one)
	button := templates.AdminButton{Action: "verify", Key: templates.AdminVerify}
	if one.Verified {
		button = templates.AdminButton{Action: "unverify", Key: templates.AdminUnverify}
	}
	v.form(page, path, admin.PublisherSave, templates.AdminForm{
		ID: "change", Key: templates.AdminChange, Was: was, Fields: fieldsOfPublisher(one),
		Buttons: []templates.AdminButton{{Action: actionSave, Key: templates.AdminSave}},
	})
	v.form(page, path, admin.PublisherVerify, templates.AdminForm{
		ID: "verified", Key: templates.AdminVerified, Was: was, Buttons: []templates.AdminButton{button},
	})
	v.form(page, path, admin.PublisherDelete, deletion(was))
	return page, nil
}

func fieldsOfPublisher(one storage.Publisher) []templates.AdminInput {
	return []templates.AdminInput{
		{Name: "name", Value: one.Name, Required: true, Max: 80},
		{Name: "developers", Kind: templates.InputLines, Value: strings.Join(one.Developers, "\n"), Hint: templates.AdminPerLine},
	}
}

func (p *Pages) newPublisher(v *visitor) (*templates.AdminRecord, error) {
	return v.creation(admin.PublisherSave, publishersPath, templates.AdminPublishersPart, append([]templates.AdminInput{idInput()}, fieldsOfPublisher(storage.Publisher{})...))
}

func (p *Pages) changePublisher(v *visitor, id, action string, form url.Values) (outcome, error) {
	if id == "" {
		one := storage.Publisher{ID: strings.TrimSpace(single(form, "id")), Name: strings.TrimSpace(single(form, "name")), Developers: lines(single(form, "developers"))}
		_, err := p.House.SavePublisher(v.ctx, v.Caller, one, nil)
		return outcome{path: publisherPath(one.ID)}, err
	}
	was, err := p.House.Publisher(v.ctx, v.Caller, id)
	if err != nil {
		return outcome{}, err
	}
	if admin.Tag(was) != single(form, "was") {
		return outcome{}, storage.ErrConflict
	}
	switch action {
	case actionSave:
		one := was
		one.Name, one.Developers = strings.TrimSpace(single(form, "name")), lines(single(form, "developers"))
		_, err = p.House.SavePublisher(v.ctx, v.Caller, one, &was)
	case "verify", "unverify":
		err = p.House.VerifyPublisher(v.ctx, v.Caller, was, action == "verify")
	case actionDelete:
		return outcome{path: publishersPath}, p.House.DeletePublisher(v.ctx, v.Caller, was)
	default:
		err = errUnknown
	}
	return outcome{}, err
}
