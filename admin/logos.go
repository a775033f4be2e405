package admin

import (
	"context"

	"gatehouse/registry"
	"gatehouse/registry/logo"
)

// KeepLogo keeps the picture in a file for a mini app of a publisher, and returns the logo_uri that a registration names it
// by. One that none names is forgotten after a day. registry.Problems where the file is no logo.
func (h *House) KeepLogo(ctx context.Context, c Caller, publisherID string, file []byte) (uri string, err error) {
	if err := h.may(c, ClientUpdate, Belongs{PublisherID: publisherID}); err != nil {
		return "", err
	}
	made, err := logo.Make(file, h.now())
	if err != nil {
		return "", registry.Problems{{Field: "logo_uri", Text: err.Error()}}
	}
	if err := h.Store.SaveLogo(ctx, made); err != nil {
		return "", err
	}
	return logo.URI(h.Issuer, made.Hash), nil
}

// SetLogo gives a mini app the picture in a file as its logo, as UpdateClient does with a registration that was read with the
// tag was: a developer's waits for a review where the mini app is live.
func (h *House) SetLogo(ctx context.Context, c Caller, id string, file []byte, was string) (waiting []string, err error) {
	w, err := h.work(ctx, c, ClientUpdate, id)
	if err != nil {
		return nil, err
	}
	client := h.Editable(c, w)
	if client.LogoURI, err = h.KeepLogo(ctx, c, w.Live.PublisherID, file); err != nil {
		return nil, err
	}
	return h.UpdateClient(ctx, c, client, was)
}
