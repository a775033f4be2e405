package api

import (
	"gatehouse/admin"
	"gatehouse/internal/audit"
	"gatehouse/storage"
)

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
		return f, bad("The parameter actor has to be KIND:ID, as in user:4f0c… or client:photoprint; kinds are user, client, api_key, command and server.")
	}
	return f, nil
}
