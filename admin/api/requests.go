package api

import (
	"gatehouse/admin"
	"gatehouse/storage"
)

// shownRequest is one of the last answers that a mini app got.
func shownRequest(r storage.ClientRequest) any {
	o := object{"id": r.ID, "endpoint": r.Endpoint, "outcome": r.Outcome}
	for name, text := range map[string]string{"format": r.Format, "reason": r.Reason, "request_id": r.RequestID} {
		if text != "" {
			o[name] = text
		}
	}
	return withTimes(o, "at", r.At)
}

func listClientRequests(q *request) (*response, error) {
	requests, err := q.house.ClientRequests(q.ctx, q.caller, q.path("id"))
	return listOf(admin.List[storage.ClientRequest]{Items: requests}, err, shownRequest)
}
