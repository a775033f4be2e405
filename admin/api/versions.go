package api

import (
	"slices"

	"gatehouse/admin"
	"gatehouse/registry"
	"gatehouse/storage"
)

// listVersions lists what was approved of a mini app, or refused or discarded beside a live one, and what waits, the newest
// first. Each tells what it changed of the one that was approved before it.
func listVersions(q *request) (*response, error) {
	page, err := q.page()
	if err != nil {
		return nil, err
	}
	list, err := q.house.ClientVersions(q.ctx, q.caller, q.path("id"), page)
	return listOf(list, err, shownPast)
}

func shownPast(v admin.PastVersion) any {
	v.Client.ID = v.ClientID
	o := object{"id": v.ID, "status": v.Status, "registration": shownVersion(v.Client)}
	if v.Before != nil {
		o["changed"] = ChangedMembers(*v.Before, v.Client)
	}
	return withTimes(o, "created_at", v.CreatedAt, "updated_at", v.UpdatedAt)
}

// shownVersion is the registration of a version, which has no status of the mini app.
func shownVersion(c storage.Client) object {
	o := MembersOf(c)
	delete(o, "status")
	return o
}

// ChangedMembers are the members in which two registrations differ, and by their paths the secrets among the dialects' settings
// that do, which no registration shows.
func ChangedMembers(was, is storage.Client) []string {
	names := []string{}
	for _, field := range registry.Changed(was, is) {
		if name := memberOf(field); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return append(names, registry.ChangedSecrets(was, is)...)
}
