package identity

import (
	"context"
	"time"

	"gatehouse/storage"
)

const seenEvery = time.Minute // a session's SeenAt moves at most once in this time

// sighting is when and from where a session was last seen.
type sighting struct {
	at      time.Time
	address string
}

// noteSeen remembers that a session was seen, if its record is old enough for a new stamp.
func (s *Sessions) noteSeen(record storage.Session, at time.Time, address string) {
	if at.Sub(record.SeenAt) >= seenEvery {
		s.seen.Note(record.ID, sighting{at, address})
	}
}

// Run writes when sessions were last seen, in the background, until ctx ends; what is left then is written before it
// returns.
func (s *Sessions) Run(ctx context.Context) { s.seen.Run(ctx, s.log, s.writeSeen) }

func (s *Sessions) writeSeen(ctx context.Context, seen map[string]sighting) error {
	for id, sighting := range seen {
		if err := s.store.TouchSession(ctx, id, sighting.at, sighting.address); err != nil {
			return err
		}
	}
	return nil
}
