package gormstore

import (
	"context"
	"encoding/json"

	"gatehouse/storage"
)

const selectLiveNames = `
SELECT id, publisher_id, name, names FROM clients WHERE status IN ('` + storage.StatusApproved + `', '` + storage.StatusSuspended + `') ORDER BY id`

// LiveNames implements storage.Registry. There may be many, so they are read without gorm.
func (s *Store) LiveNames(ctx context.Context) ([]storage.ClientNames, error) {
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := s.line.enter(bounded); err != nil {
		return nil, translate(ctx, s.dialect, err)
	}
	defer s.line.leave()
	rows, err := s.pool.QueryContext(bounded, selectLiveNames)
	if err != nil {
		return nil, translate(ctx, s.dialect, err)
	}
	defer rows.Close()
	var all []storage.ClientNames
	for rows.Next() {
		var c storage.ClientNames
		var names []byte
		if err := rows.Scan(&c.ID, &c.PublisherID, &c.Name, &names); err != nil {
			return nil, translate(ctx, s.dialect, err)
		}
		if err := json.Unmarshal(names, &c.Names); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, translate(ctx, s.dialect, rows.Err())
}
