package admin

import (
	"context"
	"errors"
	"log/slog"
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

func isNotFound(err error) bool { return errors.Is(err, storage.ErrNotFound) }

// after is now, or the next tick after was: two writes within one tick, or a clock set back, are still two versions.
func (h *House) after(was time.Time) time.Time {
	if now := h.now(); now.After(was) {
		return now
	}
	return was.Add(time.Microsecond)
}
