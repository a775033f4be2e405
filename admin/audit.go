package admin

import (
	"context"

	"gatehouse/storage"
)

// AuditEvents lists what was done, the newest first.
func (h *House) AuditEvents(ctx context.Context, c Caller, f storage.AuditFilter, p Page) (List[storage.AuditEvent], error) {
	if err := h.may(c, AuditRead, Belongs{}); err != nil {
		return List[storage.AuditEvent]{}, err
	}
	return paged(p, func(before string, limit int) ([]storage.AuditEvent, error) {
		return h.Store.AuditEvents(ctx, f, before, limit)
	}, func(e storage.AuditEvent) string { return e.ID })
}
