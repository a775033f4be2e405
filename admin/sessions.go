package admin

import (
	"context"

	"gatehouse/storage"
)

const sessionKind = "session"

// Sessions lists signed-in browsers: all, or those of one person, by ID, e-mail address or phone number.
func (h *House) Sessions(ctx context.Context, c Caller, user string, p Page) (List[storage.Session], error) {
	var none List[storage.Session]
	if user == "" {
		if err := h.may(c, SessionRead, Belongs{}); err != nil {
			return none, err
		}
		return paged(p, func(after string, limit int) ([]storage.Session, error) {
			return h.Store.AllSessions(ctx, after, limit, h.Now())
		}, sessionID)
	}
	u, err := h.userFor(ctx, c, SessionRead, user)
	if err != nil {
		return none, err
	}
	sessions, err := h.Store.UserSessions(ctx, u.ID, h.Now())
	if err != nil {
		return none, err
	}
	return part(p, sessions, sessionID), nil
}

func sessionID(s storage.Session) string { return s.ID }

// EndSession signs a browser out.
func (h *House) EndSession(ctx context.Context, c Caller, id string) error {
	if err := h.may(c, SessionEnd, Belongs{}); err != nil {
		return err
	}
	s, _, err := h.Store.Session(ctx, id, h.Now())
	if err != nil {
		return err
	}
	return h.Store.EndSession(h.audited(ctx, c, SessionEnd, sessionKind, id, "user", s.UserID), id)
}
