package console

import (
	"net/url"
	"slices"
	"strconv"
	"time"

	"gatehouse/admin"
	"gatehouse/authz/keys"
	"gatehouse/templates"
)

const keysPath = "/admin/keys"

// keys are the pages of the signing keys: to make one is to rotate.
func (p *Pages) keys() kind {
	return kind{path: keysPath, part: templates.AdminKeysPart, list: p.listKeys, fresh: p.newKeys, act: p.rotateKeys}
}

func (p *Pages) listKeys(v *visitor, _ url.Values, page *templates.AdminList) error {
	all, err := p.House.SigningKeys(v.ctx, v.Caller)
	if err != nil {
		return err
	}
	if can, _ := v.offer(admin.KeyRotate, admin.Belongs{}); can {
		page.Ways = []templates.AdminWay{{Key: templates.AdminRotate, Path: newPath(keysPath)}}
	}
	for i, k := range all {
		page.Rows = append(page.Rows, templates.AdminRow{
			Title: k.ID, Tags: []templates.AdminTag{stateOfKey(k, all[:i], v.now)},
			Facts: []templates.AdminFact{
				codeFact("alg", k.Algorithm), codeFact("generation", strconv.Itoa(k.Generation)), timeFact("created_at", k.CreatedAt),
				timeFact("active_from", k.ActiveFrom), timeFact("retired_at", k.RetiredAt),
			},
		})
	}
	return nil
}

// stateOfKey says what a key does now: of those of its algorithm the newest that may sign by now does.
func stateOfKey(k keys.Info, newer []keys.Info, now time.Time) templates.AdminTag {
	replaced := slices.ContainsFunc(newer, func(n keys.Info) bool { return n.Algorithm == k.Algorithm && !n.ActiveFrom.After(now) })
	switch {
	case k.ActiveFrom.After(now):
		return templates.AdminTag{Key: templates.AdminKeyNext, Kind: "warn"}
	case replaced:
		return templates.AdminTag{Key: templates.AdminKeyRetired}
	}
	return templates.AdminTag{Key: templates.AdminKeyActive, Kind: "good"}
}

func (p *Pages) newKeys(v *visitor) (*templates.AdminRecord, error) {
	if err := v.Might(admin.KeyRotate); err != nil {
		return nil, err
	}
	page := &templates.AdminRecord{TitleKey: templates.AdminRotate}
	v.form(page, newPath(keysPath), admin.KeyRotate, templates.AdminForm{
		ID: "create", Key: templates.AdminRotate, Hint: templates.AdminRotateHint,
		Fields:  []templates.AdminInput{{Name: "when", Kind: templates.InputChecks, Options: []templates.AdminOption{{Value: "immediately"}}}},
		Buttons: []templates.AdminButton{{Action: actionCreate, Key: templates.AdminRotate}},
	})
	return page, nil
}

func (p *Pages) rotateKeys(v *visitor, _, action string, form url.Values) (outcome, error) {
	if action != actionCreate {
		return outcome{}, errUnknown
	}
	_, err := p.House.RotateKeys(v.ctx, v.Caller, single(form, "when") == "immediately")
	return outcome{path: keysPath}, err
}
