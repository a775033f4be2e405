package gormstore

import (
	"context"

	"gorm.io/gorm"

	"gatehouse/storage"
)

// What is submitted keeps the time since when it is, whatever else changes about it.
const (
	queueRow = ` SET submitted_at = CASE WHEN status = 'submitted' THEN updated_at ELSE 0 END
WHERE id = ? AND (status = 'submitted') <> (submitted_at > 0)`
	queueClient  = "UPDATE clients" + queueRow
	queueVersion = "UPDATE client_versions" + queueRow
)

// selectQueue takes a place in the queue and a limit, twice over, and the limit of the whole.
const selectQueue = `
SELECT client_id, since FROM (
    SELECT * FROM (
        SELECT id AS client_id, submitted_at AS since FROM clients
        WHERE status = 'submitted' AND (submitted_at, id) > (CAST(? AS BIGINT), CAST(? AS TEXT)) ORDER BY submitted_at, id LIMIT ?) AS own
    UNION
    SELECT * FROM (
        SELECT client_id, submitted_at AS since FROM client_versions
        WHERE status = 'submitted' AND (submitted_at, client_id) > (CAST(? AS BIGINT), CAST(? AS TEXT)) ORDER BY submitted_at, client_id LIMIT ?) AS versions
) AS waiting ORDER BY since, client_id LIMIT ?`

// ReviewQueue implements storage.Reviews.
func (s *Store) ReviewQueue(ctx context.Context, after storage.QueuePlace, limit int) ([]storage.Queued, error) {
	if !storable(after.ClientID) {
		return nil, nil
	}
	var places []struct {
		ClientID string
		Since    micros
	}
	since := at(after.Since)
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Raw(selectQueue, since, after.ClientID, limit, since, after.ClientID, limit, limit).Scan(&places).Error
	})
	if err != nil || len(places) == 0 {
		return nil, err
	}
	ids := make([]string, len(places))
	for i, p := range places {
		ids[i] = p.ClientID
	}
	clients, err := s.clientsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	open, err := s.OpenVersions(ctx, ids)
	if err != nil {
		return nil, err
	}
	versions := make(map[string]*storage.ClientVersion, len(open))
	for i := range open {
		versions[open[i].ClientID] = &open[i]
	}
	queue := make([]storage.Queued, 0, len(places))
	for _, p := range places {
		client, there := clients[p.ClientID]
		if !there {
			continue // deleted between the reads
		}
		place := storage.QueuePlace{Since: p.Since.time(), ClientID: p.ClientID}
		queue = append(queue, storage.Queued{QueuePlace: place, Client: client, Version: versions[p.ClientID]})
	}
	return queue, nil
}

func (s *Store) clientsByID(ctx context.Context, ids []string) (map[string]storage.Client, error) {
	var rows []clientRow
	err := s.read(ctx, func(db *gorm.DB) error { return db.Where("id IN ?", ids).Find(&rows).Error })
	clients := make(map[string]storage.Client, len(rows))
	for _, r := range rows {
		clients[r.ID] = r.client()
	}
	return clients, err
}
