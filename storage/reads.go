package storage

import (
	"context"
	"time"
)

// ReadStampEvery is how often the stamp of a grant moves at most.
const ReadStampEvery = time.Minute

// Reads keeps when clients last read what their grants let them. A stamp is beside its grant and never moves its version;
// it stays when another grant takes the grant's place, and goes some time after the last of them has ended.
type Reads interface {
	// StampReads records at, times by Grant.ID, in few statements. A stamp never goes back, and moves when the last one is
	// ReadStampEvery old or older. Nothing is kept for a grant that has gone.
	StampReads(ctx context.Context, at map[string]time.Time) error
	// LastReads returns the stamp of each active grant of an owner by Grant.ID, in one statement. It is zero for a grant
	// by which no reading is on record.
	LastReads(ctx context.Context, owner Owner) (map[string]time.Time, error)
}
