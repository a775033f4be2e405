package admin

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gatehouse/registry"
	"gatehouse/storage"
)

const clientKind = "client"

// ClientFilter says which mini apps to list; what is empty does not matter.
type ClientFilter struct {
	Status    string // of the mini app, or submitted for one whose new version waits for a review
	Publisher string
	Search    string // the beginning of the client_id, or beginnings of words of the name
}

// Clients lists mini apps: all, or to a developer those of their publishers.
func (h *House) Clients(ctx context.Context, c Caller, f ClientFilter, p Page) (List[storage.Client], error) {
	var none List[storage.Client]
	query := storage.ClientQuery{Status: f.Status, Search: f.Search}
	switch {
	case f.Publisher != "":
		query.Publishers = []string{f.Publisher}
	case !c.Sees(ClientRead):
		query.Publishers = c.Publishers
	}
	if !c.Sees(ClientRead) {
		if err := h.may(c, ClientRead, Belongs{PublisherID: first(query.Publishers)}); err != nil {
			return none, err
		}
	}
	return paged(p, func(after string, limit int) ([]storage.Client, error) {
		return h.Store.FindClients(ctx, query, after, limit)
	}, func(c storage.Client) string { return c.ID })
}

// work returns a mini app that c may do something to. Who may not even read it learns that there is none.
func (h *House) work(ctx context.Context, c Caller, do Capability, id string) (*registry.Work, error) {
	w, err := h.Registry.Work(ctx, id)
	if err != nil {
		return nil, err
	}
	owner := Belongs{PublisherID: w.Live.PublisherID}
	if h.may(c, ClientRead, owner) != nil {
		return nil, fmt.Errorf("client %q: %w", id, storage.ErrNotFound)
	}
	return w, h.may(c, do, owner)
}

// MayStill says why c may not do something to a mini app any more that they did before, as May does: it may have come to another
// publisher since. Nothing is said of one that is gone.
func (h *House) MayStill(ctx context.Context, c Caller, do Capability, id string) error {
	w, err := h.Registry.Work(ctx, id)
	if isNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return h.may(c, do, Belongs{PublisherID: w.Live.PublisherID})
}

// Client returns a mini app and what waits beside it.
func (h *House) Client(ctx context.Context, c Caller, id string) (*registry.Work, error) {
	return h.work(ctx, c, ClientRead, id)
}

// CreateClient registers a mini app and returns it with its secret, this once; empty for a public one. What a developer
// registers is a draft; an operator's status is taken, and approved where there is none. Errors as registry.Create.
func (h *House) CreateClient(ctx context.Context, c Caller, client storage.Client) (storage.Client, string, error) {
	return h.createClientWithSecret(ctx, c, client, h.Registry.CreateWithPurposes)
}

// ImportClient is CreateClient for a registration of another server, which knows no purposes: they may be left out, as in seed
// files.
func (h *House) ImportClient(ctx context.Context, c Caller, client storage.Client) (storage.Client, string, error) {
	return h.createClientWithSecret(ctx, c, client, h.Registry.Create)
}

func (h *House) createClientWithSecret(ctx context.Context, c Caller, client storage.Client, store storeClient) (storage.Client, string, error) {
	secret := ""
	if !client.Public && len(client.Secrets) == 0 {
		secret = registry.GenerateSecret()
		client.Secrets = []storage.ClientSecret{registry.NewSecret(registry.HashSecret(secret), h.now())}
	}
	created, err := h.createClient(ctx, c, client, secret, store)
	if err != nil {
		return created, "", err
	}
	return created, secret, nil
}

// CreateClientWithoutSecret is CreateClient for a page, which shows a secret when somebody asks for one: until RotateSecret made
// the first, nothing proves a confidential mini app.
func (h *House) CreateClientWithoutSecret(ctx context.Context, c Caller, client storage.Client) (storage.Client, error) {
	client.Secrets = nil
	return h.createClient(ctx, c, client, "", h.Registry.CreateWithPurposes)
}

// storeClient is how a new mini app is checked and stored.
type storeClient func(ctx context.Context, client storage.Client) error

func (h *House) createClient(ctx context.Context, c Caller, client storage.Client, secret string, store storeClient) (storage.Client, error) {
	if err := h.may(c, ClientCreate, Belongs{PublisherID: client.PublisherID}); err != nil {
		return client, err
	}
	if !c.Sees(ClientCreate) {
		client.Status = storage.StatusDraft
		client.FirstParty, client.ResourceServer = false, false
	}
	if client.ID == "" {
		client.ID = registry.GenerateID()
	}
	if err := h.Secrets.SealSettings(&client, nil); err != nil {
		return client, err
	}
	h.Secrets.KeepSigninSecret(&client, secret, nil)
	client = registry.Defaults(client)
	if err := h.needsTwo(ctx, c, client, nil); err != nil {
		return client, err
	}
	ctx = h.audited(ctx, c, ClientCreate, clientKind, client.ID, "status", client.Status, "publisher", client.PublisherID)
	if err := store(ctx, client); err != nil {
		return client, err
	}
	stored, err := h.Store.Client(context.WithoutCancel(ctx), client.ID)
	if err != nil { // it is there, and its secret is shown this once
		return registry.Defaults(client), nil
	}
	return stored, nil
}

// Editable is the registration that an update by c replaces: for a developer what waits for a review, where something does.
func (h *House) Editable(c Caller, w *registry.Work) storage.Client {
	if c.Sees(ClientUpdate) {
		return w.Live
	}
	return w.Proposed()
}

// UpdateClient replaces a registration that was read with the tag was (see registry.Work.ETag; empty: whatever it is). An
// operator's change is live at once; a developer's waits for a review where it needs one. It returns the names of the keys
// that wait.
func (h *House) UpdateClient(ctx context.Context, c Caller, client storage.Client, was string) ([]string, error) {
	w, err := h.work(ctx, c, ClientUpdate, client.ID)
	if err != nil {
		return nil, err
	}
	if err := h.may(c, ClientUpdate, Belongs{PublisherID: client.PublisherID}); err != nil { // it may move to another publisher
		return nil, err
	}
	before := h.Editable(c, w)
	if err := h.Secrets.SealSettings(&client, &before); err != nil {
		return nil, err
	}
	if !c.Sees(ClientUpdate) {
		client.FirstParty, client.ResourceServer = w.Live.FirstParty, w.Live.ResourceServer
		return h.Registry.Propose(ctx, c.Actor, client, was)
	}
	if was != "" && was != w.ETag() {
		return nil, storage.ErrConflict
	}
	client.Secrets, client.Status, client.TokensFrom, client.CreatedAt = w.Live.Secrets, w.Live.Status, w.Live.TokensFrom, w.Live.CreatedAt
	if client.Public {
		client.Secrets = nil
	}
	h.Secrets.KeepSigninSecret(&client, "", &w.Live)
	changed := registry.Changed(w.Live, registry.Defaults(client))
	if len(changed) == 0 {
		return nil, nil
	}
	if err := h.needsTwo(ctx, c, registry.Defaults(client), &w.Live); err != nil {
		return nil, err
	}
	ctx = h.audited(ctx, c, ClientUpdate, clientKind, client.ID, "changed", strings.Join(changed, " "))
	return nil, h.Registry.Update(ctx, client, w.Live.UpdatedAt)
}

// RotateSecret gives a mini app a new secret and returns it, this once; see registry.RotateSecret. Where was is set, and is not
// its ETag any more, storage.ErrConflict: what is asked for twice is done once.
func (h *House) RotateSecret(ctx context.Context, c Caller, id string, keepOld time.Duration, was string) (string, error) {
	w, err := h.work(ctx, c, ClientRotateSecret, id)
	if err != nil {
		return "", err
	}
	ctx = h.audited(ctx, c, ClientRotateSecret, clientKind, id, "keep_old", keepOld.String())
	switch was {
	case "":
		return h.Registry.RotateSecret(ctx, h.Secrets, id, keepOld)
	case w.ETag():
		return h.Registry.RotateSecretOnce(ctx, h.Secrets, id, keepOld, w.Live.UpdatedAt)
	}
	return "", storage.ErrConflict
}

// DeleteClient removes a mini app with everything that was decided about it; its tokens are dead.
func (h *House) DeleteClient(ctx context.Context, c Caller, id string) error {
	if _, err := h.work(ctx, c, ClientDelete, id); err != nil {
		return err
	}
	defer h.Registry.Forget()
	return h.Store.DeleteClient(h.audited(ctx, c, ClientDelete, clientKind, id), id)
}

// Works lists mini apps as Clients does, each with what waits beside it, in two reads.
func (h *House) Works(ctx context.Context, c Caller, f ClientFilter, p Page) (List[registry.Work], error) {
	found, err := h.Clients(ctx, c, f, p)
	if err != nil {
		return List[registry.Work]{}, err
	}
	ids := make([]string, len(found.Items))
	for i, client := range found.Items {
		ids[i] = client.ID
	}
	versions, err := h.Store.OpenVersions(ctx, ids)
	open := make(map[string]*storage.ClientVersion, len(versions))
	for i := range versions {
		open[versions[i].ClientID] = &versions[i]
	}
	works := List[registry.Work]{Next: found.Next}
	for _, client := range found.Items {
		works.Items = append(works.Items, registry.Work{Live: client, Version: open[client.ID]})
	}
	return works, err
}
