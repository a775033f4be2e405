package portal

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/rim"
	"gatehouse/registry"
	"gatehouse/storage"
	"gatehouse/templates"
)

// editable are where a mini app or its open version can be changed.
var editable = []string{storage.StatusDraft, storage.StatusChangesRequested, storage.StatusApproved, storage.StatusSuspended}

// showApp draws the page of one mini app.
func (p *Pages) showApp(v *visit) error {
	page, err := p.appPage(v)
	if err != nil {
		return err
	}
	page.Saved = v.saved()
	p.Pages.Render(v.w, v.r, http.StatusOK, page)
	return nil
}

func (p *Pages) appPage(v *visit) (*templates.DeveloperMiniApp, error) {
	w, err := p.House.Client(v.r.Context(), v.caller, v.clientID())
	if err != nil {
		return nil, err
	}
	page := &templates.DeveloperMiniApp{
		Common: v.common(), ETag: w.ETag(), Editable: slices.Contains(editable, w.Status()), Confidential: !w.Live.Public && w.Live.Status != storage.StatusArchived, Live: w.Live.Status == storage.StatusApproved,
		App: shownApp(p, w), Archivable: slices.Contains(w.Possible(), registry.Archive),
	}
	if w.Version != nil {
		page.Changed = registry.Changed(w.Live, w.Proposed())
	}
	publisher, err := p.House.Publisher(v.r.Context(), v.caller, w.Live.PublisherID)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return nil, err
	}
	page.App.Publisher = publisher.Name
	for _, s := range registry.LiveSecrets(w.Live, p.House.Now()) {
		page.Secrets = append(page.Secrets, templates.DeveloperSecret{ID: s.ID, Created: s.CreatedAt, Ends: s.ExpiresAt})
	}
	if len(page.Secrets) > 1 { // see registry.RotateSecret
		page.EndsFirst = page.Secrets[len(page.Secrets)-2].Created
	}
	if err := p.requests(v, page); err != nil {
		return nil, err
	}
	notes, err := p.House.LastNotes(v.r.Context(), v.caller, w.Live.ID)
	if err != nil {
		return nil, err
	}
	page.Notes, err = p.notes(v, notes)
	return page, err
}

// requests puts the last answers that the mini app got on its page: the refused ones, with the reason, apart.
func (p *Pages) requests(v *visit, page *templates.DeveloperMiniApp) error {
	requests, err := p.House.ClientRequests(v.r.Context(), v.caller, page.App.ClientID)
	for _, r := range requests {
		shown := templates.DeveloperRequest{At: r.At, Endpoint: r.Endpoint, Format: r.Format, Reason: r.Reason, RequestID: r.RequestID, Unproven: !r.Proven}
		if r.Outcome == storage.OutcomeOK {
			page.Granted = append(page.Granted, shown)
			continue
		}
		shown.Code = r.Outcome
		page.Failed = append(page.Failed, shown)
	}
	return err
}

// led is the status that an action of the workflow leads to.
var led = map[registry.Action]string{
	registry.Submit: storage.StatusSubmitted, registry.Approve: storage.StatusApproved, registry.RequestChanges: storage.StatusChangesRequested,
	registry.Reject: storage.StatusRejected, registry.Suspend: storage.StatusSuspended, registry.Reinstate: storage.StatusApproved,
	registry.Archive: storage.StatusArchived,
}

func (p *Pages) notes(v *visit, notes []storage.ReviewNote) ([]templates.DeveloperNote, error) {
	names := map[string]string{}
	var shown []templates.DeveloperNote
	for _, n := range notes {
		if _, known := names[n.Author.ID]; !known {
			name, err := p.author(v.r.Context(), v.user.ID, n.Author)
			if err != nil {
				return nil, err
			}
			names[n.Author.ID] = name
		}
		shown = append(shown, templates.DeveloperNote{
			Author: names[n.Author.ID], Status: led[registry.Action(n.Action)], Text: n.Text, At: n.At,
		})
	}
	return shown, nil
}

// author is the name of who said something: a person's, also where their API key did, or what else acted; empty for the reader.
func (p *Pages) author(ctx context.Context, reader string, a storage.Actor) (string, error) {
	id := a.PersonID()
	if id == "" {
		return string(a.Kind), nil
	}
	if id == reader {
		return "", nil
	}
	u, err := p.House.Store.User(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return id, nil
	}
	return rim.Person(u).Name, err
}

// The controls for why a form is sent, or what is to be said.
const (
	commentControl = "comment-text"
	archiveControl = "why"
)

// appAgain draws the page again, with what is wrong. comment is the control that the form's comment was typed into; empty: it
// has none.
func (p *Pages) appAgain(v *visit, err error, comment string) error {
	problems, status, ok := problemsOf(err, func(field string) string {
		if field == "comment" {
			return comment
		}
		return ""
	})
	if !ok {
		return err
	}
	page, err := p.appPage(v)
	if err != nil {
		return err
	}
	page.Problems = problems
	switch comment {
	case commentControl:
		page.Comment = v.form.Get("comment")
	case archiveControl:
		page.Why = v.form.Get("comment")
	}
	p.Pages.Render(v.w, v.r, status, page)
	return nil
}

// comment answers form#comment.
func (p *Pages) comment(v *visit) error {
	if _, err := p.House.Comment(v.r.Context(), v.caller, v.clientID(), v.form.Get("comment")); err != nil {
		return p.appAgain(v, err, commentControl)
	}
	rim.Redirect(v.w, v.r, path(v.clientID())+"?saved=comment")
	return nil
}

// discard answers form#discard.
func (p *Pages) discard(v *visit) error {
	err := p.unmoved(v)
	if err == nil {
		err = p.House.DiscardVersion(v.r.Context(), v.caller, v.clientID())
	}
	if err != nil {
		return p.appAgain(v, err, "")
	}
	rim.Redirect(v.w, v.r, path(v.clientID())+"?saved=discard")
	return nil
}

// archive answers form#archive. Nothing leads back, so whoever does it confirms it by saying why.
func (p *Pages) archive(v *visit) error {
	var err error = registry.Problems{{Field: "comment", Text: "must not be empty; say why"}}
	if strings.TrimSpace(v.form.Get("comment")) != "" {
		err = p.take(v, registry.Archive)
	}
	if err != nil {
		return p.appAgain(v, err, archiveControl)
	}
	rim.Redirect(v.w, v.r, path(v.clientID())+"?saved=archive")
	return nil
}

// rotateSecret answers form#secret with the new secret on the page, this once: it is nowhere else. A form that is posted
// again is about what is no more, and makes no other.
func (p *Pages) rotateSecret(v *visit) error {
	keep, err := time.ParseDuration(v.form.Get("keep_old"))
	if err != nil {
		p.Refuse(v.w, v.r, http.StatusBadRequest, "invalid_request", "", "keep_old is a duration such as 24h")
		return nil
	}
	secret := ""
	if err = p.unmoved(v); err == nil {
		secret, err = p.House.RotateSecret(v.r.Context(), v.caller, v.clientID(), keep, single(v.form, "etag"))
	}
	if err != nil {
		return p.appAgain(v, err, "")
	}
	page, err := p.appPage(v)
	if err != nil {
		return err
	}
	page.Secret = secret
	p.Pages.Render(v.w, v.r, http.StatusOK, page)
	return nil
}

// unmoved returns storage.ErrConflict when a form is about another state of the mini app than the present one.
func (p *Pages) unmoved(v *visit) error {
	w, err := p.House.Client(v.r.Context(), v.caller, v.clientID())
	if err == nil && w.ETag() != single(v.form, "etag") {
		err = storage.ErrConflict
	}
	return err
}

// preview draws the consent page of what is worked on, as the query says: in a language, light or dark, in a frame.
func (p *Pages) preview(v *visit) error {
	w, err := p.House.Client(v.r.Context(), v.caller, v.clientID())
	if err != nil {
		return err
	}
	own := path(v.clientID())
	look := p.lookOf(v)
	look.At, look.Back, look.Framed = own+"/preview", own+"/review", v.query.Get("frame") != ""
	return p.Preview(v.w, v.r, v.user, w.Proposed(), look)
}

// lookOf is how a preview is asked for; what there is not is nothing.
func (p *Pages) lookOf(v *visit) (look templates.Preview) {
	if lang := v.query.Get("lang"); slices.Contains(p.Pages.Languages(), lang) {
		look.Lang = lang
	}
	if theme := v.query.Get("theme"); theme == "light" || theme == "dark" {
		look.Theme = theme
	}
	return look
}
