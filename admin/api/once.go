package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"gatehouse/admin"
	"gatehouse/storage"
)

const (
	// remembered is how long an answer is kept for a repetition of its request.
	remembered = 24 * time.Hour
	// givenUp is when a request that was never answered, and wrote nothing, may be made again: longer than any takes.
	givenUp = 2 * time.Minute
)

// keys of requests are strings of structured fields (RFC 8941 §3.3.3), or plain tokens.
var requestKeys = regexp.MustCompile(`^(?:"([\x20-\x21\x23-\x5b\x5d-\x7e]{1,255})"|([A-Za-z0-9._:~/+=-]{1,255}))$`)

// kept is an answer as it is remembered, before it is sealed: it may have a secret in it.
type kept struct {
	Status   int             `json:"s"`
	ETag     string          `json:"e,omitempty"`
	Location string          `json:"l,omitempty"`
	Body     json.RawMessage `json:"b,omitempty"`
	Asked    []admin.Asked   `json:"a,omitempty"` // what the caller was allowed, to be asked again before it is repeated
	ClientID string          `json:"c,omitempty"` // of the mini app that it is about
}

// once answers a request with an Idempotency-Key: the same request of the same caller gets the same answer and does nothing
// again, another one with that key is refused, and so is one while the first is in flight
// (draft-ietf-httpapi-idempotency-key-header §2.6, §2.7). What did nothing, because it was refused, is not remembered.
func (a *API) once(q *request, c call, sent []string) (*response, error) {
	id, err := answerID(q.caller, sent)
	if err != nil {
		return nil, err
	}
	now := a.Now().UTC().Truncate(time.Microsecond)
	attempt := storage.RememberedAnswer{ID: id, Fingerprint: fingerprint(c.method, q), BeganAt: now, ExpiresAt: now.Add(remembered)}
	there, err := a.Answers.BeginAnswer(q.ctx, attempt, now.Add(-givenUp))
	if errors.Is(err, storage.ErrExists) {
		return a.repeat(q, c, there, attempt)
	}
	if err != nil {
		return nil, err
	}
	last := context.WithoutCancel(q.ctx) // a caller that hung up asks again
	q.ctx = storage.Answering(q.ctx, attempt)
	caller, asked := q.caller.Noting()
	q.caller = caller
	answer, err := c.do(q)
	if err != nil {
		if forgetErr := a.Answers.ForgetAnswer(last, attempt); forgetErr != nil {
			a.Log.WarnContext(last, "an answer is not forgotten", "err", forgetErr)
		}
		return nil, err
	}
	if err := a.keep(last, attempt, answer, kept{Asked: *asked, ClientID: clientOfCall(q, c, answer)}); err != nil {
		a.Log.WarnContext(last, "an answer is not remembered", "err", err)
	}
	return answer, nil
}

// answerID names who asks and the key that they chose. It does not tell the key.
func answerID(caller admin.Caller, sent []string) (string, error) {
	if len(sent) != 1 {
		return "", bad("The header Idempotency-Key is there more than once.")
	}
	found := requestKeys.FindStringSubmatch(sent[0])
	if found == nil {
		return "", bad(`The header Idempotency-Key has to be a text of 1 to 255 characters in quotes, as in "8e03978e-40d5-43e8-bc93-6894a57f9324".`)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s", caller.Actor.Kind, caller.Actor.ID, found[1]+found[2]))
	return hex.EncodeToString(sum[:]), nil
}

func fingerprint(method string, q *request) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%q\x00%s", method, q.target, q.match, q.body))
	return sum[:]
}

// clientOfCall is the mini app that a call is about, or has made; empty for another kind of record.
func clientOfCall(q *request, c call, answer *response) string {
	if strings.HasPrefix(c.path, "/clients/{id}") {
		return q.path("id")
	}
	if id, made := strings.CutPrefix(answer.location, Prefix+"/clients/"); made {
		return id // which needs no escape
	}
	return ""
}

func (a *API) keep(ctx context.Context, attempt storage.RememberedAnswer, answer *response, k kept) error {
	if err := answer.encode(); err != nil {
		return err
	}
	k.Status, k.ETag, k.Location, k.Body = answer.status, answer.etag, answer.location, answer.raw
	raw, err := json.Marshal(k)
	if err != nil {
		return err
	}
	return a.Answers.KeepAnswer(ctx, attempt, a.sealer.Seal(raw, attempt.ID))
}

// repeat answers a request that was made before, to whoever may still make it: the answer may have a secret in it.
func (a *API) repeat(q *request, c call, there, attempt storage.RememberedAnswer) (*response, error) {
	switch {
	case string(there.Fingerprint) != string(attempt.Fingerprint):
		return nil, &problem{Status: http.StatusUnprocessableEntity, Type: typeKeyReused, Title: "The Idempotency-Key was another request's",
			Detail: "It was sent with another path, body or If-Match. Choose a new key for a new request."}
	case there.Sealed == nil && !there.Done:
		return nil, &problem{Status: http.StatusConflict, Type: typeInFlight, Detail: "The first request with this Idempotency-Key is not answered yet. Try again in a moment."}
	}
	raw, err := a.sealer.Open(there.Sealed, there.ID)
	var k kept
	if err != nil || json.Unmarshal(raw, &k) != nil {
		return nil, &problem{Status: http.StatusConflict, Type: typeAnswerLost, Detail: "What was asked with this Idempotency-Key was done, and its answer is lost. Look at what there is before you ask anew."}
	}
	if err := a.mayStill(q, c, k); err != nil {
		return nil, err
	}
	return &response{status: k.Status, etag: k.ETag, location: k.Location, raw: k.Body}, nil
}

// mayStill says why the caller may not make a request any more: for want of a right, because the record is another's, or because
// they have not signed in for a while.
func (a *API) mayStill(q *request, c call, k kept) error {
	for _, asked := range k.Asked {
		if err := q.caller.May(asked.Do, asked.To, a.Now()); err != nil {
			return err
		}
	}
	if k.ClientID == "" {
		return nil
	}
	return a.House.MayStill(q.ctx, q.caller, c.capability, k.ClientID)
}
