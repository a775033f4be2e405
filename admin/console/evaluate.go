package console

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"gatehouse/admin"
	"gatehouse/registry"
	"gatehouse/storage"
	"gatehouse/templates"
)

const evaluatePath = "/admin/evaluate"

// showEvaluate is GET /admin/evaluate: form#evaluate, which the parameters client_id and user fill in.
func (p *Pages) showEvaluate(w http.ResponseWriter, r *http.Request) {
	query, ok := p.Query(w, r)
	if !ok {
		return
	}
	v, ok := p.enter(w, r, r.URL.RequestURI())
	if !ok {
		return
	}
	if err := v.Might(admin.ClientEvaluate); err != nil {
		p.refused(w, r, v, err, evaluatePath)
		return
	}
	page := p.evaluatePage(r, v)
	page.ClientID, page.User = query.Get("client_id"), query.Get("user")
	p.Pages.Render(w, r, http.StatusOK, page)
}

func (p *Pages) evaluatePage(r *http.Request, v *visitor) *templates.AdminEvaluate {
	return &templates.AdminEvaluate{AdminCommon: p.common(r, v, templates.AdminEvaluatePart), Named: v.Sees(admin.UserRead)}
}

// evaluate is POST /admin/evaluate. Values of people are in no address, and a reload asks before it looks again.
func (p *Pages) evaluate(w http.ResponseWriter, r *http.Request) {
	form, ok := p.Form(w, r)
	if !ok {
		return
	}
	v, ok := p.enter(w, r, evaluatePath)
	if !ok {
		return
	}
	page := p.evaluatePage(r, v)
	page.ClientID, page.User, page.Scope = strings.TrimSpace(single(form, "client_id")), strings.TrimSpace(single(form, "user")), single(form, "scope")
	e, err := p.House.Evaluate(r.Context(), v.Caller, page.ClientID, page.User, page.Scope)
	wrong, isWrong := errors.AsType[registry.Problems](err)
	status := http.StatusOK
	switch {
	case isWrong:
		status = http.StatusUnprocessableEntity
		for _, w := range wrong {
			page.Problems = append(page.Problems, templates.Problem{Key: "problem.rule", Args: map[string]string{"text": w.Field + ": " + w.Text}})
		}
	case errors.Is(err, storage.ErrNotFound):
		status = http.StatusUnprocessableEntity
		page.Problems = []templates.Problem{{Key: "problem.rule", Args: map[string]string{"text": "client_id, user: there is none"}}}
	case err != nil:
		p.refused(w, r, v, err, evaluatePath)
		return
	default:
		page.Result = resultOf(e)
	}
	p.Pages.Render(w, r, status, page)
}

func resultOf(e admin.Evaluation) *templates.AdminEvaluation {
	query := url.Values{"client_id": {e.Client.ID}, "scope": {strings.Join(e.Scope, " ")}}
	if !e.Sample {
		query.Set("user", e.User.ID)
	}
	return &templates.AdminEvaluation{
		Verdict: e.Verdict, Status: e.Client.Status, Granted: e.Granted, Ask: e.Ask,
		UserInfo: indented(e.UserInfo), IDToken: indented(e.IDToken), Consent: evaluatePath + "/consent?" + query.Encode(),
	}
}

// indented is JSON for people; empty for nil.
func indented(claims map[string]any) string {
	if claims == nil {
		return ""
	}
	raw, err := json.MarshalIndent(claims, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// evaluatedConsent is GET /admin/evaluate/consent: the consent page that the person would see, which is a
// part of the evaluation that led here.
func (p *Pages) evaluatedConsent(w http.ResponseWriter, r *http.Request) {
	query, ok := p.Query(w, r)
	if !ok {
		return
	}
	v, ok := p.enter(w, r, evaluatePath)
	if !ok {
		return
	}
	e, err := p.House.EvaluateFurther(r.Context(), v.Caller, query.Get("client_id"), query.Get("user"), query.Get("scope"))
	if _, wrong := errors.AsType[registry.Problems](err); wrong {
		err = storage.ErrNotFound
	}
	if err == nil {
		look := templates.Preview{At: r.URL.RequestURI(), Back: evaluatePath + "?" + url.Values{"client_id": {e.Client.ID}}.Encode(), Real: !e.Sample, Framed: query.Get("frame") != ""}
		err = p.Consent(w, r, v.user, e, look)
	}
	if err != nil {
		p.refused(w, r, v, err, evaluatePath)
	}
}
