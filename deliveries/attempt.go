package deliveries

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"gatehouse/internal/outbound"
	"gatehouse/storage"
)

const mediaType = "application/secevent+jwt" // RFC 8935 §2

// lasting says that sending again would change nothing.
type lasting string

func (l lasting) Error() string { return string(l) }

// refused reports whether an attempt failed for good.
func refused(failure error) bool {
	_, is := errors.AsType[lasting](failure)
	return is
}

// faulty says that the server is there and answered, if not as it should. That may be because of the one event.
type faulty string

func (f faulty) Error() string { return string(f) }

// deliver sends a leased delivery and records what came of it; false when the next one would fare no better, because the
// fault is ours or the server is not there. Where the fault is ours, nothing is recorded: the lease runs out, and somebody
// tries again.
func (w *Worker) deliver(ctx context.Context, leased storage.Delivery) bool {
	client, err := w.Registry.Client(ctx, leased.ClientID)
	if errors.Is(err, storage.ErrNotFound) {
		client, err = new(storage.Client), nil // which has no webhook_uri
	}
	if err != nil {
		w.Log.Warn("a client's record cannot be read, so it is not told", "delivery", leased.ID, "cause", err.Error())
		return false
	}
	if leased.CreatedAt.Before(client.CreatedAt) {
		client = new(storage.Client) // it was for a deleted one that had the same ID
	}
	token, err := w.sign(leased, client)
	if err != nil {
		w.Log.Error("a security event cannot be signed, so it is not sent", "delivery", leased.ID, "cause", err.Error())
		return false
	}
	began := w.Now()
	failure := w.push(ctx, client.WebhookURI, token)
	_, answered := errors.AsType[faulty](failure)
	there := failure == nil || refused(failure) || answered && w.Now().Sub(began) < turnTime
	if there {
		w.answered(leased.ClientID)
	} else {
		w.failed(ctx, leased.ClientID, failure)
	}
	w.settle(ctx, leased, failure)
	return there
}

func (w *Worker) sign(d storage.Delivery, client *storage.Client) (string, error) {
	claims, err := w.token(d, client)
	if err != nil {
		return "", err
	}
	alg := client.IDTokenAlg
	if alg == "" {
		alg = "ES256"
	}
	return w.Keys.SignSecurityEvent(alg, claims)
}

// push is one attempt (RFC 8935 §2.1). The error says what went wrong, without a word of the answer; it is lasting when
// the receiver refuses the event for good.
func (w *Worker) push(ctx context.Context, uri, token string) error {
	if uri == "" {
		return lasting("the client has no webhook_uri any more; register one, and send it with gatehouse delivery retry")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, uri, strings.NewReader(token))
	if err != nil {
		return lasting("the client's webhook_uri is no URL; correct it, and send it with gatehouse delivery retry") // err repeats it
	}
	r.Header.Set("Content-Type", mediaType)
	r.Header.Set("Accept", "application/json")
	answer, err := w.Calls.Do(r)
	if errors.Is(err, outbound.ErrTooLarge) {
		return faulty(err.Error())
	}
	if err != nil {
		return err
	}
	return read(answer)
}

// refusals are the errors of RFC 8935 §2.4 that last. The other one, invalid_key, does not: a receiver that has not
// fetched the new keys yet says so after a rotation.
var refusals = []string{"invalid_request", "invalid_issuer", "invalid_audience", "authentication_failed", "access_denied"}

// read tells whether an answer says that the event has arrived (RFC 8935 §2.2, §2.3).
func read(answer *outbound.Response) error {
	switch answer.Status {
	case http.StatusAccepted, http.StatusOK:
		return nil
	case http.StatusTooManyRequests, http.StatusServiceUnavailable: // it asks to be left alone
		return fmt.Errorf("the receiver answered with status %d, not with 202", answer.Status)
	case http.StatusBadRequest:
		var refused struct {
			Err string `json:"err"`
		}
		if json.Unmarshal(answer.Body, &refused) == nil && slices.Contains(refusals, refused.Err) {
			return lasting("the receiver refuses it: " + refused.Err)
		}
	}
	return faulty(fmt.Sprintf("the receiver answered with status %d, not with 202", answer.Status))
}

// settle records that a delivery arrived (failure is nil), or when it is sent again, or that it is given up.
func (w *Worker) settle(ctx context.Context, leased storage.Delivery, failure error) {
	settled, now := leased, w.Now()
	settled.Attempts++
	if failure == nil {
		settled.State, settled.SettledAt, settled.Failure = storage.DeliveryDelivered, now, ""
	} else {
		settled.Failure = failure.Error()
		settled.DueAt = now.Add(backoff(settled.Attempts))
		if refused(failure) || settled.Attempts >= maxAttempts {
			settled.State, settled.SettledAt = storage.DeliveryDead, now
		} else if newer := w.superseding(ctx, settled, failure); newer != "" {
			settled.State, settled.SettledAt = storage.DeliveryDead, now
			settled.Failure = "superseded by " + newer + ", which tells anew what it said; before that: " + settled.Failure
		}
	}
	err := w.Store.SettleDelivery(ctx, leased, settled)
	if err == nil {
		w.Metrics.Delivery(settled.State)
	}
	switch {
	case errors.Is(err, storage.ErrConflict): // it took so long that somebody else has it
		return
	case err != nil:
		w.Log.Warn("what came of a delivery cannot be recorded, so it is sent again", "delivery", leased.ID, "cause", err.Error())
	case settled.State == storage.DeliveryDead:
		w.Log.Warn("a delivery is given up; gatehouse delivery retry sends it again, unless a newer one tells anew what it said",
			"delivery", leased.ID, "client_id", leased.ClientID, "attempts", settled.Attempts, "cause", settled.Failure)
	}
}

// superseding returns the ID of a newer delivery that waits for one that failed and tells anew what it says, so that it is
// better to go on. Empty when there is none, when the one that failed has had too few attempts, and when the newer one would
// fare no better, because the server is away. An error is met again.
func (w *Worker) superseding(ctx context.Context, failed storage.Delivery, failure error) string {
	if _, there := errors.AsType[faulty](failure); !there || failed.Attempts < ownAttempts {
		return ""
	}
	newer, err := w.Store.SupersedingDelivery(ctx, failed)
	if err != nil {
		return ""
	}
	return newer.ID
}
