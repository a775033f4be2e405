package admin

import (
	"context"

	"gatehouse/admin/samplecode"
)

// ClientCode returns a program in a language (samplecode.Languages) that signs people in to a mini app, filled with its live
// registration. registry.Problems where there is none.
func (h *House) ClientCode(ctx context.Context, c Caller, id, language string) (samplecode.Program, error) {
	w, err := h.work(ctx, c, ClientRead, id)
	if err != nil {
		return samplecode.Program{}, err
	}
	return samplecode.For(h.Issuer, w.Live, language)
}
