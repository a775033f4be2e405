package api

import (
	"net/http"

	"gatehouse/admin"
	"gatehouse/registry"
	"gatehouse/storage"
)

func listComments(q *request) (*response, error) {
	notes, err := q.house.ClientNotes(q.ctx, q.caller, q.path("id"))
	return listOf(admin.List[storage.ReviewNote]{Items: notes}, err, shownNote)
}

// shownNote is a note without the address of who wrote it, which is nobody else's business.
func shownNote(n storage.ReviewNote) any {
	o := object{"id": n.ID, "author": shownActor(storage.Actor{Kind: n.Author.Kind, ID: n.Author.ID}), "at": n.At.UTC(), "text": n.Text}
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
		Text string `json:"text"`
	}](q.body)
	if err != nil {
		return nil, err
	}
	note, err := q.house.Comment(q.ctx, q.caller, q.path("id"), body.Text)
	if err != nil {
		return nil, textOf(err)
	}
	return &response{status: http.StatusCreated, body: shownNote(note)}, nil
}

// textOf is an error about a comment under the name that it has here.
func textOf(err error) error {
	if p := problemOf(err); len(p.Errors) == 1 && p.Errors[0].Field == "comment" {
		return invalid(registry.Problems{{Field: "text", Text: p.Errors[0].Text}})
	}
	return err
}
