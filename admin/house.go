package admin

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"gatehouse/authz/keys"
	"gatehouse/identity"
	"gatehouse/internal/stamps"
	"gatehouse/registry"
	"gatehouse/storage"
)

// Options is what the operations work with. Everything is needed.
type Options struct {
	Store    storage.Store
	Registry *registry.Registry
	Secrets  *registry.Outbound // seals what is sent to mini apps' servers
	People   *identity.People
	Keys     *keys.Set
	Now      func() time.Time
	Log      *slog.Logger
	HostName string // the host app's, which no mini app should look like
	Issuer   string // of this server, from where logos are served too
	// OpenRegistration lets programs register mini apps without an initial access token.
	OpenRegistration bool
	// Evaluated answers what a request for scope would share with c; a command that evaluates nothing leaves it out.
	Evaluated func(ctx context.Context, c *storage.Client, person storage.User, scope string) (Evaluation, error)
}

// House is everything that can be done. It is safe for concurrent use.
type House struct {
	Options
	seen stamps.Stamps[time.Time] // when API keys were used, by their IDs
}

// New returns the operations.
func New(o Options) *House { return &House{Options: o} }

// may is Caller.May at this moment.
func (h *House) may(c Caller, do Capability, to Belongs) error { return c.May(do, to, h.Now()) }

// audited returns a context under which the next write leaves an event: c did something to target. detail is pairs of a
// name and a text, without secrets or values of people.
func (h *House) audited(ctx context.Context, c Caller, do Capability, kind, id string, detail ...string) context.Context {
	e := storage.AuditEvent{Actor: c.Actor, Action: string(do), Target: storage.Target{Kind: kind, ID: id}, At: h.now()}
	for i := 0; i+1 < len(detail); i += 2 {
		if detail[i+1] != "" {
			if e.Detail == nil {
				e.Detail = make(map[string]string)
			}
			e.Detail[detail[i]] = detail[i+1]
		}
	}
	return storage.Audited(ctx, e)
}

// now is the time as every database keeps it.
func (h *House) now() time.Time { return h.Now().UTC().Truncate(time.Microsecond) }

// ErrCursor says that a cursor is none of the list that it was sent to.
var ErrCursor = errors.New("this is not where a part of this list begins; begin again at its first page")

// Page says which part of a list is wanted.
type Page struct {
	After string // the cursor; empty for the first page
	Limit int    // at most MaxPage; 0: DefaultPage
}

const (
	DefaultPage = 50
	MaxPage     = 200
)

func (p Page) limit() int {
	switch {
	case p.Limit <= 0:
		return DefaultPage
	case p.Limit > MaxPage:
		return MaxPage
	}
	return p.Limit
}

// part returns one page of a list that is there as a whole, in the order of its IDs.
func part[T any](p Page, all []T, id func(T) string) List[T] {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b T) int { return strings.Compare(id(a), id(b)) })
	rest := slices.DeleteFunc(all, func(item T) bool { return id(item) <= p.After })
	if len(rest) <= p.limit() {
		return List[T]{Items: rest}
	}
	rest = rest[:p.limit()]
	return List[T]{Items: rest, Next: id(rest[len(rest)-1])}
}

// List is one page of a list.
type List[T any] struct {
	Items []T
	Next  string // the cursor of the next page; empty after the last
}

// paged returns one page: read gets one more than is wanted, to know whether there is a next one.
func paged[T any](p Page, read func(after string, limit int) ([]T, error), id func(T) string) (List[T], error) {
	items, err := read(p.After, p.limit()+1)
	if err != nil || len(items) <= p.limit() {
		return List[T]{Items: items}, err
	}
	items = items[:p.limit()]
	return List[T]{Items: items, Next: id(items[len(items)-1])}, nil
}
