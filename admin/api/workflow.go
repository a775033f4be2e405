package api

import (
	"gatehouse/registry"
	"gatehouse/storage"
)

// stepBody is what a step of the workflow takes.
type stepBody struct {
	Comment string `json:"comment"`
	Changes object `json:"changes"` // approve only: a merge patch on what was submitted
}

// waitsForSecond is what the answer to an approval says that another has to follow.
const waitsForSecond = "A second person has to approve the same, as it is shown here. An approval of anything else, before or after it, is a first one."

// takeStep takes a step of the workflow, from the state that If-Match names where it is there.
func takeStep(action registry.Action) func(*request) (*response, error) {
	return func(q *request) (*response, error) {
		id := q.path("id")
		body, err := decode[stepBody](q.body)
		if err != nil {
			return nil, err
		}
		if body.Changes != nil && action != registry.Approve {
			return nil, invalid(registry.Problems{{Field: "changes", Text: "is for approve"}})
		}
		step := registry.Step{Action: action, ClientID: id, Comment: body.Comment}
		if len(q.match) > 0 || body.Changes != nil {
			w, err := q.house.Client(q.ctx, q.caller, id)
			if err != nil {
				return nil, err
			}
			if err := q.matches(w.ETag()); err != nil {
				return nil, err
			}
			step.Was = w.ETag()
			if body.Changes != nil {
				changed, err := patchedBy(body.Changes, shownWork(w).body.(object), w.Proposed())
				if err != nil {
					return nil, err
				}
				step.Changed = &changed
			}
		}
		status, err := q.house.TakeStep(q.ctx, q.caller, step)
		if err != nil {
			return nil, q.moved(WithMemberNames(err))
		}
		answer, err := again(q, id)
		if err == nil && action == registry.Approve && status == storage.StatusSubmitted {
			answer.body.(object)["waits_for"] = waitsForSecond
		}
		return answer, err
	}
}

func discardVersion(q *request) (*response, error) {
	if _, err := decode[struct{}](q.body); err != nil {
		return nil, err
	}
	if err := q.house.DiscardVersion(q.ctx, q.caller, q.path("id")); err != nil {
		return nil, err
	}
	return again(q, q.path("id"))
}

func revokeRegistration(q *request) (*response, error) {
	if _, err := decode[struct{}](q.body); err != nil {
		return nil, err
	}
	if err := q.house.RevokeRegistration(q.ctx, q.caller, q.path("id")); err != nil {
		return nil, err
	}
	return again(q, q.path("id"))
}
