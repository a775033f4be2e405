package console

import (
	"errors"
	"net/url"

	"gatehouse/admin"
	"gatehouse/identity"
	"gatehouse/storage"
	"gatehouse/templates"
)

const (
	sessionsPath     = "/admin/sessions"
	actionEndSession = "end-session"
)

// sessions are the signed-in browsers. They have no page each.
func (p *Pages) sessions() kind {
	return kind{path: sessionsPath, part: templates.AdminSessionsPart, list: p.listSessions, act: p.endSession}
}

func (p *Pages) listSessions(v *visitor, query url.Values, page *templates.AdminList) error {
	user := query.Get("user")
	page.Filters = []templates.AdminInput{{Name: "user", Value: user, Max: 254}}
	found, err := p.House.Sessions(v.ctx, v.Caller, user, admin.Page{After: query.Get("after"), Limit: named})
	if errors.Is(err, storage.ErrNotFound) { // nobody is called like this
		return nil
	}
	if err != nil {
		return err
	}
	page.Next = next(page.Path, query, found.Next)
	here := page.Path
	if user != "" {
		here += "?" + url.Values{"user": {user}}.Encode()
	}
	names := p.names(v)
	for _, s := range found.Items {
		row := p.sessionRow(v, s, here)
		row.Facts = append([]templates.AdminFact{names.user("user", s.UserID)}, row.Facts...)
		page.Rows = append(page.Rows, row)
	}
	return nil
}

// sessionRow is a session on a page at path, with the button that ends it there.
func (p *Pages) sessionRow(v *visitor, s storage.Session, path string) templates.AdminRow {
	row := templates.AdminRow{Title: identity.Device(s.UserAgent), Facts: []templates.AdminFact{
		codeFact("address", s.Address), timeFact("auth_time", s.AuthTime), timeFact("seen_at", s.SeenAt), timeFact("expires_at", s.ExpiresAt),
	}}
	if s.VouchedBy != "" {
		row.Facts = append(row.Facts, linkFact("vouched_by", s.VouchedBy, appPath(s.VouchedBy)))
	}
	if can, _ := v.offer(admin.SessionEnd, admin.Belongs{}); can {
		row.Does = []templates.AdminRowAct{{Path: path, Action: actionEndSession, Key: templates.AdminEnd, Item: s.ID}}
	}
	return row
}

func (p *Pages) endSession(v *visitor, _, action string, form url.Values) (outcome, error) {
	if action != actionEndSession {
		return outcome{}, errUnknown
	}
	return outcome{}, p.House.EndSession(v.ctx, v.Caller, single(form, "item"))
}
