package console

import (
	"net/url"

	"gatehouse/admin"
	"gatehouse/storage"
	"gatehouse/templates"
)

const decisionsPath = "/admin/decisions"

// decisions are what people and companies allowed and denied.
func (p *Pages) decisions() kind {
	return kind{path: decisionsPath, part: templates.AdminDecisionsPart, list: p.listDecisions, record: p.decisionPage, act: p.revoke}
}

func decisionPath(publicID string) string { return decisionsPath + "/" + url.PathEscape(publicID) }

func (p *Pages) listDecisions(v *visitor, query url.Values, page *templates.AdminList) error {
	filter := admin.GrantFilter{User: query.Get("user"), Company: query.Get("company"), Client: query.Get("client")}
	page.Filters = []templates.AdminInput{
		{Name: "user", Value: filter.User, Max: 254}, {Name: "company", Value: filter.Company, Max: 64}, {Name: "client", Value: filter.Client, Max: 64},
	}
	if filter.User != "" && filter.Company != "" {
		page.Problems = append(page.Problems, rule("", "a decision is a person's or a company's; leave out user or company"))
		return nil
	}
	found, err := p.House.Grants(v.ctx, v.Caller, filter, admin.Page{After: query.Get("after"), Limit: named})
	if err != nil {
		return err
	}
	page.Next, page.Rows = next(page.Path, query, found.Next), p.decisionRows(v, found.Items)
	return nil
}

// decisionRows are what was decided, by the names of who decided and of the mini apps.
func (p *Pages) decisionRows(v *visitor, grants []storage.Grant) (rows []templates.AdminRow) {
	names := p.names(v)
	for _, g := range grants {
		rows = append(rows, templates.AdminRow{
			Path: decisionPath(g.PublicID()), Title: names.clientName(g.ClientID), Facts: []templates.AdminFact{
				names.user("user", g.Owner.UserID), names.company("company", g.Owner.CompanyID),
				codeFact("scopes", joined(g.AllowedScopes())), timeFact("updated_at", g.UpdatedAt),
			},
		})
	}
	return rows
}

func (p *Pages) decisionPage(v *visitor, id string) (*templates.AdminRecord, error) {
	g, err := p.House.Grant(v.ctx, v.Caller, id)
	if err != nil {
		return nil, err
	}
	names := p.names(v)
	client := codeFact("client_id", g.ClientID)
	if v.Sees(admin.ClientRead) {
		client = linkFact("client_id", g.ClientID, appPath(g.ClientID))
	}
	page := &templates.AdminRecord{Title: names.clientName(g.ClientID), ID: g.PublicID(), Facts: []templates.AdminFact{
		client, names.user("user", g.Owner.UserID), names.company("company", g.Owner.CompanyID),
		names.user("allowed_by", g.AllowedBy), timeFact("created_at", g.CreatedAt), timeFact("updated_at", g.UpdatedAt),
	}}
	decided := templates.AdminSection{ID: "scopes", Key: templates.AdminScopes}
	for _, d := range g.Decisions {
		decided.Rows = append(decided.Rows, templates.AdminRow{
			Title: d.Scope, Tags: []templates.AdminTag{templates.AdminDecided(stateOf(d, v))},
			Facts: []templates.AdminFact{timeFact("decided_at", d.DecidedAt), timeFact("until", d.Until)},
		})
	}
	page.Sections = append(page.Sections, decided)
	if can, _ := v.offer(admin.GrantRevoke, admin.Belongs{CompanyID: g.Owner.CompanyID}); can {
		page.Forms = append(page.Forms, templates.AdminForm{
			ID: "revoke", Key: templates.AdminRevoke, Folded: true, Buttons: []templates.AdminButton{{Action: "revoke", Key: templates.AdminRevoke}},
		})
	}
	return page, nil
}

// stateOf is what a decision comes to now, as the API calls it.
func stateOf(d storage.Decision, v *visitor) string {
	switch {
	case !d.Until.IsZero() && !v.now.Before(d.Until):
		return "expired"
	case d.Allowed:
		return "allowed"
	}
	return "denied"
}

func (p *Pages) revoke(v *visitor, id, action string, _ url.Values) (outcome, error) {
	if action != "revoke" || id == "" {
		return outcome{}, errUnknown
	}
	_, err := p.House.RevokeGrant(v.ctx, v.Caller, id)
	return outcome{path: decisionsPath}, err
}
