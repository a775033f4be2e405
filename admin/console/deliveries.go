package console

import (
	"net/url"
	"strconv"

	"gatehouse/admin"
	"gatehouse/storage"
	"gatehouse/templates"
)

const (
	deliveriesPath = "/admin/deliveries"
	actionRetry    = "retry"
)

// deliveryStates are the states by their names in the API, and how each is shown.
var deliveryStates = []struct {
	state storage.DeliveryState
	name  string
	tag   templates.AdminTag
}{
	{storage.DeliveryPending, "pending", templates.AdminTag{Key: templates.AdminPending, Kind: "warn"}},
	{storage.DeliveryDelivered, "delivered", templates.AdminTag{Key: templates.AdminDelivered, Kind: "good"}},
	{storage.DeliveryDead, "dead", templates.AdminTag{Key: templates.AdminDead, Kind: "bad"}},
}

// deliveries are the pages of what mini apps' servers are told.
func (p *Pages) deliveries() kind {
	return kind{
		path: deliveriesPath, part: templates.AdminDeliveriesPart,
		list: p.listDeliveries, record: p.deliveryPage, act: p.retryDelivery,
	}
}

func (p *Pages) listDeliveries(v *visitor, query url.Values, page *templates.AdminList) error {
	f := admin.DeliveryFilter{Client: query.Get("client")}
	options := []templates.AdminOption{{Key: "admin.any"}}
	for _, s := range deliveryStates {
		chosen := query.Get("state") == s.name
		if chosen {
			f.State = s.state
		}
		options = append(options, templates.AdminOption{Value: s.name, Key: s.tag.Key, Chosen: chosen})
	}
	page.Filters = []templates.AdminInput{
		{Name: "state", Kind: templates.InputSelect, Options: options}, {Name: "client", Kind: templates.InputSearch, Value: f.Client},
	}
	found, err := p.House.Deliveries(v.ctx, v.Caller, f, admin.Page{After: query.Get("after")})
	if err != nil {
		return err
	}
	page.Next = next(page.Path, url.Values{"state": {query.Get("state")}, "client": {f.Client}}, found.Next)
	for _, d := range found.Items {
		page.Rows = append(page.Rows, templates.AdminRow{
			Path: deliveryPath(d.ID), Title: string(d.Event), Tags: tagsOfDelivery(d),
			Facts: []templates.AdminFact{codeFact("client_id", d.ClientID), timeFact("created_at", d.CreatedAt), textFact("failure", d.Failure)},
		})
	}
	return nil
}

func deliveryPath(id string) string { return deliveriesPath + "/" + url.PathEscape(id) }

func tagsOfDelivery(d storage.Delivery) []templates.AdminTag {
	for _, s := range deliveryStates {
		if s.state == d.State {
			return []templates.AdminTag{s.tag}
		}
	}
	return nil
}

// deliveryPage does not say whose grant it is about: who looks why a receiver fails need not know.
func (p *Pages) deliveryPage(v *visitor, id string) (*templates.AdminRecord, error) {
	d, err := p.House.Delivery(v.ctx, v.Caller, id)
	if err != nil {
		return nil, err
	}
	page := &templates.AdminRecord{
		Title: string(d.Event), ID: d.ID, Tags: tagsOfDelivery(d),
		Facts: []templates.AdminFact{
			linkFact("client_id", d.ClientID, appPath(d.ClientID)), codeFact("attempts", strconv.Itoa(d.Attempts)), textFact("failure", d.Failure),
			timeFact("created_at", d.CreatedAt),
		},
	}
	if d.State == storage.DeliveryPending {
		page.Facts = append(page.Facts, timeFact("due_at", d.DueAt))
	}
	page.Facts = append(page.Facts, timeFact("settled_at", d.SettledAt))
	if d.State == storage.DeliveryDead {
		v.form(page, deliveryPath(id), admin.DeliveryRetry, templates.AdminForm{
			ID: "retry", Key: templates.AdminRetry, Buttons: []templates.AdminButton{{Action: actionRetry, Key: templates.AdminRetry}},
		})
	}
	return page, nil
}

func (p *Pages) retryDelivery(v *visitor, id, action string, _ url.Values) (outcome, error) {
	if id == "" || action != actionRetry {
		return outcome{}, errUnknown
	}
	_, err := p.House.RetryDelivery(v.ctx, v.Caller, id)
	return outcome{}, err
}
