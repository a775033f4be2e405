package api

import (
	"slices"

	"gatehouse/registry"
	"gatehouse/storage"
)

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
			o["changed"] = ChangedMembers(*approved, v.Client)
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
	o := MembersOf(c)
	delete(o, "status")
	return o
}

// ChangedMembers are the members in which two registrations differ.
func ChangedMembers(was, is storage.Client) []string {
	names := []string{}
	for _, field := range registry.Changed(was, is) {
		if name := memberOf(field); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
