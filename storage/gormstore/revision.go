package gormstore

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"gatehouse/storage"
)

const (
	// lookEvery is how often a process asks for the revision: a write is promised to be seen within two seconds, also when it
	// is busy. It goes on where the database tells of writes, for what stands in between may lose the news.
	lookEvery = 500 * time.Millisecond
	// lookPatience is how long a look may take: who keeps something has to know in time that it may be old, also where one look
	// just missed a write and the next one gets no answer. A connection that a network has forgotten answers never.
	lookPatience = 750 * time.Millisecond
	// gather is how long a process waits after the database has told of a write, so that many writes are one look.
	gather = 20 * time.Millisecond
	// announcePatience is how long a writer waits until the others are told. They find out without it.
	announcePatience = time.Second
)

// Revision implements storage.Registry.
func (s *Store) Revision(ctx context.Context) (revision int64, err error) {
	err = s.read(ctx, func(db *gorm.DB) error {
		return db.Table("revision").Where("id = 1").Select("value").Take(&revision).Error
	})
	return revision, err
}

// AwaitRevision implements storage.Registry.
func (s *Store) AwaitRevision(ctx context.Context, seen int64) (int64, error) {
	s.hear()
	for {
		rung := s.bell.next() // before the look, so that no write falls between the two
		revision, err := s.look(ctx)
		if err != nil || revision != seen {
			return revision, err
		}
		if err := s.bell.wait(ctx, rung, s.limits.lookEvery); err != nil {
			return 0, err
		}
	}
}

// look is Revision for who asks often.
func (s *Store) look(ctx context.Context) (int64, error) {
	looking, stop := context.WithTimeout(ctx, s.limits.lookPatience)
	defer stop()
	revision, err := s.Revision(looking)
	if err != nil && looking.Err() != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w: the revision is not known after %s", storage.ErrUnavailable, s.limits.lookPatience)
	}
	return revision, err
}

// writeRevised writes what processes keep in their caches. The revision goes last, so that the row that all such
// writes share is held only for the commit.
func (s *Store) writeRevised(ctx context.Context, do func(tx *gorm.DB) error) error {
	err := s.write(ctx, func(tx *gorm.DB) error {
		if err := do(tx); err != nil {
			return err
		}
		return tx.Exec("UPDATE revision SET value = value + 1 WHERE id = 1").Error
	})
	if err == nil {
		s.announce(ctx)
	}
	return err
}

// announce tells the other processes that there is a new revision. It is no part of the transaction: a database without
// NOTIFY would refuse the write, and one whose queue is full too.
func (s *Store) announce(ctx context.Context) {
	if s.dialect.notify == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), announcePatience)
	defer cancel()
	if s.line.enter(ctx) != nil {
		return // they look by themselves, see lookEvery
	}
	defer s.line.leave()
	_, _ = s.pool.ExecContext(ctx, s.dialect.notify) // likewise
}
