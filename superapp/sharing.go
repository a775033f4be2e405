package superapp

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/authz"
	"gatehouse/consent"
	"gatehouse/storage"
)

const sharingPath = "/superapp/v1/apps/{client_id}/sharing"

// sharingRoute is GET …/sharing: GAM's IsAllowedSharingDataWithOAuthApplication, and what is missing if it is not.
func (a *API) sharingRoute() authz.Route {
	return authz.Route{
		Methods: reading, Path: sharingPath,
		Endpoint: a.Authz.API(a.sharing), Decode: decodeCall, Encode: encodeMembers, Fail: fail,
	}
}

// decideRoute is PUT …/sharing: GAM's SetAllow… and SetDenySharingDataWithOAuthApplication. It is the person's decision
// about the whole registration, which the host app has shown them.
func (a *API) decideRoute() authz.Route {
	return authz.Route{
		Methods: []string{http.MethodPut}, Path: sharingPath,
		Endpoint: a.Authz.API(a.decide), Decode: decodeDecision, Encode: encodeMembers, Fail: fail,
	}
}

// forgetRoute is DELETE …/sharing: the decisions are forgotten and the mini app's tokens dead.
func (a *API) forgetRoute() authz.Route {
	return authz.Route{
		Methods: []string{http.MethodDelete}, Path: sharingPath,
		Endpoint: a.Authz.API(a.forget), Decode: decodeCall, Encode: encodeNothing, Fail: fail,
	}
}

func encodeNothing(*authz.Request, *authz.Answer) authz.Response {
	return authz.Response{Status: http.StatusNoContent}
}

func (a *API) sharing(ctx context.Context, req *authz.Request) (*authz.Answer, error) {
	v, err := a.enter(ctx, req)
	if err != nil {
		return nil, err
	}
	return v.answer(), nil
}

// decision is one scope with what was decided about it.
type decision struct {
	Name     string `json:"name"`
	Decision string `json:"decision"`
}

// answer is the sharing object.
func (v *visit) answer() *authz.Answer {
	scopes := make([]decision, len(v.sharing.Scopes))
	for i, s := range v.sharing.Scopes {
		scopes[i] = decision{s.Name, s.Decision}
	}
	return &authz.Answer{Members: map[string]any{
		"allowed": v.sharing.Allowed, "status": v.sharing.Status, "scopes": scopes, "missing": append([]string{}, v.sharing.Missing...),
	}}
}

func (a *API) decide(ctx context.Context, req *authz.Request) (*authz.Answer, error) {
	v, err := a.enter(ctx, req)
	if err != nil {
		return nil, err
	}
	err = consent.Retry(func() error {
		unit, err := a.unit(v, req)
		if err != nil || len(unit) == 0 {
			return err
		}
		by := consent.Audited(ctx, v.actor(), req.Params["decision"], v.grant, unit, req.Client.ID)
		if err := a.apply(by, v, unit); err != nil {
			return err
		}
		a.count(req.Params["decision"])
		recorded, _ := consent.Recorded(unit)
		a.found(v, &recorded)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return v.answer(), nil
}

func (a *API) count(decision string) {
	if decision == "deny" {
		a.Activity.Count(storage.CountDenials)
		return
	}
	a.Activity.Count(storage.CountConsents)
}

// apply stores a change of the visit's grant. Where that has moved meanwhile, it is read again for the next attempt.
func (a *API) apply(ctx context.Context, v *visit, unit storage.Unit) error {
	err := a.Store.Apply(ctx, unit)
	if errors.Is(err, storage.ErrConflict) {
		if unread := a.look(ctx, v); unread != nil {
			return unread
		}
	}
	return err
}

// unit is a decision as a unit of work, empty where it changes nothing. An *Error for one that cannot be recorded.
func (a *API) unit(v *visit, req *authz.Request) (storage.Unit, error) {
	act := consent.Act{Owner: v.owner(), Client: v.client, By: v.person.ID, At: a.now(), Lang: a.language(req, v)}
	if req.Params["decision"] == "deny" {
		return consent.DenyAll(v.grant, act), nil
	}
	if !authz.Approved(v.client) {
		return nil, authz.ErrNotApproved
	}
	chosen := strings.Fields(req.Params["scope"])
	if err := v.check(chosen); err != nil {
		return nil, err
	}
	if seconds, err := strconv.Atoi(req.Params["expires_in"]); err == nil {
		act.Until = act.At.Add(time.Duration(seconds) * time.Second)
	}
	return consent.Allow(v.grant, consent.Shareable(v.client), chosen, act), nil
}

// language is the language of what a person reads about a mini app by this request.
func (a *API) language(req *authz.Request, v *visit) string {
	return a.Language(req.Params["ui_locales"], req.Header.Get("Accept-Language"), v.person.Locale)
}

// check refuses a choice that has a scope too many, or lacks one that is required.
func (v *visit) check(chosen []string) error {
	for _, name := range chosen {
		if !slices.ContainsFunc(v.sharing.Scopes, func(s consent.SharedScope) bool { return s.Name == name }) {
			return authz.Refuse(authz.CodeInvalidScope, "A scope is not one that the mini app is registered for and a person decides about.")
		}
	}
	for _, s := range v.sharing.Scopes {
		if s.Required && !slices.Contains(chosen, s.Name) {
			return authz.Refuse(authz.CodeInvalidScope, "A required scope is missing. An allow has to name all of them.")
		}
	}
	return nil
}

func (a *API) forget(ctx context.Context, req *authz.Request) (*authz.Answer, error) {
	v, err := a.enter(ctx, req)
	if err != nil {
		return nil, err
	}
	err = consent.Retry(func() error {
		if v.grant == nil {
			return nil
		}
		unit := consent.Disconnect(*v.grant, a.now())
		return a.apply(consent.Audited(ctx, v.actor(), "disconnect", v.grant, unit, req.Client.ID), v, unit)
	})
	if err != nil {
		return nil, err
	}
	return &authz.Answer{}, nil
}

// maxExpiry bounds expires_in, in seconds: a hundred years.
const maxExpiry = 100 * 365 * 24 * 60 * 60

// decodeDecision reads {"decision":"allow","scopes":[…],"expires_in":seconds} or {"decision":"deny"}. Of an allow, the
// parameters are scope, with names separated by spaces, and expires_in.
func decodeDecision(r *http.Request) (*authz.Request, error) {
	req, body, err := decodeObject(r)
	if err != nil {
		return req, err
	}
	word, err := body.Text("decision")
	if err != nil {
		return req, err
	}
	scopes, seconds := body.Raw("scopes"), body.Raw("expires_in")
	req.Params["decision"] = word
	switch {
	case word == "deny" && scopes == nil && seconds == nil:
		return req, nil
	case word == "deny":
		return req, authz.Refuse(authz.CodeInvalidRequest, "A deny is about everything. It goes without scopes and expires_in.")
	case word != "allow":
		return req, authz.Refuse(authz.CodeInvalidRequest, "The member decision has to be allow or deny.")
	}
	if req.Params["scope"], err = readScopes(scopes); err != nil || seconds == nil {
		return req, err
	}
	req.Params["expires_in"], err = readSeconds(seconds)
	return req, err
}

func readScopes(raw json.RawMessage) (string, error) {
	var names *[]string
	if raw == nil || json.Unmarshal(raw, &names) != nil || names == nil {
		return "", authz.Refuse(authz.CodeInvalidRequest, "The member scopes has to be the list of what the person allows.")
	}
	for _, name := range *names {
		if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) { // RFC 6749 §3.3
			return "", authz.Refuse(authz.CodeInvalidScope, "A scope is not the name of one.")
		}
	}
	return strings.Join(*names, " "), nil
}

func readSeconds(raw json.RawMessage) (string, error) {
	var seconds *int64
	if json.Unmarshal(raw, &seconds) != nil || seconds == nil || *seconds < 1 || *seconds > maxExpiry {
		return "", authz.Refuse(authz.CodeInvalidRequest, "The member expires_in has to be a number of seconds, at least 1 and at most a hundred years.")
	}
	return strconv.FormatInt(*seconds, 10), nil
}
