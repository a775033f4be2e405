package console

import (
	"net/url"
	"strconv"
	"strings"

	"gatehouse/admin"
	"gatehouse/registry"
	"gatehouse/storage"
	"gatehouse/templates"
)

const initialTokensPath = "/admin/initial-access-tokens"

// initialTokens are the pages of what lets programs register mini apps.
func (p *Pages) initialTokens() kind {
	return kind{
		path: initialTokensPath, part: templates.AdminInitialTokensPart,
		list: p.listInitialTokens, fresh: p.newInitialToken, act: p.changeInitialToken,
	}
}

func (p *Pages) listInitialTokens(v *visitor, query url.Values, page *templates.AdminList) error {
	found, err := p.House.InitialTokens(v.ctx, v.Caller, admin.Page{After: query.Get("after")})
	if err != nil {
		return err
	}
	page.Next = next(page.Path, nil, found.Next)
	if can, _ := v.offer(admin.InitialTokenCreate, admin.Belongs{}); can {
		page.Ways = []templates.AdminWay{{Key: templates.AdminNew, Path: newPath(page.Path)}}
	}
	remove, _ := v.offer(admin.InitialTokenDelete, admin.Belongs{})
	for _, one := range found.Items {
		row := templates.AdminRow{Title: one.Name, Tags: p.tagsOfInitialToken(one), Facts: []templates.AdminFact{
			codeFact("id", one.ID), codeFact("publisher", one.PublisherID), listFact("scopes", one.Scopes), codeFact("status", one.Status), codeFact("purposes", one.Purposes), codeFact("uses", usesOf(one)),
			timeFact("expires_at", one.ExpiresAt),
		}}
		if remove {
			row.Does = []templates.AdminRowAct{{Path: page.Path, Action: actionDelete, Key: templates.AdminDelete, Item: one.ID}}
		}
		page.Rows = append(page.Rows, row)
	}
	return nil
}

func (p *Pages) tagsOfInitialToken(one storage.InitialAccessToken) []templates.AdminTag {
	if !one.ExpiresAt.IsZero() && !p.Now().Before(one.ExpiresAt) {
		return []templates.AdminTag{{Key: templates.AdminExpired, Kind: "bad"}}
	}
	return nil
}

func usesOf(one storage.InitialAccessToken) string {
	uses := strconv.Itoa(one.Uses)
	if one.MaxUses > 0 {
		uses += " / " + strconv.Itoa(one.MaxUses)
	}
	return uses
}

func (p *Pages) newInitialToken(v *visitor) (*templates.AdminRecord, error) {
	return v.creation(admin.InitialTokenCreate, initialTokensPath, templates.AdminInitialTokensPart, []templates.AdminInput{
		{Name: "name", Required: true, Max: 80},
		{Name: "publisher", Max: 64},
		{Name: "status", Kind: templates.InputSelect, Options: []templates.AdminOption{
			{Value: storage.StatusSubmitted, Key: "status.submitted", Chosen: true}, {Value: storage.StatusApproved, Key: "status.approved"},
		}},
		{Name: "purposes", Kind: templates.InputSelect, Options: []templates.AdminOption{
			{Value: storage.PurposesRequired, Key: "field.use_required", Chosen: true}, {Value: storage.PurposesOptional, Key: "field.use_optional"},
		}},
		{Name: "scopes", Kind: templates.InputLines, Hint: templates.AdminPerLine},
		{Name: "max_uses", Value: "0"},
		{Name: "expires_at", Kind: templates.InputDate},
	})
}

func (p *Pages) changeInitialToken(v *visitor, id, action string, form url.Values) (outcome, error) {
	switch {
	case id != "":
		return outcome{}, errUnknown
	case action == actionDelete:
		return outcome{}, p.House.DeleteInitialToken(v.ctx, v.Caller, single(form, "item"))
	case action != actionCreate:
		return outcome{}, errUnknown
	}
	n := admin.NewInitialToken{
		Name: strings.TrimSpace(single(form, "name")), Publisher: strings.TrimSpace(single(form, "publisher")), Status: single(form, "status"), Purposes: single(form, "purposes"), Scopes: lines(single(form, "scopes")),
	}
	var err error
	if n.ExpiresAt, err = dayOf(form, "expires_at", 1); err != nil {
		return outcome{}, err
	}
	if text := strings.TrimSpace(single(form, "max_uses")); text != "" {
		if n.MaxUses, err = strconv.Atoi(text); err != nil {
			return outcome{}, registry.Problems{{Field: "max_uses", Text: "must be a whole number"}}
		}
	}
	_, value, err := p.House.CreateInitialToken(v.ctx, v.Caller, n)
	return outcome{secret: value}, err
}
