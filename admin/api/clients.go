package api

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"

	"gatehouse/admin"
	"gatehouse/internal/nearest"
	"gatehouse/registry"
	"gatehouse/storage"
)

func listClients(q *request) (*response, error) {
	page, err := q.page()
	if err != nil {
		return nil, err
	}
	if status := q.query.Get("status"); status != "" && !slices.Contains(registry.Statuses(), status) {
		return nil, bad("The parameter status is none that there is; " + nearest.Hint(status, registry.Statuses()))
	}
	filter := admin.ClientFilter{Status: q.query.Get("status"), Publisher: q.query.Get("publisher"), Search: q.query.Get("q")}
	list, err := q.house.Clients(q.ctx, q.caller, filter, page)
	return listOf(list, err, func(c storage.Client) any { return shownClient(c) })
}

// shownClient is a mini app without secrets.
func shownClient(c storage.Client) object {
	secrets := []object{}
	for _, s := range c.Secrets {
		secrets = append(secrets, withTimes(object{"id": s.ID}, "created_at", s.CreatedAt, "expires_at", s.ExpiresAt))
	}
	o := MembersOf(c)
	o["secrets"] = secrets
	return withTimes(o, "created_at", c.CreatedAt, "updated_at", c.UpdatedAt)
}

// MembersOf is a registration as it is sent, without secrets. Its members are JSON already: a page of a list has many.
func MembersOf(c storage.Client) map[string]any {
	c.Dialects = registry.WithoutSecrets(c)
	var members map[string]json.RawMessage
	raw, err := json.Marshal(fieldsOfClient(c))
	if err == nil {
		err = json.Unmarshal(raw, &members)
	}
	if err != nil {
		panic(err) // what was stored was JSON before
	}
	o := make(object, len(members)+len(c.Names))
	for name, value := range members {
		o[name] = value
	}
	return withNames(o, c)
}

// shownWork is a mini app, and as its member version what waits beside it.
func shownWork(w *registry.Work) *response {
	o := shownClient(w.Live)
	if v := w.Version; v != nil {
		proposed := w.Proposed()
		o["version"] = withTimes(object{"id": v.ID, "status": v.Status, "changed": ChangedMembers(w.Live, proposed), "registration": shownVersion(proposed)},
			"created_at", v.CreatedAt, "updated_at", v.UpdatedAt)
	}
	return &response{body: o, etag: w.ETag()}
}

func getClient(q *request) (*response, error) {
	w, err := q.house.Client(q.ctx, q.caller, q.path("id"))
	if err != nil {
		return nil, err
	}
	return shownWork(w), nil
}

// createClient answers with the registration and, this once, with the secret (RFC 7591 §3.2.1).
func createClient(q *request) (*response, error) {
	o, err := readObject(q.body)
	if err != nil {
		return nil, err
	}
	client, err := clientOf(o, storage.Client{})
	if err != nil {
		return nil, err
	}
	created, secret, err := q.house.CreateClient(q.ctx, q.caller, client)
	if err != nil {
		return nil, WithMemberNames(err)
	}
	answer := shownWork(&registry.Work{Live: created}) // who may create it need not be able to read it
	if secret != "" {
		withSecret(answer.body.(object), secret)
	}
	answer.status, answer.location = http.StatusCreated, Prefix+"/clients/"+url.PathEscape(created.ID)
	return answer, nil
}

// fixedOfClient are the members that a change leaves alone.
var fixedOfClient = map[string]string{
	"client_id":                "a mini app keeps it",
	"status":                   "POST to …/submit, …/approve, …/suspend and so on",
	"secrets":                  "POST to …/rotate-secret",
	"client_secret":            "POST to …/rotate-secret",
	"client_secret_expires_at": "POST to …/rotate-secret",
	"version":                  "a developer's change makes one where it needs a review",
	"created_at":               "it is what it was",
	"updated_at":               "it follows from the change",
}

// updateClient changes a registration by a merge patch: an operator's is live at once, a developer's waits for a review where
// it needs one, as the member version.
func updateClient(q *request) (*response, error) {
	id := q.path("id")
	w, err := q.house.Client(q.ctx, q.caller, id)
	if err != nil {
		return nil, err
	}
	if err := q.matches(w.ETag()); err != nil {
		return nil, err
	}
	client, err := patched(q.body, shownWork(w).body.(object), q.house.Editable(q.caller, w))
	if err != nil {
		return nil, err
	}
	if _, err := q.house.UpdateClient(q.ctx, q.caller, client, w.ETag()); err != nil {
		return nil, q.moved(WithMemberNames(err))
	}
	return again(q, id)
}

// patched is a registration with a merge patch applied. shown is what else callers see of the mini app.
func patched(patch []byte, shown object, was storage.Client) (storage.Client, error) {
	changes, err := readObject(patch)
	if err != nil {
		return was, err
	}
	return patchedBy(changes, shown, was)
}

func patchedBy(changes, shown object, was storage.Client) (storage.Client, error) {
	there, err := clientObject(was)
	if err != nil {
		return was, err
	}
	for name := range fixedOfClient {
		if there[name] = shown[name]; there[name] == nil {
			delete(there, name)
		}
	}
	if there, err = asObject(there); err != nil { // times and numbers as they are sent
		return was, err
	}
	merged, err := changed(changes, there, fixedOfClient)
	if err != nil {
		return was, err
	}
	client, err := clientOf(merged, was)
	client.ID, client.Status = was.ID, was.Status
	return client, err
}

// again reads a mini app that was changed, for the answer.
func again(q *request, id string) (*response, error) {
	w, err := q.house.Client(context.WithoutCancel(q.ctx), q.caller, id)
	if err != nil {
		return nil, err
	}
	return shownWork(w), nil
}

func deleteClient(q *request) (*response, error) {
	id := q.path("id")
	if _, err := q.matchesClient(id); err != nil {
		return nil, err
	}
	if err := q.house.DeleteClient(q.ctx, q.caller, id); err != nil {
		return nil, err
	}
	return &response{status: http.StatusNoContent}, nil
}

// matchesClient says errMatch where If-Match names another state of a mini app than it is in. tag is that state; empty without
// an If-Match.
func (q *request) matchesClient(id string) (tag string, err error) {
	if len(q.match) == 0 {
		return "", nil
	}
	w, err := q.house.Client(q.ctx, q.caller, id)
	if err != nil {
		return "", err
	}
	return w.ETag(), q.matches(w.ETag())
}
