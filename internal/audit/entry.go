package audit

import (
	"encoding/hex"
	"iter"
	"time"

	"gatehouse/storage"
)

// Entry is how an event is shown to programs and exported.
type Entry struct {
	ID       string            `json:"id"`
	At       time.Time         `json:"at"`
	Actor    EntryActor        `json:"actor"`
	Action   string            `json:"action"`
	Target   EntryTarget       `json:"target"`
	Detail   map[string]string `json:"detail,omitempty"`
	Sequence int64             `json:"sequence,omitempty"` // left out, as Hash, while the event is not sealed
	Hash     string            `json:"hash,omitempty"`     // hexadecimal; see Hash
}

// EntryActor is who did it, and from where.
type EntryActor struct {
	Kind    storage.ActorKind `json:"kind"`
	ID      string            `json:"id,omitempty"`
	Address string            `json:"address,omitempty"`
}

// EntryTarget is what it was done to.
type EntryTarget struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

// EntryOf is an event as an entry.
func EntryOf(e storage.AuditEvent) Entry {
	return Entry{
		ID: e.ID, At: e.At.UTC(), Actor: EntryActor{Kind: e.Actor.Kind, ID: e.Actor.ID, Address: e.Actor.Address}, Action: e.Action, Target: EntryTarget(e.Target), Detail: e.Detail,
		Sequence: e.Sequence, Hash: hex.EncodeToString(e.Hash),
	}
}

// Entries are events as entries.
func Entries(events iter.Seq2[storage.AuditEvent, error]) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for e, err := range events {
			if !yield(EntryOf(e), err) {
				return
			}
		}
	}
}
