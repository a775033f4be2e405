package seed

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"gatehouse/registry"
	"gatehouse/registry/logo"
	"gatehouse/storage"
)

// page is how many records are read at a time.
const page = 500

// Exported is the state of a database.
type Exported struct {
	File  File
	Notes []string // what the file cannot say, a line each
}

// Source is what an export reads.
type Source interface {
	Store
	storage.Reviews
}

// Export returns the state of a database at now, in an order that stays; issuer is the address of the server, which the logos
// that it keeps begin with. Passwords and secrets are their hashes. Test people are left out, and so is what a client has that a
// file has no key for: the pictures of logos, versions that wait, and all live secrets but the newest. Notes say which.
func Export(ctx context.Context, store Source, issuer string, now time.Time) (*Exported, error) {
	e := new(Exported)
	if err := e.exportPeople(ctx, store); err != nil {
		return nil, err
	}
	if err := e.File.exportRegistry(ctx, store); err != nil {
		return nil, err
	}
	if err := e.exportClients(ctx, store, issuer, now); err != nil {
		return nil, err
	}
	return e, nil
}

func (e *Exported) note(format string, args ...any) {
	e.Notes = append(e.Notes, fmt.Sprintf(format, args...))
}

func (e *Exported) exportPeople(ctx context.Context, store Store) error {
	f := &e.File
	companies, err := All(ctx, store.Companies, func(c storage.Company) string { return c.ID })
	if err != nil {
		return err
	}
	for _, c := range companies {
		f.Companies = append(f.Companies, Company(c))
	}
	users, err := All(ctx, store.Users, func(u storage.User) string { return u.ID })
	if err != nil {
		return err
	}
	tests := 0
	for _, u := range users {
		if u.TestPublisher != "" { // elsewhere it would be an ordinary person
			tests++
			continue
		}
		entry := UserOf(u)
		entry.PasswordHash = u.PasswordHash
		f.Users = append(f.Users, entry)
	}
	if tests > 0 {
		e.note("Test people of publishers are left out: %d.", tests)
	}
	slices.SortFunc(f.Users, func(a, b User) int { return cmp.Compare(a.login(), b.login()) })
	return nil
}

func (f *File) exportRegistry(ctx context.Context, store Store) error {
	scopes, err := store.Scopes(ctx)
	if err != nil {
		return err
	}
	for _, s := range scopes {
		f.Scopes = append(f.Scopes, ScopeOf(s))
	}
	publishers, err := All(ctx, store.Publishers, func(p storage.Publisher) string { return p.ID })
	if err != nil {
		return err
	}
	for _, p := range publishers {
		f.Publishers = append(f.Publishers, PublisherOf(p))
	}
	return nil
}

func (e *Exported) exportClients(ctx context.Context, store Source, issuer string, now time.Time) error {
	clients, err := All(ctx, store.Clients, func(c storage.Client) string { return c.ID })
	if err != nil {
		return err
	}
	for _, c := range clients {
		entry := brief(ClientOf(c))
		live := registry.LiveSecrets(c, now)
		entry.ClientSecretHash = newest(live)
		if len(live) > 1 {
			e.note("Client %s has %d secrets that work; only the newest is in here.", c.ID, len(live))
		}
		if logo.Path(issuer, c.LogoURI, logo.Sides[0]) != "" {
			e.note("Client %s has an uploaded logo; its picture is not in here, upload it again elsewhere.", c.ID)
		}
		e.File.Clients = append(e.File.Clients, entry)
	}
	return e.noteWaiting(ctx, store)
}

// noteWaiting says which clients have a version that waits.
func (e *Exported) noteWaiting(ctx context.Context, store Source) error {
	ids := make([]string, len(e.File.Clients))
	for i, c := range e.File.Clients {
		ids[i] = c.ClientID
	}
	for some := range slices.Chunk(ids, page) {
		versions, err := store.OpenVersions(ctx, some)
		if err != nil {
			return err
		}
		slices.SortFunc(versions, func(a, b storage.ClientVersion) int { return cmp.Compare(a.ClientID, b.ClientID) })
		for _, v := range versions {
			e.note("Client %s has a version that waits (%s); it is not in here, only what is live.", v.ClientID, v.Status)
		}
	}
	return nil
}

// All reads every record of a listing, page by page.
func All[T any](ctx context.Context, list func(ctx context.Context, after string, limit int) ([]T, error), id func(T) string) ([]T, error) {
	var records []T
	for after := ""; ; {
		some, err := list(ctx, after, page)
		if err != nil {
			return nil, err
		}
		records = append(records, some...)
		if len(some) < page {
			return records, nil
		}
		after = id(some[len(some)-1])
	}
}

// brief leaves out what Defaults would fill in again.
func brief(c Client) Client {
	drop := func(field *string, value string) {
		if *field == value {
			*field = ""
		}
	}
	drop(&c.SubjectType, registry.SubjectPublic)
	drop(&c.PKCE, registry.PKCERequired)
	drop(&c.IDTokenAlg, registry.AlgES256)
	if c.Public {
		drop(&c.TokenEndpointAuthMethod, registry.MethodNone)
	}
	if slices.Equal(c.GrantTypes, []string{registry.GrantAuthorizationCode, registry.GrantRefreshToken}) {
		c.GrantTypes = nil
	}
	if slices.Equal(c.TokenTypes, []string{registry.TokenUser}) {
		c.TokenTypes = nil
	}
	if c.RefreshReuseGrace != nil && time.Duration(*c.RefreshReuseGrace) == registry.DefaultRefreshReuseGrace {
		c.RefreshReuseGrace = nil
	}
	return c
}

// newest is the hash of the secret that lives longest, and of those the one made last.
func newest(secrets []storage.ClientSecret) string {
	if len(secrets) == 0 {
		return ""
	}
	return slices.MaxFunc(secrets, func(a, b storage.ClientSecret) int {
		if c := cmp.Compare(lasting(a), lasting(b)); c != 0 {
			return c
		}
		return a.CreatedAt.Compare(b.CreatedAt)
	}).Hash
}

func lasting(s storage.ClientSecret) int {
	if s.ExpiresAt.IsZero() {
		return 1
	}
	return 0
}

// Write writes it as a seed file, with the notes as comments.
func (e *Exported) Write(w io.Writer) error {
	const keep = "Exported by gatehouse. The hashes of passwords and secrets are in here: keep it as you keep the database."
	for _, comment := range append([]string{keep}, e.Notes...) {
		if _, err := fmt.Fprintln(w, "#", comment); err != nil {
			return err
		}
	}
	encoder := yaml.NewEncoder(w)
	encoder.SetIndent(2)
	if err := encoder.Encode(e.File); err != nil {
		return err
	}
	return encoder.Close()
}
