package gormstore

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"

	"gatehouse/storage"
)

// secretsEnd is when the last of some secrets ends that ends at all.
func secretsEnd(secrets []secretDocument) (end micros) {
	for _, s := range secrets {
		end = max(end, s.ExpiresAt)
	}
	return end
}

// fillSecretsEnd gives the clients of before the end of their secrets.
func fillSecretsEnd(tx *gorm.DB) error {
	const page = 500
	for after := ""; ; {
		var clients []struct {
			ID      string
			Secrets document[[]secretDocument]
		}
		err := tx.Table("clients").Select("id", "secrets").Where("id > ?", after).Order("id").Limit(page).Find(&clients).Error
		if err != nil || len(clients) == 0 {
			return err
		}
		for _, c := range clients {
			after = c.ID
			end := secretsEnd(c.Secrets.V)
			if end == 0 {
				continue
			}
			if err := tx.Exec("UPDATE clients SET secrets_end = ? WHERE id = ?", end, c.ID).Error; err != nil {
				return err
			}
		}
	}
}

// ExpiringSecrets implements storage.Activity. The index has the few clients with secrets that end; which of a client's
// do is in its document.
func (s *Store) ExpiringSecrets(ctx context.Context, now, until time.Time, limit int) ([]storage.ExpiringSecret, error) {
	var rows []struct {
		ID      string
		Name    string
		Secrets document[[]secretDocument]
	}
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Table("clients").Select("id, name, secrets").Where("secrets_end > 0 AND secrets_end > ?", at(now)).
			Order("secrets_end").Limit(limit).Find(&rows).Error
	})
	var ending []storage.ExpiringSecret
	for _, row := range rows {
		for _, secret := range row.Secrets.V {
			if secret.ExpiresAt > at(now) && secret.ExpiresAt <= at(until) {
				ending = append(ending, storage.ExpiringSecret{ClientID: row.ID, ClientName: row.Name, SecretID: secret.ID, ExpiresAt: secret.ExpiresAt.time()})
			}
		}
	}
	slices.SortStableFunc(ending, func(a, b storage.ExpiringSecret) int { return a.ExpiresAt.Compare(b.ExpiresAt) })
	return ending[:min(len(ending), limit)], err
}

type waitingRow struct {
	N      int
	Oldest micros
}

func (r waitingRow) waiting() storage.Waiting {
	return storage.Waiting{Count: r.N, Oldest: r.Oldest.time()}
}

const selectWaitingReviews = `
SELECT COUNT(*) AS n, COALESCE(MIN(since), 0) AS oldest FROM (
    SELECT submitted_at AS since FROM clients WHERE status = 'submitted'
    UNION ALL SELECT submitted_at FROM client_versions WHERE status = 'submitted') AS w`

// WaitingReviews implements storage.Activity. Its conditions are those of the indexes.
func (s *Store) WaitingReviews(ctx context.Context) (storage.Waiting, error) {
	return s.waiting(ctx, selectWaitingReviews)
}

const (
	selectDead    = `SELECT COUNT(*) AS n, COALESCE(MIN(created_at), 0) AS oldest FROM deliveries WHERE state = 3`
	selectRetried = `SELECT COUNT(*) AS n, COALESCE(MIN(created_at), 0) AS oldest FROM deliveries WHERE state = 1 AND attempts > 0`
)

// FailingDeliveries implements storage.Activity. Its conditions are those of the indexes.
func (s *Store) FailingDeliveries(ctx context.Context) (dead, retried storage.Waiting, err error) {
	if dead, err = s.waiting(ctx, selectDead); err != nil {
		return dead, retried, err
	}
	retried, err = s.waiting(ctx, selectRetried)
	return dead, retried, err
}

// PendingDeliveries implements storage.Activity. Its condition is that of an index.
func (s *Store) PendingDeliveries(ctx context.Context) (n int, err error) {
	err = s.read(ctx, func(db *gorm.DB) error {
		return db.Raw("SELECT COUNT(*) FROM deliveries WHERE state = 1").Scan(&n).Error
	})
	return n, err
}

func (s *Store) waiting(ctx context.Context, query string) (storage.Waiting, error) {
	var row waitingRow
	err := s.read(ctx, func(db *gorm.DB) error { return db.Raw(query).Scan(&row).Error })
	return row.waiting(), err
}
