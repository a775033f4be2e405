package api

import (
	"slices"

	"gatehouse/admin"
	"gatehouse/registry"
	"gatehouse/storage"
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

// listVersions lists what was approved of a mini app, or refused or discarded beside a live one, and what waits, the newest
// first. Each tells what it changed of the one that was approved before it.
func listVersions(q *request) (*response, error) {
	versions, err := q.house.ClientVersions(q.ctx, q.caller, q.path("id"))
	if err != nil {
		return nil, err
	}
	items := make([]any, len(versions))
	var approved *storage.Client
	for i := len(versions) - 1; i >= 0; i-- {
		v := versions[i]
		v.Client.ID = v.ClientID
		o := object{"id": v.ID, "status": v.Status, "registration": shownVersion(v.Client)}
		if approved != nil {
			o["changed"] = changedMembers(*approved, v.Client)
		}
		if v.Status == storage.StatusApproved {
			approved = &versions[i].Client
		}
		items[i] = withTimes(o, "created_at", v.CreatedAt, "updated_at", v.UpdatedAt)
	}
	return &response{body: object{"items": items}}, nil
}

// shownVersion is the registration of a version, which has no status of the mini app.
func shownVersion(c storage.Client) object {
	o := shownRegistration(c)
	delete(o, "status")
	return o
}

// changedMembers are the members in which two registrations differ.
func changedMembers(was, is storage.Client) []string {
	names := []string{}
	for _, field := range registry.Changed(was, is) {
		if name := memberOf(field); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
