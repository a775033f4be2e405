package api

import (
	"net/http"
	"time"

	"gatehouse/admin"
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
