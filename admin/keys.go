package admin

import (
	"context"
	"strconv"

	"gatehouse/authz/keys"
)

// SigningKeys returns the signing keys, the newest first.
func (h *House) SigningKeys(_ context.Context, c Caller) ([]keys.Info, error) {
	if err := h.may(c, KeyRead, Belongs{}); err != nil {
		return nil, err
	}
	return h.Keys.List(), nil
}

// RotateKeys makes new signing keys, which are published at once and sign a little later; with immediately they sign at once.
func (h *House) RotateKeys(ctx context.Context, c Caller, immediately bool) ([]keys.Info, error) {
	if err := h.may(c, KeyRotate, Belongs{}); err != nil {
		return nil, err
	}
	ctx = h.audited(ctx, c, KeyRotate, "key", "", "immediately", strconv.FormatBool(immediately))
	if err := h.Keys.Rotate(ctx, immediately); err != nil {
		return nil, err
	}
	return h.Keys.List(), nil
}
