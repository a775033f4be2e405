package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gatehouse/storage"
)

// Work is a mini app, and what it is to become.
type Work struct {
	Live    storage.Client         // as it is
	Version *storage.ClientVersion // what waits beside it; nil: nothing does
}

// Work returns the mini app with this ID, as it is in the database. storage.ErrNotFound when there is none.
func (r *Registry) Work(ctx context.Context, clientID string) (*Work, error) {
	if !validClientID(clientID) {
		return nil, storage.ErrNotFound
	}
	c, err := r.store.Client(ctx, clientID)
	if err != nil {
		return nil, err
	}
	v, err := r.store.OpenVersion(ctx, clientID)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return &Work{Live: c}, nil
	case err != nil:
		return nil, err
	}
	return &Work{Live: c, Version: &v}, nil
}

// Status is where what is worked on stands: the open version, or else the mini app itself.
func (w *Work) Status() string {
	if w.Version != nil {
		return w.Version.Status
	}
	return w.Live.Status
}

// wasApproved reports whether the mini app is live, or would be were it not suspended: then changes wait beside it.
func (w *Work) wasApproved() bool {
	return w.Live.Status == storage.StatusApproved || w.Live.Status == storage.StatusSuspended
}

// Proposed is what is worked on: what is live, with what the open version asks to be changed.
func (w *Work) Proposed() storage.Client {
	if w.Version == nil {
		return w.Live
	}
	c := asked(*w.Version, w.Live)
	if c.Public {
		c.Secrets = nil
	}
	return c
}

// ETag names this state of the mini app and its open version (RFC 9110 §8.8.3, without the quotes).
func (w *Work) ETag() string {
	tag := fmt.Sprintf("%x", w.Live.UpdatedAt.UnixMicro())
	if w.Version != nil {
		tag += fmt.Sprintf("-%x", w.Version.UpdatedAt.UnixMicro())
	}
	return tag
}

// Possible returns the actions of the workflow that are possible where a mini app stands, in the order of its life.
func (w *Work) Possible() []Action {
	var actions []Action
	for _, t := range workflow {
		at := w.Live.Status
		if t.reviews {
			at = w.Status()
		}
		if slices.Contains(t.from, at) {
			actions = append(actions, t.action)
		}
	}
	return actions
}
