package api

import (
	"net/http"
	"time"

	"gatehouse/admin"
	"gatehouse/storage"
)

// apiKeyFields is a key to make.
type apiKeyFields struct {
	Name      string    `json:"name"`
	Rights    []string  `json:"rights"`
	ExpiresAt time.Time `json:"expires_at"`
	UserID    string    `json:"user_id"`
}

func shownAPIKey(k storage.APIKey) object {
	o := object{"id": k.ID, "name": k.Name, "user_id": k.UserID, "rights": texts(k.Rights)}
	return withTimes(o, "created_at", k.CreatedAt, "expires_at", k.ExpiresAt, "seen_at", k.SeenAt)
}

func listAPIKeys(q *request) (*response, error) {
	page, err := q.page()
	if err != nil {
		return nil, err
	}
	list, err := q.house.APIKeys(q.ctx, q.caller, page)
	return listOf(list, err, func(k storage.APIKey) any { return shownAPIKey(k) })
}

// createAPIKey answers with the key itself, this once.
func createAPIKey(q *request) (*response, error) {
	f, err := decode[apiKeyFields](q.body)
	if err != nil {
		return nil, err
	}
	k, value, err := q.house.CreateAPIKey(q.ctx, q.caller, admin.NewAPIKey(f))
	if err != nil {
		return nil, err
	}
	o := shownAPIKey(k)
	o["key"] = value
	return &response{status: http.StatusCreated, body: o}, nil
}

func deleteAPIKey(q *request) (*response, error) {
	if err := q.house.DeleteAPIKey(q.ctx, q.caller, q.path("id")); err != nil {
		return nil, err
	}
	return &response{status: http.StatusNoContent}, nil
}
