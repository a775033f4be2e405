package api

import (
	"gatehouse/admin"
	"gatehouse/registry"
)

// listReviews is the queue of reviewers: what is submitted, the oldest first.
func listReviews(q *request) (*response, error) {
	page, err := q.page()
	if err != nil {
		return nil, err
	}
	list, err := q.house.ReviewQueue(q.ctx, q.caller, page)
	return listOf(list, err, shownReview)
}

func shownReview(w admin.Waiting) any {
	proposed := w.Proposed()
	o := object{"client_id": proposed.ID, "client_name": proposed.Name, "hints": shownHints(w.Hints)}
	if proposed.PublisherID != "" {
		o["publisher"] = proposed.PublisherID
	}
	if w.Version != nil {
		o["version"] = w.Version.ID
	}
	return withTimes(o, "since", w.Since)
}

func shownHints(hints []registry.Hint) []object {
	shown := make([]object, len(hints))
	for i, h := range hints {
		shown[i] = object{"kind": string(h.Kind), "value": h.Value}
		if h.Other != "" {
			shown[i]["other"] = h.Other
		}
	}
	return shown
}

// listHints says what a reviewer had better look at: in what waits for a review, or else in what is live.
func listHints(q *request) (*response, error) {
	w, err := q.house.Client(q.ctx, q.caller, q.path("id"))
	if err != nil {
		return nil, err
	}
	hints, err := q.house.Hints(q.ctx, q.caller, w)
	if err != nil {
		return nil, err
	}
	return &response{body: object{"items": shownHints(hints)}}, nil
}
