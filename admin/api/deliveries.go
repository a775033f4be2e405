package api

import (
	"time"

	"gatehouse/admin"
	"gatehouse/storage"
)

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
