package console

import (
	"context"
	"errors"
	"net/http"

	"gatehouse/admin"
	"gatehouse/registry"
	"gatehouse/storage"
	"gatehouse/templates"
)

// reviews is GET /admin/reviews: what waits for a review, the oldest first.
func (p *Pages) reviews(w http.ResponseWriter, r *http.Request) {
	query, ok := p.Query(w, r)
	if !ok {
		return
	}
	v, ok := p.enter(w, r, r.URL.RequestURI())
	if !ok {
		return
	}
	list, err := p.House.ReviewQueue(r.Context(), v.Caller, admin.Page{After: query.Get("after")})
	if err != nil {
		p.refused(w, r, v, err, reviewsPath)
		return
	}
	page := &templates.AdminReviews{AdminCommon: p.common(r, v, templates.AdminReviewPart), Next: next(reviewsPath, nil, list.Next)}
	for _, waiting := range list.Items {
		item, err := p.waiting(r.Context(), &waiting.Work, waiting.Hints)
		if err != nil {
			p.Fail(w, r, err)
			return
		}
		item.Since = waiting.Since
		page.Items = append(page.Items, item)
	}
	p.Pages.Render(w, r, http.StatusOK, page)
}

// waiting is how what is worked on is shown: under the name that is live, for its status stands beside it.
func (p *Pages) waiting(ctx context.Context, work *registry.Work, hints []registry.Hint) (templates.AdminWaiting, error) {
	item := templates.AdminWaiting{ClientID: work.Live.ID, Name: work.Live.Name, Version: work.Version != nil}
	for _, h := range hints {
		item.Hints = append(item.Hints, templates.AdminHint{Kind: string(h.Kind), Value: h.Value, Other: h.Other})
	}
	publisher, err := p.publisher(ctx, work.Live.PublisherID)
	item.Publisher, item.Verified = publisher.Name, publisher.Verified
	return item, err
}

// publisher returns a publisher; nobody where there is none.
func (p *Pages) publisher(ctx context.Context, id string) (storage.Publisher, error) {
	found, err := p.Registry.Publisher(ctx, id)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return storage.Publisher{}, nil
	case err != nil:
		return storage.Publisher{}, err
	}
	return *found, nil
}
