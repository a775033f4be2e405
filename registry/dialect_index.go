package registry

import (
	"context"

	"gatehouse/storage"
)

// clientsPage is how many clients are read at a time.
const clientsPage = 500

// BoxoApp returns the clients whose app_id at Boxo this is, of whatever status, shared and not to be changed; none when
// there are none.
func (r *Registry) BoxoApp(ctx context.Context, appID string) ([]*storage.Client, error) {
	index, err := r.dialectIndex(ctx)
	if err != nil {
		return nil, err
	}
	return index.boxoApps[appID], nil
}

// GAMMiniApp returns the approved client that stands for the mini app which a super app knows as superAppClientID, where
// Gatehouse is the mini app's server, shared and not to be changed. storage.ErrNotFound when there is none.
func (r *Registry) GAMMiniApp(ctx context.Context, superAppClientID string) (*storage.Client, error) {
	index, err := r.dialectIndex(ctx)
	if err != nil {
		return nil, err
	}
	if c := index.gamMiniApps[superAppClientID]; c != nil {
		return c, nil
	}
	return nil, storage.ErrNotFound
}

// GAMMiniAppID returns what the super app calls the mini app whose server Gatehouse is by this record; false when the
// record is not approved or names no super app. No two clients may have the same.
func GAMMiniAppID(c *storage.Client) (superAppClientID string, is bool) {
	g, speaks := GAMOf(c)
	if !speaks || c.Status != storage.StatusApproved || g.SuperApp.URL == "" {
		return "", false
	}
	return g.SuperApp.ClientID, true
}

// dialectIndex finds clients by what vendors call them.
type dialectIndex struct {
	boxoApps    map[string][]*storage.Client
	gamMiniApps map[string]*storage.Client
}

// dialectIndex returns the index of the current generation, which reads every client once, whoever waits for it.
func (r *Registry) dialectIndex(ctx context.Context) (*dialectIndex, error) {
	return r.current.Load().index.get(ctx, func() (*dialectIndex, error) {
		index := &dialectIndex{boxoApps: make(map[string][]*storage.Client), gamMiniApps: make(map[string]*storage.Client)}
		err := r.eachSpeaker(ctx, func(c *storage.Client) error { index.add(c); return nil })
		return index, err
	})
}

func (d *dialectIndex) add(c *storage.Client) {
	if boxo, speaks := BoxoOf(c); speaks {
		d.boxoApps[boxo.AppID] = append(d.boxoApps[boxo.AppID], c)
	}
	if id, is := GAMMiniAppID(c); is && d.gamMiniApps[id] == nil { // the first by ID, where two processes wrote at once
		d.gamMiniApps[id] = c
	}
}

// eachSpeaker calls do for every client that speaks a dialect, in ID order and past the cache, until one fails.
func (r *Registry) eachSpeaker(ctx context.Context, do func(*storage.Client) error) error {
	return r.eachClient(ctx, func(c *storage.Client) error {
		if len(c.Dialects) == 0 {
			return nil
		}
		speaker := *c // a copy, so that an index of few does not hold the whole page
		return do(&speaker)
	})
}

// eachClient calls do for every client, in ID order and past the cache, until one fails.
func (r *Registry) eachClient(ctx context.Context, do func(*storage.Client) error) error {
	return r.eachPage(ctx, func(clients []storage.Client) error {
		for i := range clients {
			if err := do(&clients[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// eachPage calls do for all clients, some at a time, in ID order and past the cache, until it fails.
func (r *Registry) eachPage(ctx context.Context, do func([]storage.Client) error) error {
	for after := ""; ; {
		clients, err := r.store.Clients(ctx, after, clientsPage)
		if err != nil || len(clients) == 0 {
			return err
		}
		if err := do(clients); err != nil {
			return err
		}
		if len(clients) < clientsPage {
			return nil
		}
		after = clients[len(clients)-1].ID
	}
}

// checkMiniApp refuses a second client for the mini app of a super app.
func (p *Problems) checkMiniApp(ctx context.Context, r *Registry, c *storage.Client) error {
	id, is := GAMMiniAppID(c)
	if !is {
		return nil
	}
	index, err := r.dialectIndex(ctx)
	if err != nil {
		return err
	}
	if other := index.gamMiniApps[id]; other != nil && other.ID != c.ID {
		p.add("dialects.gam.superapp.client_id", "%q is that of the client %q already; give the one that the super app knows this mini app by", id, other.ID)
	}
	return nil
}
