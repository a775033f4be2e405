// Package audit chains the events of the audit log by their hashes, so that an event that is changed, taken out or put in
// later is noticed. Writers of events never wait for the chain: a sealer adds them to it, at most a second later.
package audit

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"gatehouse/storage"
)

const (
	sealEvery = 500 * time.Millisecond
	sealBatch = 500
	readBatch = 1000
)

// Store is what sealing and verifying need of storage.Audit.
type Store interface {
	SealAudit(ctx context.Context, limit int, hash func(before []byte, e storage.AuditEvent) []byte) (int, error)
	SealedEvents(ctx context.Context, after int64, limit int) ([]storage.AuditEvent, error)
	ChainEnd(ctx context.Context) (end storage.ChainEnd, waiting int, err error)
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
func Run(ctx context.Context, store Store, log *slog.Logger) {
	tick := time.NewTicker(sealEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := Seal(ctx, store); err != nil && ctx.Err() == nil {
				log.WarnContext(ctx, "audit events not sealed", "err", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

// Seal seals everything that waits at this moment.
func Seal(ctx context.Context, store Store) error {
	_, waiting, err := store.ChainEnd(ctx)
	for err == nil && waiting > 0 {
		waiting, err = store.SealAudit(ctx, sealBatch, Hash)
		if waiting < sealBatch {
			break
		}
	}
	return err
}

// Report is what Verify found.
type Report struct {
	Sealed  int64 // events in the chain
	Waiting int   // events that are not sealed yet
	// Broken says, when it is not empty, where and how the chain breaks first.
	Broken string
}

// Verify reads the whole chain and computes every hash anew.
func Verify(ctx context.Context, store Store) (Report, error) {
	end, waiting, err := store.ChainEnd(ctx)
	if err != nil {
		return Report{}, err
	}
	report, before := Report{Waiting: waiting}, []byte(nil)
	for report.Sealed < end.Sequence { // what is sealed meanwhile is for the next time
		events, err := store.SealedEvents(ctx, report.Sealed, readBatch)
		if err != nil {
			return report, err
		}
		for _, e := range events[:min(int64(len(events)), end.Sequence-report.Sealed)] {
			report.Sealed++
			if e.Sequence != report.Sealed {
				report.Broken = fmt.Sprintf("event %d is missing", report.Sealed)
				return report, nil
			}
			if before = Hash(before, e); string(before) != string(e.Hash) {
				report.Broken = fmt.Sprintf("event %d (%s of %s) is not what was sealed, or something before it is not", e.Sequence, e.Action, e.At.Format(time.RFC3339))
				return report, nil
			}
		}
		if len(events) == 0 {
			report.Broken = fmt.Sprintf("the events from %d to %d are missing", report.Sealed+1, end.Sequence)
			return report, nil
		}
	}
	if string(before) != string(end.Hash) {
		report.Broken = "the last event is not the one that the chain ended with"
	}
	return report, nil
}
