package admin

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gatehouse/registry"
	"gatehouse/storage"
)

// Waiting is a mini app that waits for a review.
type Waiting struct {
	registry.Work
	Since time.Time // when it was submitted
	Hints []registry.Hint
}

// ReviewQueue lists what is submitted, what waits longest first. ErrCursor for a cursor that is no place in the queue.
func (h *House) ReviewQueue(ctx context.Context, c Caller, p Page) (List[Waiting], error) {
	var none List[Waiting]
	if err := h.may(c, ReviewRead, Belongs{}); err != nil {
		return none, err
	}
	list, err := paged(p, func(after string, limit int) ([]storage.Queued, error) {
		place, err := parsePlace(after)
		if err != nil {
			return nil, err
		}
		return h.Store.ReviewQueue(ctx, place, limit)
	}, func(q storage.Queued) string { return formatPlace(q.QueuePlace) })
	if err != nil {
		return none, err
	}
	around, err := h.allAround(ctx)
	if err != nil {
		return none, err
	}
	waiting := make([]Waiting, len(list.Items))
	for i, q := range list.Items {
		waiting[i] = Waiting{Work: registry.Work{Live: q.Client, Version: q.Version}, Since: q.Since}
		waiting[i].Hints = hints(&waiting[i].Work, around)
	}
	return List[Waiting]{Items: waiting, Next: list.Next}, nil
}

// formatPlace is a place in the queue as a cursor: microseconds since 1970, and the client's ID.
func formatPlace(p storage.QueuePlace) string {
	since := int64(0)
	if !p.Since.IsZero() {
		since = p.Since.UnixMicro()
	}
	return fmt.Sprintf("%d %s", since, p.ClientID)
}

// parsePlace undoes formatPlace. Nothing is the head of the queue.
func parsePlace(cursor string) (storage.QueuePlace, error) {
	if cursor == "" {
		return storage.QueuePlace{}, nil
	}
	since, id, _ := strings.Cut(cursor, " ")
	micros, err := strconv.ParseInt(since, 10, 64)
	if err != nil || micros < 0 || id == "" {
		return storage.QueuePlace{}, ErrCursor
	}
	return storage.QueuePlace{Since: time.UnixMicro(micros), ClientID: id}, nil
}
