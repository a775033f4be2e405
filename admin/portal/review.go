package portal

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"gatehouse/internal/rim"
	"gatehouse/registry"
	"gatehouse/storage"
	"gatehouse/templates"
)

// showReview draws the last step.
func (p *Pages) showReview(v *visit) error { return p.drawReview(v, http.StatusOK, nil) }

func (p *Pages) drawReview(v *visit, status int, problems []templates.Problem) error {
	w, err := p.House.Client(v.r.Context(), v.caller, v.clientID())
	if err != nil {
		return err
	}
	page := &templates.DeveloperReview{
		Common: v.common(), ClientID: w.Live.ID, Name: w.Proposed().Name, Step: "review", ETag: w.ETag(),
		Open:    slices.Contains([]string{storage.StatusDraft, storage.StatusChangesRequested}, w.Status()),
		Comment: v.form.Get("comment"), Problems: problems,
	}
	var missing registry.Problems
	if err := p.House.CheckSubmission(v.r.Context(), v.caller, w.Live.ID); err != nil && !errors.As(err, &missing) {
		return err
	}
	for _, m := range missing {
		page.Missing = append(page.Missing, templates.DeveloperMissing{Step: stepOf(m.Field), Text: m.Text})
	}
	hints, err := p.House.DraftHints(v.r.Context(), v.caller, w)
	if err != nil {
		return err
	}
	for _, h := range hints {
		page.Hints = append(page.Hints, templates.AdminHint{Kind: string(h.Kind), Value: h.Value, Other: h.Other})
	}
	page.Look, page.Languages = p.lookOf(v), p.otherLanguages(nil)
	p.Pages.Render(v.w, v.r, status, page)
	return nil
}

// take takes a step of the workflow, as a form asks for it that has seen a certain state.
func (p *Pages) take(v *visit, action registry.Action) error {
	if err := p.unmoved(v); err != nil { // also without a tag, which would mean: whatever it is
		return err
	}
	step := registry.Step{Action: action, ClientID: v.clientID(), Comment: strings.TrimSpace(v.form.Get("comment")), Was: single(v.form, "etag")}
	_, err := p.House.TakeStep(v.r.Context(), v.caller, step)
	return err
}

// submit answers form#submit.
func (p *Pages) submit(v *visit) error {
	err := p.take(v, registry.Submit)
	if err == nil {
		rim.Redirect(v.w, v.r, path(v.clientID())+"?saved=submit")
		return nil
	}
	problems, status, ok := problemsOf(err, func(field string) string {
		if field == "comment" {
			return "comment"
		}
		return ""
	})
	if !ok {
		return err
	}
	return p.drawReview(v, status, problems)
}
