package gormstore

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one step of the schema; its number is its place in the timeline.
type migration struct {
	id string // its file, without .sql; what one database spells in a way of its own follows in id.sqlite.sql, id.postgres.sql
	// minCompatible is the number of the oldest schema that a program may have been built for and still work on this
	// one. It stays as it is when a step only adds.
	minCompatible int
	// fill writes what SQL cannot derive; it may be nil. It names every column that it reads, because later steps add some.
	fill func(tx *gorm.DB) error
}

// timeline has every migration, oldest first. Steps that were ever released do not change.
var timeline = []migration{
	{id: "0001_records", minCompatible: 1},
	// It only adds. A program for schema 1 finds no session that a client vouched for, because identity names those
	// differently: it takes nobody for a person who gave their credentials.
	{id: "0002_tickets_links", minCompatible: 1},
	// It only adds. A program for an earlier schema does not look at given_by; what a family gave has marks of its own when
	// the family ends, and those it knows.
	{id: "0003_given_by", minCompatible: 1},
	// It only adds. What an older program ends is told to no client's server.
	{id: "0004_deliveries", minCompatible: 1},
	// It only adds. Where an older program puts a grant in another's place, clients know it by an ID of its own.
	{id: "0005_grant_succeeds", minCompatible: 1},
	// It only adds. An older program stamps nothing, and the stamps of the grants that it collects stay.
	{id: "0006_grant_reads", minCompatible: 1},
	// It changes indexes only. An older program sends what is due, whatever is older about the same owner.
	{id: "0007_delivery_order", minCompatible: 1},
	// It only adds. What an older program does leaves no event.
	{id: "0008_audit", minCompatible: 1},
	// It only adds. An older program lets the tokens live that a suspension ended, once the client is approved again.
	{id: "0009_reviews", minCompatible: 1},
	// It only adds. What an older program shows of a logo is its address, and it collects none.
	{id: "0010_logos", minCompatible: 1},
	// It only adds. What an older program answers is not listed, and secrets that it replaces are not seen to end.
	{id: "0011_activity", minCompatible: 1, fill: fillSecretsEnd},
	// It only adds. An older program's clients are registered by people alone.
	{id: "0012_registrations", minCompatible: 1},
	// It only adds. What an older program stores of clients is not found by its name until it is stored again, and waits at
	// the head of the queue.
	{id: "0013_lists", minCompatible: 1, fill: fillClientWords},
	// It only adds. An older program lets every mini app ask test people, whose values are made up.
	{id: "0014_test_users", minCompatible: 1},
	// It changes the order of rows only, and of SQLite's.
	{id: "0015_token_order", minCompatible: 1},
}

// Status tells how a database's schema compares with this program's.
type Status struct {
	Version       int      // of the database's schema; 0: it has none
	MinCompatible int      // the oldest program's version that works on it
	Program       int      // of the schema that this program was built for
	Pending       []string // migrations that `gatehouse migrate up` would run
}

type schemaRow struct {
	ID            int `gorm:"primaryKey;autoIncrement:false"`
	Version       int
	MinCompatible int
}

// TableName implements gorm's schema.Tabler.
func (schemaRow) TableName() string { return "schema_info" }

// ErrSchema is what errors.Is finds in errors that say that this program cannot work on the database's schema.
var ErrSchema = errors.New("the database's schema does not fit this program")

// schemaError says why a schema does not fit, and what to do.
type schemaError string

func (e schemaError) Error() string      { return string(e) }
func (schemaError) Is(target error) bool { return target == ErrSchema }

// Usable says, as an error that is ErrSchema, why this program cannot work on the schema, and what to do.
func (s Status) Usable() error {
	if s.Version < s.Program {
		return schemaError(fmt.Sprintf("the database's schema has version %d and this program needs %d: run `gatehouse migrate up`",
			s.Version, s.Program))
	}
	return s.tooNew()
}

// tooNew says, as an error, when no migration of this program makes the schema usable.
func (s Status) tooNew() error {
	if s.Program >= s.MinCompatible {
		return nil
	}
	return schemaError(fmt.Sprintf("the database's schema has version %d, which needs a program for version %d or later, and this "+
		"one is for %d: run a newer gatehouse", s.Version, s.MinCompatible, s.Program))
}

// Status reads the version of the database's schema.
func (s *Store) Status(ctx context.Context) (Status, error) {
	var status Status
	err := s.read(ctx, func(db *gorm.DB) (err error) {
		status, err = readStatus(db)
		return err
	})
	return status, err
}

func readStatus(db *gorm.DB) (Status, error) {
	var row schemaRow
	if db.Migrator().HasTable(&row) {
		if err := db.Take(&row).Error; err != nil {
			return Status{}, err
		}
	}
	status := Status{Version: row.Version, MinCompatible: row.MinCompatible, Program: len(timeline)}
	for _, m := range timeline[min(status.Version, len(timeline)):] {
		status.Pending = append(status.Pending, m.id)
	}
	return status, nil
}

// Migrate brings the schema up to date. When several processes do so at once, one does and the others wait for it. It
// never goes back: a newer schema stays as it is, and is an ErrSchema when this program cannot work on it.
func (s *Store) Migrate(ctx context.Context) error {
	var before, after Status
	err := s.writer.write(ctx, migratePatience, func(tx *gorm.DB) (err error) {
		if s.dialect.schemaLock != "" {
			if err := tx.Exec(s.dialect.schemaLock).Error; err != nil {
				return err
			}
		}
		if before, err = readStatus(tx); err != nil {
			return err
		}
		if before.Version >= before.Program {
			return before.tooNew()
		}
		if err := s.runMigrations(tx, timeline); err != nil {
			return err
		}
		after, err = readStatus(tx)
		return err
	})
	if err == nil && after.Version > before.Version {
		s.log.InfoContext(ctx, "schema migrated", "from", before.Version, "to", after.Version)
	}
	return translate(ctx, s.dialect, err)
}

func (s *Store) runMigrations(tx *gorm.DB, migrations []migration) error {
	err := tx.Exec(s.dialect.schema(`
CREATE TABLE IF NOT EXISTS migrations (id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS schema_info (id SMALLINT PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL, min_compatible INTEGER NOT NULL);
INSERT INTO schema_info (id, version, min_compatible) VALUES (1, 0, 0) ON CONFLICT DO NOTHING`)).Error
	if err != nil {
		return err
	}
	var steps []*gormigrate.Migration
	for i, m := range migrations {
		steps = append(steps, &gormigrate.Migration{
			ID:      m.id,
			Migrate: func(tx *gorm.DB) error { return s.runMigration(tx, m, i+1) },
		})
	}
	return gormigrate.New(tx, &gormigrate.Options{TableName: "migrations", IDColumnName: "id", IDColumnSize: 255}, steps).Migrate()
}

func (s *Store) runMigration(tx *gorm.DB, m migration, version int) error {
	ddl, err := migrationFiles.ReadFile("migrations/" + m.id + ".sql")
	if err != nil {
		return err
	}
	own, err := migrationFiles.ReadFile("migrations/" + m.id + "." + s.dialect.name + ".sql")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := tx.Exec(s.dialect.schema(string(ddl)) + string(own)).Error; err != nil {
		return fmt.Errorf("migration %s: %w", m.id, err)
	}
	if m.fill != nil {
		if err := m.fill(tx); err != nil {
			return fmt.Errorf("migration %s: %w", m.id, err)
		}
	}
	return tx.Exec("UPDATE schema_info SET version = ?, min_compatible = ? WHERE id = 1", version, m.minCompatible).Error
}

// Check implements storage.Checker: the database takes writes, and its schema is one that this program works on; else an
// ErrSchema.
func (s *Store) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.limits.checkPatience)
	defer cancel()
	answer := make(chan error, 1)
	go func() { answer <- s.write(ctx, s.check) }()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return translate(context.Background(), s.dialect, errors.New("the database does not answer in time"))
	}
}

func (s *Store) check(tx *gorm.DB) error {
	status, err := readStatus(tx)
	if err != nil {
		return err
	}
	if err := status.Usable(); err != nil {
		return err
	}
	if s.dialect.readOnly == "" {
		return nil // BEGIN IMMEDIATE has failed already
	}
	var readOnly bool
	if err := tx.Raw(s.dialect.readOnly).Scan(&readOnly).Error; err != nil {
		return err
	}
	if readOnly {
		return errors.New("the database refuses writes")
	}
	return nil
}
