package api

import (
	"net/http"

	"gatehouse/storage"
)

func listComments(q *request) (*response, error) {
	page, err := q.page()
	if err != nil {
		return nil, err
	}
	list, err := q.house.ClientNotes(q.ctx, q.caller, q.path("id"), page)
	return listOf(list, err, shownNote)
}

// shownNote is a note without the address of who wrote it, which is nobody else's business.
func shownNote(n storage.ReviewNote) any {
	o := object{"id": n.ID, "author": shownActor(storage.Actor{Kind: n.Author.Kind, ID: n.Author.ID}), "at": n.At.UTC(), "comment": n.Text}
	if n.Action != "" {
		o["action"] = n.Action
	}
	return o
}

func shownActor(a storage.Actor) object {
	o := object{"kind": string(a.Kind)}
	if a.ID != "" {
		o["id"] = a.ID
	}
	if a.Address != "" {
		o["address"] = a.Address
	}
	return o
}

func addComment(q *request) (*response, error) {
	body, err := decode[struct {
		Comment string `json:"comment"`
	}](q.body)
	if err != nil {
		return nil, err
	}
	note, err := q.house.Comment(q.ctx, q.caller, q.path("id"), body.Comment)
	if err != nil {
		return nil, err
	}
	return &response{status: http.StatusCreated, body: shownNote(note)}, nil
}
