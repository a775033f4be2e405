package admin

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"gatehouse/consent"
	"gatehouse/storage"
)

// Evaluation is what a person would share with a mini app now.
type Evaluation struct {
	Client  storage.Client // as it is live; one that is not approved gets nothing from anybody
	User    storage.User
	Sample  bool // the person is nobody
	Scope   []string
	Verdict string   // ask, allowed or denied
	Ask     []string // the scopes that they would be asked about
	Granted []string // the scopes that are shared; when asked: those that are if they allow everything
	// UserInfo is what the userinfo endpoint would answer, IDToken the claims of the ID token; nil where there is none.
	UserInfo, IDToken map[string]any
}

// Evaluate answers what the person with this ID, e-mail address or phone number would share with a mini app if it asked for
// scope, by the rules and with the values of a real request; empty: for all that it may ask for. Naming somebody takes
// UserRead too, since it shows what is known about them; an empty user is a sample person. It leaves an event, and decides
// nothing. registry.Problems for a scope that cannot be asked for.
func (h *House) Evaluate(ctx context.Context, c Caller, clientID, user, scope string) (Evaluation, error) {
	e, err := h.evaluate(ctx, c, clientID, user, scope)
	if err != nil {
		return Evaluation{}, err
	}
	return e, h.Store.Record(h.audited(ctx, c, ClientEvaluate, clientKind, clientID, evaluationDetail(e)...))
}

// sameEvaluation is how long what Evaluate answered may be looked at further.
const sameEvaluation = time.Hour

// EvaluateFurther is Evaluate for a part of an evaluation that c has just made of the same mini app, person and scope: it leaves no
// second event then. Where there is none it is an evaluation of its own.
func (h *House) EvaluateFurther(ctx context.Context, c Caller, clientID, user, scope string) (Evaluation, error) {
	e, err := h.evaluate(ctx, c, clientID, user, scope)
	if err != nil {
		return Evaluation{}, err
	}
	event := h.audited(ctx, c, ClientEvaluate, clientKind, clientID, evaluationDetail(e)...)
	wanted := storage.AuditOf(event)
	made, err := h.Store.AuditEvents(ctx, storage.AuditFilter{
		Actor: storage.Actor{Kind: c.Actor.Kind, ID: c.Actor.ID}, Action: string(ClientEvaluate), Target: storage.Target{Kind: clientKind, ID: clientID},
		Since: h.now().Add(-sameEvaluation),
	}, "", DefaultPage)
	if err != nil {
		return Evaluation{}, err
	}
	same := func(was storage.AuditEvent) bool { return maps.Equal(was.Detail, wanted[len(wanted)-1].Detail) }
	if slices.ContainsFunc(made, same) {
		return e, nil
	}
	return e, h.Store.Record(event)
}

// evaluationDetail is what an event tells of an evaluation.
func evaluationDetail(e Evaluation) []string {
	detail := []string{"scope", strings.Join(e.Scope, " ")}
	if !e.Sample {
		detail = append(detail, "user", e.User.ID)
	}
	return detail
}

func (h *House) evaluate(ctx context.Context, c Caller, clientID, user, scope string) (Evaluation, error) {
	w, err := h.work(ctx, c, ClientEvaluate, clientID)
	if err != nil {
		return Evaluation{}, err
	}
	person := consent.Sample()
	if user != "" {
		if person, err = h.userFor(ctx, c, UserRead, user); err != nil {
			return Evaluation{}, err
		}
	}
	e, err := h.Evaluated(ctx, &w.Live, person, scope)
	if err != nil {
		return Evaluation{}, err
	}
	e.Client, e.User, e.Sample = w.Live, person, user == ""
	return e, nil
}
