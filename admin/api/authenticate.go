package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"gatehouse/admin"
	"gatehouse/internal/httpx"
	"gatehouse/storage"
)

// authenticate returns who asks: by an API key or by an access token (RFC 6750 §2.1). A person's token acts as that person, a
// client's own as an operator.
func (a *API) authenticate(r *http.Request) (admin.Caller, error) {
	sent := r.Header.Values("Authorization")
	scheme, credentials, _ := strings.Cut(strings.Join(sent, " "), " ")
	credentials = strings.TrimSpace(credentials)
	if len(sent) != 1 || !strings.EqualFold(scheme, "Bearer") || credentials == "" {
		return admin.Caller{}, errNobody
	}
	address := httpx.ClientAddress(r)
	if strings.HasPrefix(credentials, admin.APIKeyPrefix) {
		caller, err := a.House.KeyHolder(r.Context(), credentials, address)
		if errors.Is(err, storage.ErrNotFound) {
			err = ErrToken
		}
		return caller, err
	}
	return a.holder(r.Context(), credentials, address)
}

func (a *API) holder(ctx context.Context, token, address string) (admin.Caller, error) {
	h, err := a.Bearer(ctx, token)
	if err != nil {
		return admin.Caller{}, err
	}
	if h.User == nil {
		return admin.Caller{Operator: true, Actor: storage.Actor{Kind: storage.ActorClient, ID: h.ClientID, Address: address}}, nil
	}
	return a.House.Person(ctx, *h.User, h.AuthTime, address)
}
