package api

import (
	"cmp"
	"net/http"
	"time"

	"gatehouse/admin"
	"gatehouse/storage"
)

// initialTokenFields is an initial access token to make.
type initialTokenFields struct {
	Name      string    `json:"name"`
	Publisher string    `json:"publisher"`
	Status    string    `json:"status"`
	Purposes  string    `json:"purposes"`
	Scopes    []string  `json:"scopes"`
	MaxUses   int       `json:"max_uses"`
	ExpiresAt time.Time `json:"expires_at"`
}

func shownInitialToken(t storage.InitialAccessToken) object {
	o := object{"id": t.ID, "name": t.Name, "status": t.Status, "purposes": cmp.Or(t.Purposes, storage.PurposesRequired), "scopes": texts(t.Scopes), "uses": t.Uses}
	if t.PublisherID != "" {
		o["publisher"] = t.PublisherID
	}
	if t.MaxUses > 0 {
		o["max_uses"] = t.MaxUses
	}
	return withTimes(o, "created_at", t.CreatedAt, "expires_at", t.ExpiresAt)
}

func listInitialTokens(q *request) (*response, error) {
	page, err := q.page()
	if err != nil {
		return nil, err
	}
	list, err := q.house.InitialTokens(q.ctx, q.caller, page)
	return listOf(list, err, func(t storage.InitialAccessToken) any { return shownInitialToken(t) })
}

// createInitialToken answers with the token itself, this once.
func createInitialToken(q *request) (*response, error) {
	f, err := decode[initialTokenFields](q.body)
	if err != nil {
		return nil, err
	}
	t, value, err := q.house.CreateInitialToken(q.ctx, q.caller, admin.NewInitialToken(f))
	if err != nil {
		return nil, err
	}
	o := shownInitialToken(t)
	o["initial_access_token"] = value
	return &response{status: http.StatusCreated, body: o}, nil
}

func deleteInitialToken(q *request) (*response, error) {
	if err := q.house.DeleteInitialToken(q.ctx, q.caller, q.path("id")); err != nil {
		return nil, err
	}
	return &response{status: http.StatusNoContent}, nil
}
