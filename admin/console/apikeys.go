package console

import (
	"net/url"
	"strings"
	"time"

	"gatehouse/admin"
	"gatehouse/registry"
	"gatehouse/templates"
)

const apiKeysPath = "/admin/api-keys"

// maxKeyName is the longest name of an API key.
const maxKeyName = 80

// apiKeys are the pages of the keys of programs.
func (p *Pages) apiKeys() kind {
	return kind{path: apiKeysPath, part: templates.AdminAPIKeysPart, list: p.listAPIKeys, fresh: p.newAPIKey, act: p.changeAPIKey}
}

func (p *Pages) listAPIKeys(v *visitor, query url.Values, page *templates.AdminList) error {
	found, err := p.House.APIKeys(v.ctx, v.Caller, admin.Page{After: query.Get("after")})
	if err != nil {
		return err
	}
	page.Next = next(page.Path, nil, found.Next)
	if can, _ := v.offer(admin.APIKeyCreate, admin.Belongs{UserID: v.UserID}); can {
		page.Ways = []templates.AdminWay{{Key: templates.AdminNew, Path: newPath(page.Path)}}
	}
	names := p.names(v)
	for _, k := range found.Items {
		row := templates.AdminRow{Title: k.Name, Facts: []templates.AdminFact{
			codeFact("id", k.ID), names.user("user_id", k.UserID), listFact("rights", k.Rights), timeFact("created_at", k.CreatedAt),
			timeFact("expires_at", k.ExpiresAt), timeFact("seen_at", k.SeenAt),
		}}
		if !k.ExpiresAt.IsZero() && !v.now.Before(k.ExpiresAt) {
			row.Tags = []templates.AdminTag{{Key: templates.AdminExpired, Kind: "bad"}}
		}
		if can, _ := v.offer(admin.APIKeyDelete, admin.Belongs{UserID: k.UserID}); can {
			row.Does = []templates.AdminRowAct{{Path: page.Path, Action: actionDelete, Key: templates.AdminDelete, Item: k.ID}}
		}
		page.Rows = append(page.Rows, row)
	}
	return nil
}

func (p *Pages) newAPIKey(v *visitor) (*templates.AdminRecord, error) {
	rights := []templates.AdminOption{{Value: "*"}}
	kind := ""
	for _, rule := range admin.Rules {
		if of, _, _ := strings.Cut(string(rule.Capability), "."); of != kind {
			kind = of
			rights = append(rights, templates.AdminOption{Value: kind + ".*"})
		}
		rights = append(rights, templates.AdminOption{Value: string(rule.Capability)})
	}
	return v.creation(admin.APIKeyCreate, apiKeysPath, templates.AdminAPIKeysPart, []templates.AdminInput{
		{Name: "name", Required: true, Max: maxKeyName}, {Name: "expires_at", Kind: templates.InputDate},
		{Name: "user_id", Value: v.UserID}, {Name: "rights", Kind: templates.InputChecks, Options: rights},
	})
}

func (p *Pages) changeAPIKey(v *visitor, _, action string, form url.Values) (outcome, error) {
	switch action {
	case actionDelete:
		return outcome{}, p.House.DeleteAPIKey(v.ctx, v.Caller, single(form, "item"))
	case actionCreate:
		n := admin.NewAPIKey{Name: strings.TrimSpace(single(form, "name")), Rights: form["rights"], UserID: strings.TrimSpace(single(form, "user_id"))}
		var err error
		if n.ExpiresAt, err = dayOf(form, "expires_at", 1); err != nil {
			return outcome{}, err
		}
		_, value, err := p.House.CreateAPIKey(v.ctx, v.Caller, n)
		return outcome{secret: value}, err
	}
	return outcome{}, errUnknown
}

// dayOf is the beginning, in UTC, of the day so many days after the one that a control of the kind InputDate has; zero where it
// has none. registry.Problems for what is no day.
func dayOf(form url.Values, control string, after int) (time.Time, error) {
	text := single(form, control)
	if text == "" {
		return time.Time{}, nil
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return day, registry.Problems{{Field: control, Text: "has to be a day such as 2026-01-31"}}
	}
	return day.AddDate(0, 0, after), nil
}
