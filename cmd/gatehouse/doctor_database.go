package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"gatehouse/authz/keys"
	"gatehouse/internal/audit"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

// What the doctor sees of the database: whether it answers, keeps what it is told, fits this program, and what is in it.

// checkDatabase opens the database, which must be there: nothing is made.
func (d *doctor) checkDatabase(ctx context.Context) {
	if path, is := d.cfg.SQLitePath(); is {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			d.say(dubious, "database", "there is no file %s yet; gatehouse serve makes it, or correct GATEHOUSE_DATABASE", path)
			return
		}
		d.checkDisk(path)
	}
	store, err := gormstore.Open(ctx, d.cfg.Database, gormstore.Options{AnySchema: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		d.say(broken, "database", "%s", err)
		return
	}
	defer store.Close()
	d.checkClock(ctx, store)
	d.checkDurability(ctx, store)
	if d.checkSchema(ctx, store) {
		d.checkKeys(ctx, store)
		d.checkAudit(ctx, store)
		d.checkData(ctx, store)
	}
}

// Servers and the database compare times with each other: of codes, of tokens, of leases.
const (
	clockDrift = 5 * time.Second
	clockOff   = time.Minute
)

func (d *doctor) checkClock(ctx context.Context, store *gormstore.Store) {
	before := time.Now()
	theirs, err := store.Clock(ctx)
	after := time.Now()
	if err != nil {
		d.say(broken, "database", "it does not answer: %s", err)
		return
	}
	d.say(fine, "database", "it answers within %s", after.Sub(before).Round(time.Millisecond))
	off := time.Duration(0)
	if theirs.Before(before) {
		off = before.Sub(theirs)
	} else if theirs.After(after) {
		off = theirs.Sub(after)
	}
	text := fmt.Sprintf("this machine and the database differ by %s", off.Round(time.Millisecond))
	switch {
	case off > clockOff:
		d.say(broken, "clock", "%s; set both by NTP, since codes live for minutes", text)
	case off > clockDrift:
		d.say(dubious, "clock", "%s; set both by NTP", text)
	default:
		d.say(fine, "clock", "%s", text)
	}
}

// checkDurability looks whether what a server is told was written is written.
func (d *doctor) checkDurability(ctx context.Context, store *gormstore.Store) {
	lax, err := store.LaxSettings(ctx)
	switch {
	case err != nil:
		d.say(dubious, "durability", "the database does not say whether it keeps what it has committed: %s", err)
	case len(lax) > 0:
		d.say(broken, "durability", "the database has %s, so that tokens and revocations that were answered can be lost in a crash; set each to on", strings.Join(lax, ", "))
	default:
		d.say(fine, "durability", "the database keeps what it has committed")
	}
}

// checkSchema reports whether the rest can be read.
func (d *doctor) checkSchema(ctx context.Context, store *gormstore.Store) bool {
	status, err := store.Status(ctx)
	if err != nil {
		d.say(broken, "schema", "it cannot be read: %s", err)
		return false
	}
	_, isSQLite := d.cfg.SQLitePath()
	switch err := status.Usable(); {
	case err == nil && len(status.Pending) > 0:
		d.say(dubious, "schema", "it works, and gatehouse migrate up brings it to what this program was built for")
	case err == nil:
		d.say(fine, "schema", "version %d", status.Version)
	case status.Version < status.Program && (isSQLite || d.cfg.Migrate == "auto"):
		d.say(dubious, "schema", "it has version %d, and gatehouse serve brings it to %d when it starts", status.Version, status.Program)
	default:
		d.say(broken, "schema", "%s", err)
	}
	return status.Usable() == nil
}

// checkKeys opens the keys with the root secret, without making one.
func (d *doctor) checkKeys(ctx context.Context, store *gormstore.Store) {
	for _, file := range d.cfg.SecretFiles() {
		info, err := os.Stat(file)
		if err != nil {
			d.say(broken, "keys", "the root secret cannot be read: %s; restore the file from a backup, nothing that was sealed opens without it", err)
			return
		}
		if info.Mode().Perm()&0o077 != 0 {
			d.say(dubious, "keys", "%s", readableSecret(file))
		}
	}
	root, err := d.cfg.Root()
	if err != nil {
		d.say(broken, "keys", "%s", err)
		return
	}
	set := keys.New(store, root, d.cfg.IDTokenLifetime, time.Now)
	if err := set.Check(ctx); err != nil {
		d.say(broken, "keys", "%s", err)
		return
	}
	all := set.List()
	if len(all) == 0 {
		d.say(fine, "keys", "there are none yet; gatehouse serve makes them")
		return
	}
	d.say(fine, "keys", "%d signing keys open with the root secret; the newest is %d days old", len(all), int(time.Since(all[0].CreatedAt).Hours()/24))
	d.checkKeyAge(all[0].CreatedAt)
}

// oldKey is when a key should have been followed by another one: nobody can have copied it for longer than that.
const oldKey = 365 * 24 * time.Hour

// checkKeyAge says when it is time for another key.
func (d *doctor) checkKeyAge(created time.Time) {
	if age := time.Since(created); age > oldKey {
		d.say(dubious, "key age", "the newest signing key is %d days old; make another with gatehouse key rotate, which breaks no token", int(age.Hours()/24))
	}
}

// auditLooked is how many events of the audit log are computed anew, in about a second.
const auditLooked = 50_000

// checkAudit looks whether the audit log is what was written.
func (d *doctor) checkAudit(ctx context.Context, store *gormstore.Store) {
	for _, file := range d.cfg.SecretFiles() {
		if _, err := os.Stat(file); err != nil {
			return // checkKeys says so, and nothing here makes another one
		}
	}
	root, err := d.cfg.Root()
	if err != nil {
		return // checkKeys says so
	}
	report, whole, err := audit.New(store, root).Check(ctx, auditLooked)
	switch {
	case err != nil:
		d.say(broken, "audit log", "it cannot be read: %s", err)
	case report.Broken != "":
		d.say(broken, "audit log", "it is not whole: %s; compare with an export or a backup", report.Broken)
	case !whole:
		d.say(dubious, "audit log", "its end is what was written; it is too long to be read here, gatehouse audit verify reads all %d events", report.Sealed)
	default:
		d.say(fine, "audit log", "%d events are what was written", report.Sealed)
	}
}

// checkData looks for what was forgotten in the database.
func (d *doctor) checkData(ctx context.Context, store *gormstore.Store) {
	_, err := store.Publisher(ctx, demoPublisher)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		d.say(fine, "demo data", "none")
	case err != nil:
		d.say(broken, "demo data", "it cannot be looked for: %s", err)
	case d.cfg.Loopback():
		d.say(dubious, "demo data", "the accounts of the demo are in here, whose passwords everybody knows; use another database before others can reach it")
	default:
		d.say(broken, "demo data", "%s", strings.TrimPrefix(errDemoData.Error(), "this database "))
	}
	switch found, err := store.HasAdmin(ctx); {
	case err != nil:
		d.say(broken, "admin", "it cannot be looked for: %s", err)
	case !found:
		d.say(dubious, "admin", "nobody is an admin yet; open the link that gatehouse user setup-link prints")
	default:
		d.say(fine, "admin", "there is one")
	}
}
