package portal

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"gatehouse/admin"
	"gatehouse/internal/rim"
	"gatehouse/registry"
	"gatehouse/templates"
)

const keysPath = "/developer/keys"

// showKeys draws the developer's API keys.
func (p *Pages) showKeys(v *visit) error {
	page, err := p.keysPage(v)
	if err != nil {
		return err
	}
	page.Saved = v.saved()
	p.Pages.Render(v.w, v.r, http.StatusOK, page)
	return nil
}

// keysPage has the newest page of keys, more than which nobody needs, and the rights that a developer's can have.
func (p *Pages) keysPage(v *visit) (*templates.DeveloperKeys, error) {
	page := &templates.DeveloperKeys{Common: v.common(), Name: v.form.Get("name"), Ends: v.form.Get("expires_at")}
	for _, rule := range admin.Rules {
		if v.caller.Might(rule.Capability) == nil {
			right := string(rule.Capability)
			page.Rights = append(page.Rights, templates.DeveloperRight{Right: right, Chosen: slices.Contains(v.form["rights"], right)})
		}
	}
	found, err := p.House.APIKeys(v.r.Context(), v.caller, admin.Page{Limit: admin.MaxPage})
	for _, k := range found.Items {
		page.Keys = append(page.Keys, templates.DeveloperKey{ID: k.ID, Name: k.Name, Rights: k.Rights, ExpiresAt: k.ExpiresAt})
	}
	return page, err
}

// changeKeys answers the forms of the page. A new key is on the page that answers, this once: it is nowhere else.
func (p *Pages) changeKeys(v *visit) error {
	ctx := v.r.Context()
	switch v.form.Get("action") {
	case "delete":
		if err := p.House.DeleteAPIKey(ctx, v.caller, v.form.Get("key")); err != nil {
			return err
		}
		rim.Redirect(v.w, v.r, keysPath+"?saved=keys")
		return nil
	case "create":
	default:
		p.Refuse(v.w, v.r, http.StatusBadRequest, "invalid_request", "", "the form asks for something that this page does not do")
		return nil
	}
	value, err := p.createKey(v)
	problems, status, wrong := problemsOf(err, nowhere)
	switch {
	case wrong:
	case err != nil:
		return err
	default:
		status, v.form = http.StatusOK, nil // what was typed has been used
	}
	page, err := p.keysPage(v)
	if err != nil {
		return err
	}
	page.Value, page.Problems = value, problems
	p.Pages.Render(v.w, v.r, status, page)
	return nil
}

// createKey makes what form#new asks for. A key works to the end, in UTC, of the day that was chosen.
func (p *Pages) createKey(v *visit) (value string, err error) {
	n := admin.NewAPIKey{Name: strings.TrimSpace(v.form.Get("name")), Rights: v.form["rights"]}
	if ends := v.form.Get("expires_at"); ends != "" {
		day, err := time.Parse(time.DateOnly, ends)
		if err != nil {
			return "", registry.Problems{{Field: "expires_at", Text: "has to be a day such as 2026-01-31"}}
		}
		n.ExpiresAt = day.AddDate(0, 0, 1)
	}
	_, value, err = p.House.CreateAPIKey(v.r.Context(), v.caller, n)
	return value, err
}
