// Package audit chains the events of the audit log by their hashes, so that an event that is changed, taken out or put in
// later is noticed. Writers of events never wait for the chain: a sealer adds them to it, at most a second later.
package audit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"gatehouse/internal/secret"
	"gatehouse/storage"
)

const (
	sealEvery = 500 * time.Millisecond
	sealBatch = 500
)

// Store is what sealing and verifying need of storage.Audit.
type Store interface {
	SealAudit(ctx context.Context, limit int, hash func(before []byte, e storage.AuditEvent) []byte, mark func(before, end storage.ChainEnd) string) (int, error)
	MarkChain(ctx context.Context, end storage.ChainEnd, mark string) error
	SealedEvents(ctx context.Context, after int64, limit int) ([]storage.AuditEvent, error)
	ChainEnd(ctx context.Context) (end storage.ChainEnd, waiting int, err error)
	StrayEvents(ctx context.Context) (int, error)
}

// Chain seals and verifies. It is safe for concurrent use.
type Chain struct {
	store Store
	keys  []secret.Key // for marks, the current one first
}

// New returns the chain of the events in store. Its end is marked under the root secret.
func New(store Store, root secret.Root) *Chain {
	return &Chain{store: store, keys: root.Keys("audit chain")}
}

// Hash is the hash of an event in the chain: SHA-256 over the hash before it and the event as JSON, in a form that never
// changes. Whoever has an export can compute it.
func Hash(before []byte, e storage.AuditEvent) []byte {
	text, err := json.Marshal(struct { // the order of the members counts; those of a map are sorted
		Sequence   int64             `json:"sequence"`
		ID         string            `json:"id"`
		At         int64             `json:"at"` // microseconds since 1970
		ActorKind  storage.ActorKind `json:"actor_kind"`
		ActorID    string            `json:"actor_id"`
		Address    string            `json:"address"`
		Action     string            `json:"action"`
		TargetKind string            `json:"target_kind"`
		TargetID   string            `json:"target_id"`
		Detail     map[string]string `json:"detail"`
	}{e.Sequence, e.ID, e.At.UnixMicro(), e.Actor.Kind, e.Actor.ID, e.Actor.Address, e.Action, e.Target.Kind, e.Target.ID, notNil(e.Detail)})
	if err != nil {
		panic(err) // strings and numbers can always be written
	}
	sum := sha256.New()
	sum.Write(before)
	sum.Write(text)
	return sum.Sum(nil)
}

// notNil makes no details and an empty set of them the same.
func notNil(detail map[string]string) map[string]string {
	if detail == nil {
		return map[string]string{}
	}
	return detail
}

// Run seals what waits, until ctx ends; beside other processes that do the same.
func (c *Chain) Run(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(sealEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := c.Seal(ctx); err != nil && ctx.Err() == nil {
				log.WarnContext(ctx, "audit events not sealed", "err", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

// Seal seals everything that waits at this moment.
func (c *Chain) Seal(ctx context.Context) error {
	end, waiting, err := c.store.ChainEnd(ctx)
	if err == nil && waiting == 0 && end.Mark != "" && end.Mark != c.mark(end, 0) && c.marked(end) {
		return c.store.MarkChain(ctx, end, c.mark(end, 0)) // by the other secret, which an operator is about to give up
	}
	for err == nil && waiting > 0 {
		waiting, err = c.store.SealAudit(ctx, sealBatch, Hash, c.markAfter)
		if waiting < sealBatch {
			break
		}
	}
	return err
}

// markAfter is the mark of a new end. It is none after an end that somebody else wrote: sealing does not make that good.
func (c *Chain) markAfter(before, end storage.ChainEnd) string {
	if !c.marked(before) {
		return ""
	}
	return c.mark(end, 0)
}

// mark is HMAC-SHA-256 over an end of the chain, with one of the keys.
func (c *Chain) mark(end storage.ChainEnd, key int) string {
	sum := hmac.New(sha256.New, c.keys[key].Bytes)
	fmt.Fprintf(sum, "%d %x", end.Sequence, end.Hash)
	return base64.RawURLEncoding.EncodeToString(sum.Sum(nil))
}

// marked reports whether this program, or another one with its root secret, wrote an end.
func (c *Chain) marked(end storage.ChainEnd) bool {
	if end.Sequence == 0 && len(end.Hash) == 0 && end.Mark == "" {
		return true
	}
	for i := range c.keys {
		if hmac.Equal([]byte(end.Mark), []byte(c.mark(end, i))) {
			return true
		}
	}
	return false
}
