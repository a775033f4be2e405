package identity

import (
	"context"
	"fmt"

	"gatehouse/internal/httpx"
	"gatehouse/storage"
)

// What people do to their own accounts and browsers goes to the audit log, in the transaction of what it describes.

// did returns a context under which the next write leaves an event: a person, at a network address, did something to
// target. detail is pairs of a name and a text; an empty text says nothing.
func did(ctx context.Context, userID, address, action string, target storage.Target, detail ...string) context.Context {
	return didBy(ctx, storage.Actor{Kind: storage.ActorUser, ID: userID, Address: address}, action, target, detail...)
}

// didBy is did of any actor.
func didBy(ctx context.Context, by storage.Actor, action string, target storage.Target, detail ...string) context.Context {
	e := storage.AuditEvent{Actor: by, Action: action, Target: target}
	for i := 0; i+1 < len(detail); i += 2 {
		if e.Detail == nil {
			e.Detail = make(map[string]string)
		}
		if detail[i+1] != "" {
			e.Detail[detail[i]] = detail[i+1]
		}
	}
	return storage.Audited(ctx, e)
}

// theClient is the client that a person is known by: that of an issuer of storage.ClientIssuer.
func theClient(issuer string) storage.Actor {
	id, _ := storage.IssuingClient(issuer)
	return storage.Actor{Kind: storage.ActorClient, ID: id}
}

func aUser(id string) storage.Target { return storage.Target{Kind: "user", ID: id} }

// A session's ID is a hash of what the cookie holds, so that it may be told.
func aSession(id string) storage.Target { return storage.Target{Kind: "session", ID: id} }

// limited returns a context under which counting a failure leaves an event for each limit that this failure reaches: one
// for a whole window, so that nobody can fill the log by failing. user is nil for a login that nobody has, about which
// only the network address is told.
func (p *People) limited(ctx context.Context, u *storage.User, from From, account, address limit) (context.Context, error) {
	counts, err := p.limits.store.Failures(ctx, []string{account.key, address.key}, p.limits.since())
	if err != nil {
		return ctx, fmt.Errorf("read the failures: %w", err)
	}
	e := storage.AuditEvent{Actor: storage.Actor{Kind: storage.ActorServer, Address: from.Address}}
	if u != nil && counts[0]+1 == account.at {
		e.Action, e.Target = "user.sign-in-limit", aUser(u.ID)
		ctx = storage.Audited(ctx, e)
	}
	if counts[1]+1 == address.at {
		e.Action, e.Target = "address.sign-in-limit", storage.Target{Kind: "address", ID: httpx.Network(from.Address)}
		ctx = storage.Audited(ctx, e)
	}
	return ctx, nil
}
