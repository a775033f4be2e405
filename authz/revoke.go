package authz

import (
	"errors"
	"net/http"

	"gatehouse/storage"
)

// Revoke ends a token (RFC 7009): whichever of the pair it is, the whole family dies. A token that means nothing is
// revoked already; one of another client is refused and lives on.
func (s *Server) Revoke(w http.ResponseWriter, r *http.Request) {
	if err := s.revoke(r); err != nil {
		s.writeError(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
}

func (s *Server) revoke(r *http.Request) error {
	ctx := r.Context()
	params, err := decodeForm(r)
	if err != nil {
		return err
	}
	c, err := s.authenticate(ctx, r.Header.Get("Authorization"), params)
	if err != nil {
		return err
	}
	if params["token"] == "" {
		return refuse(codeInvalidRequest, "The parameter token is missing.")
	}
	t, err := s.lookUp(ctx, params["token"])
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil
	case err != nil:
		return err
	case t.Kind == storage.KindCode:
		return nil // not a token (RFC 7009 §2)
	case t.ClientID != c.ID:
		return refuse(codeUnauthorizedClient, "The token belongs to another client.")
	case t.FamilyRevoked:
		return nil
	}
	return s.store.Apply(ctx, storage.Unit{storage.RevokeFamily{Family: t.Family, At: s.now()}})
}
