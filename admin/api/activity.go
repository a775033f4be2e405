package api

import (
	"net/http"
	"time"

	"gatehouse/admin"
	"gatehouse/internal/audit"
	"gatehouse/storage"
)

// shownGrant is what a person or a company decided, under the grant_id that the mini app knows.
func shownGrant(now time.Time) func(g storage.Grant) any {
	return func(g storage.Grant) any {
		scopes := []object{}
		for _, d := range g.Decisions {
			decision := "denied"
			switch {
			case !d.Until.IsZero() && !now.Before(d.Until):
				decision = "expired"
			case d.Allowed:
				decision = "allowed"
			}
			scopes = append(scopes, withTimes(object{"name": d.Scope, "decision": decision}, "decided_at", d.DecidedAt, "until", d.Until))
		}
		o := object{"grant_id": g.PublicID(), "client_id": g.ClientID, "scopes": scopes, "denials": g.Denials}
		for name, text := range map[string]string{"user_id": g.Owner.UserID, "company_id": g.Owner.CompanyID, "allowed_by": g.AllowedBy} {
			if text != "" {
				o[name] = text
			}
		}
		return withTimes(o, "created_at", g.CreatedAt, "updated_at", g.UpdatedAt)
	}
}

func listGrants(q *request) (*response, error) {
	page, err := q.page()
	if err != nil {
		return nil, err
	}
	f := admin.GrantFilter{User: q.query.Get("user"), Company: q.query.Get("company"), Client: q.query.Get("client")}
	if f.User != "" && f.Company != "" {
		return nil, bad("A grant is a person's or a company's; leave out user or company.")
	}
	list, err := q.house.Grants(q.ctx, q.caller, f, page)
	return listOf(list, err, shownGrant(q.now()))
}

func getGrant(q *request) (*response, error) {
	g, err := q.house.Grant(q.ctx, q.caller, q.path("id"))
	if err != nil {
		return nil, err
	}
	return &response{body: shownGrant(q.now())(g)}, nil
}

func revokeGrant(q *request) (*response, error) {
	if _, err := q.house.RevokeGrant(q.ctx, q.caller, q.path("id")); err != nil {
		return nil, err
	}
	return &response{status: http.StatusNoContent}, nil
}

func listAudit(q *request) (*response, error) {
	page, err := q.page()
	if err != nil {
		return nil, err
	}
	f, err := q.auditFilter()
	if err != nil {
		return nil, err
	}
	list, err := q.house.AuditEvents(q.ctx, q.caller, f, page)
	return listOf(list, err, func(e storage.AuditEvent) any { return audit.EntryOf(e) })
}

// exportAudit answers with all of the list, as lines of JSON.
func exportAudit(q *request) (*response, error) {
	f, err := q.auditFilter()
	if err != nil {
		return nil, err
	}
	events, err := q.house.AuditLog(q.ctx, q.caller, f)
	if err != nil {
		return nil, err
	}
	return &response{lines: audit.Entries(events)}, nil
}

func (q *request) auditFilter() (f storage.AuditFilter, err error) {
	asked := admin.AuditQuery{Actor: q.query.Get("actor"), Action: q.query.Get("action"), Target: q.query.Get("target")}
	if asked.Since, err = q.timeOf("since"); err != nil {
		return f, err
	}
	if asked.Until, err = q.timeOf("until"); err != nil {
		return f, err
	}
	f, ok := asked.Filter()
	if !ok {
		return f, bad("The parameter actor has to be KIND:ID, as in user:4f0c… or client:photoprint.")
	}
	return f, nil
}

var deliveryStates = map[storage.DeliveryState]string{
	storage.DeliveryPending: "pending", storage.DeliveryDelivered: "delivered", storage.DeliveryDead: "dead",
}

// shownDelivery does not say whose grant it is about: who looks why a receiver fails need not know.
func shownDelivery(d storage.Delivery) any {
	o := object{"id": d.ID, "client_id": d.ClientID, "event": string(d.Event), "state": deliveryStates[d.State], "attempts": d.Attempts}
	if d.Failure != "" {
		o["failure"] = d.Failure
	}
	due := d.DueAt
	if d.State != storage.DeliveryPending {
		due = time.Time{}
	}
	return withTimes(o, "created_at", d.CreatedAt, "due_at", due, "settled_at", d.SettledAt)
}

func listDeliveries(q *request) (*response, error) {
	page, err := q.page()
	if err != nil {
		return nil, err
	}
	f := admin.DeliveryFilter{Client: q.query.Get("client")}
	if named := q.query.Get("state"); named != "" {
		for state, name := range deliveryStates {
			if name == named {
				f.State = state
			}
		}
		if f.State == 0 {
			return nil, bad("The parameter state has to be pending, delivered or dead.")
		}
	}
	list, err := q.house.Deliveries(q.ctx, q.caller, f, page)
	return listOf(list, err, shownDelivery)
}

func getDelivery(q *request) (*response, error) {
	d, err := q.house.Delivery(q.ctx, q.caller, q.path("id"))
	if err != nil {
		return nil, err
	}
	return &response{body: shownDelivery(d)}, nil
}

func retryDelivery(q *request) (*response, error) {
	if _, err := decode[struct{}](q.body); err != nil {
		return nil, err
	}
	d, err := q.house.RetryDelivery(q.ctx, q.caller, q.path("id"))
	if err != nil {
		return nil, err
	}
	d.State, d.Attempts, d.DueAt, d.SettledAt = storage.DeliveryPending, 0, q.now(), time.Time{}
	return &response{body: shownDelivery(d)}, nil
}

func shownAPIKey(k storage.APIKey) object {
	o := object{"id": k.ID, "name": k.Name, "user_id": k.UserID, "rights": texts(k.Rights)}
	return withTimes(o, "created_at", k.CreatedAt, "expires_at", k.ExpiresAt, "seen_at", k.SeenAt)
}

func listAPIKeys(q *request) (*response, error) {
	page, err := q.page()
	if err != nil {
		return nil, err
	}
	list, err := q.house.APIKeys(q.ctx, q.caller, page)
	return listOf(list, err, func(k storage.APIKey) any { return shownAPIKey(k) })
}

// createAPIKey answers with the key itself, this once.
func createAPIKey(q *request) (*response, error) {
	f, err := decode[apiKeyFields](q.body)
	if err != nil {
		return nil, err
	}
	k, value, err := q.house.CreateAPIKey(q.ctx, q.caller, admin.NewAPIKey(f))
	if err != nil {
		return nil, err
	}
	o := shownAPIKey(k)
	o["key"] = value
	return &response{status: http.StatusCreated, body: o}, nil
}

func deleteAPIKey(q *request) (*response, error) {
	if err := q.house.DeleteAPIKey(q.ctx, q.caller, q.path("id")); err != nil {
		return nil, err
	}
	return &response{status: http.StatusNoContent}, nil
}
