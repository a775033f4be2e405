package superapp

import (
	"context"
	"errors"

	"gatehouse/authz"
	"gatehouse/consent"
	"gatehouse/storage"
)

// visit is a person and one mini app.
type visit struct {
	person  storage.User
	client  *storage.Client
	grant   *storage.Grant // nil: nothing was decided
	sharing consent.Sharing
}

func (v *visit) owner() storage.Owner { return storage.Owner{UserID: v.person.ID} }

func (v *visit) actor() storage.Actor { return storage.Actor{Kind: storage.ActorUser, ID: v.person.ID} }

// enter finds what a call about one mini app is about. An *Error with status 404 for a client that the person cannot have
// met here.
func (a *API) enter(ctx context.Context, req *authz.Request) (*visit, error) {
	who, err := a.Authz.HostPerson(ctx, req)
	if err != nil {
		return nil, err
	}
	v := &visit{person: who.User}
	v.client, err = a.Registry.Client(ctx, req.Params["client_id"])
	if errors.Is(err, storage.ErrNotFound) {
		return nil, authz.ErrNoMiniApp
	}
	if err != nil {
		return nil, err
	}
	if err := a.look(ctx, v); err != nil {
		return nil, err
	}
	if !authz.IsMiniApp(v.client, v.grant != nil) || !v.person.MayMeet(v.client) {
		return nil, authz.ErrNoMiniApp
	}
	return v, nil
}

// look reads what the person has decided.
func (a *API) look(ctx context.Context, v *visit) error {
	grant, err := a.Store.Grant(ctx, v.owner(), v.client.ID)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		a.found(v, nil)
		return nil
	case err != nil:
		return err
	}
	a.found(v, &grant)
	return nil
}

// found is what there is to know of a visit with this grant. What gets no code is not allowed, whatever was decided.
func (a *API) found(v *visit, grant *storage.Grant) {
	v.grant = grant
	v.sharing = consent.SharingWith(v.client, grant, a.now(), a.Cooldown)
	v.sharing.Allowed = v.sharing.Allowed && authz.Opens(v.client)
}
