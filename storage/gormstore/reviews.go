package gormstore

import (
	"context"
	"time"

	"gorm.io/gorm"

	"gatehouse/storage"
)

type versionRow struct {
	ID       string `gorm:"primaryKey"`
	ClientID string
	Status   string
	Registration
	Base    document[*Registration]
	Created micros `gorm:"column:created_at"`
	Updated micros `gorm:"column:updated_at"`
}

// TableName implements gorm's schema.Tabler.
func (versionRow) TableName() string { return "client_versions" }

func toVersionRow(v storage.ClientVersion) versionRow {
	row := versionRow{
		ID: v.ID, ClientID: v.ClientID, Status: v.Status, Registration: toRegistration(v.Client), Created: at(v.CreatedAt),
		Updated: at(v.UpdatedAt),
	}
	if v.Base != nil {
		base := toRegistration(*v.Base)
		row.Base = doc(&base)
	}
	return row
}

func (r versionRow) version() storage.ClientVersion {
	v := storage.ClientVersion{
		ID: r.ID, ClientID: r.ClientID, Status: r.Status, Client: r.registration(), CreatedAt: r.Created.time(), UpdatedAt: r.Updated.time(),
	}
	if r.Base.V != nil {
		base := r.Base.V.registration()
		v.Base = &base
	}
	return v
}

type noteRow struct {
	ID            string `gorm:"primaryKey"`
	ClientID      string
	AuthorKind    storage.ActorKind
	AuthorID      string
	AuthorAddress string
	AuthorPerson  string
	Action        string
	Body          string
	At            micros
	Digest        string
}

// TableName implements gorm's schema.Tabler.
func (noteRow) TableName() string { return "review_notes" }

func (r noteRow) note() storage.ReviewNote {
	return storage.ReviewNote{
		ID: r.ID, ClientID: r.ClientID, Action: r.Action, Text: r.Body, At: r.At.time(), Digest: r.Digest,
		Author: storage.Actor{Kind: r.AuthorKind, ID: r.AuthorID, Address: r.AuthorAddress, Person: r.AuthorPerson},
	}
}

// openVersions are those that wait; the index client_versions_open holds the same.
const openVersions = "status IN ('draft', 'submitted', 'changes_requested')"

// OpenVersion implements storage.Reviews.
func (s *Store) OpenVersion(ctx context.Context, clientID string) (storage.ClientVersion, error) {
	var row versionRow
	if !storable(clientID) {
		return row.version(), storage.ErrNotFound
	}
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Where(openVersions).Where("client_id = ?", clientID).Take(&row).Error
	})
	return row.version(), err
}

// OpenVersions implements storage.Reviews.
func (s *Store) OpenVersions(ctx context.Context, clientIDs []string) ([]storage.ClientVersion, error) {
	if len(clientIDs) == 0 || !storable(clientIDs...) {
		return nil, nil
	}
	var rows []versionRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Where(openVersions).Where("client_id IN ?", clientIDs).Find(&rows).Error
	})
	return records(rows, versionRow.version), err
}

// ClientVersions implements storage.Reviews.
func (s *Store) ClientVersions(ctx context.Context, clientID, status, before string, limit int) ([]storage.ClientVersion, error) {
	if !storable(clientID, status, before) {
		return nil, nil
	}
	var rows []versionRow
	err := s.read(ctx, func(db *gorm.DB) error {
		db = newest(db, clientID, before)
		if status != "" {
			db = db.Where("status = ?", status)
		}
		return db.Limit(limit).Find(&rows).Error
	})
	return records(rows, versionRow.version), err
}

// newest selects what belongs to a client, before an ID (empty: all), the newest first.
func newest(db *gorm.DB, clientID, before string) *gorm.DB {
	db = db.Where("client_id = ?", clientID).Order("id DESC")
	if before != "" {
		db = db.Where("id < ?", before)
	}
	return db
}

// ApplyReview implements storage.Reviews.
func (s *Store) ApplyReview(ctx context.Context, r storage.Review) error {
	return s.writeRevised(ctx, func(tx *gorm.DB) error {
		if r.Client != nil {
			if err := updateClient(tx, *r.Client, r.ClientWas); err != nil {
				return err
			}
		}
		if r.Version != nil {
			if err := saveVersion(tx, *r.Version, r.VersionWas); err != nil {
				return err
			}
		}
		if r.Submitted != nil {
			if err := saveVersion(tx, *r.Submitted, time.Time{}); err != nil {
				return err
			}
		}
		if r.Note == nil {
			return nil
		}
		row := noteRow{
			ID: r.Note.ID, ClientID: r.Note.ClientID, AuthorKind: r.Note.Author.Kind, AuthorID: r.Note.Author.ID,
			AuthorAddress: r.Note.Author.Address, AuthorPerson: r.Note.Author.Person, Digest: r.Note.Digest, Action: r.Note.Action, Body: clean(r.Note.Text), At: at(r.Note.At),
		}
		return tx.Create(&row).Error
	})
}

func saveVersion(tx *gorm.DB, v storage.ClientVersion, was time.Time) error {
	if err := replaceVersion(tx, v, was); err != nil {
		return err
	}
	return tx.Exec(queueVersion, v.ID).Error
}

func replaceVersion(tx *gorm.DB, v storage.ClientVersion, was time.Time) error {
	row := toVersionRow(v)
	if was.IsZero() {
		return tx.Create(&row).Error
	}
	err := mustMeet(tx.Select("*").Omit("id", "client_id", "created_at").Where("updated_at = ?", at(was)).Updates(&row))
	if err == storage.ErrNotFound {
		return conflictIfExists(tx, &versionRow{}, v.ID)
	}
	return err
}

// ReviewNotes implements storage.Reviews.
func (s *Store) ReviewNotes(ctx context.Context, clientID, after string, limit int) ([]storage.ReviewNote, error) {
	if !storable(clientID, after) {
		return nil, nil
	}
	var rows []noteRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Where("client_id = ? AND id > ?", clientID, after).Order("id").Limit(limit).Find(&rows).Error
	})
	return records(rows, noteRow.note), err
}

// LastNotes implements storage.Reviews.
func (s *Store) LastNotes(ctx context.Context, clientID, before string, limit int) ([]storage.ReviewNote, error) {
	if !storable(clientID, before) {
		return nil, nil
	}
	var rows []noteRow
	err := s.read(ctx, func(db *gorm.DB) error { return newest(db, clientID, before).Limit(limit).Find(&rows).Error })
	return records(rows, noteRow.note), err
}
