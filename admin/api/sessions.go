package api

import (
	"net/http"

	"gatehouse/storage"
)

// shownSession is a signed-in browser. Its ID is a hash of what the browser has.
func shownSession(s storage.Session) any {
	o := object{"id": s.ID, "user_id": s.UserID, "user_agent": s.UserAgent, "address": s.Address}
	if s.VouchedBy != "" {
		o["vouched_by"] = s.VouchedBy
	}
	return withTimes(o, "auth_time", s.AuthTime, "created_at", s.CreatedAt, "seen_at", s.SeenAt, "expires_at", s.ExpiresAt)
}

func listSessions(q *request) (*response, error) {
	page, err := q.page()
	if err != nil {
		return nil, err
	}
	list, err := q.house.Sessions(q.ctx, q.caller, q.query.Get("user"), page)
	return listOf(list, err, shownSession)
}

func endSession(q *request) (*response, error) {
	if err := q.house.EndSession(q.ctx, q.caller, q.path("id")); err != nil {
		return nil, err
	}
	return &response{status: http.StatusNoContent}, nil
}
