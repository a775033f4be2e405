package api

import (
	"context"
	"time"
)

// withSecret adds a new secret, which has no end.
func withSecret(o object, secret string) {
	o["client_secret"], o["client_secret_expires_at"] = secret, 0
}

// keepOld is how long the old secrets work beside a new one, where the call does not say.
const keepOld = 24 * time.Hour

func rotateSecret(q *request) (*response, error) {
	body, err := decode[struct {
		KeepOld *span `json:"keep_old"`
	}](q.body)
	if err != nil {
		return nil, err
	}
	keep := span(keepOld)
	if body.KeepOld != nil {
		keep = *body.KeepOld
	}
	id := q.path("id")
	was, err := q.matchesClient(id)
	if err != nil {
		return nil, err
	}
	secret, err := q.house.RotateSecret(q.ctx, q.caller, id, time.Duration(keep), was)
	if err != nil {
		return nil, q.moved(WithMemberNames(err))
	}
	o := object{"client_id": id, "old_secrets_until": q.now().Add(time.Duration(keep)).UTC().Truncate(time.Second)}
	withSecret(o, secret)
	answer := &response{body: o}
	if w, err := q.house.Client(context.WithoutCancel(q.ctx), q.caller, id); err == nil { // else who may rotate it may not read it
		answer.etag = w.ETag()
	}
	return answer, nil
}
