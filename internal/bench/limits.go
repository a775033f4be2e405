package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	_ "github.com/mattn/go-sqlite3"
)

// groups are how many rows share one commit.
var groups = []int{1, 16, 64}

// limits measures what the disk can do, whoever asks it.
func limits(ctx context.Context, o *options) (string, error) {
	db, err := o.emptyTable(ctx)
	if err != nil {
		return "", err
	}
	defer db.Close()
	rates := map[int][]float64{}
	var syncs []float64
	for range o.rounds {
		for _, n := range groups {
			rate, err := commits(ctx, db, n, o.window)
			if err != nil {
				return "", err
			}
			rates[n] = append(rates[n], rate)
		}
		rate, err := o.syncs()
		if err != nil {
			return "", err
		}
		syncs = append(syncs, rate)
	}
	same := func(f float64) float64 { return f }
	t := newTable("durable writes to "+fileSystem(o.dir), "commits per second", "rows per second")
	t.row("4 KiB appended to a file, fdatasync", perSecond(median(syncs, same)), "")
	for _, n := range groups {
		rate := median(rates[n], same)
		t.row(fmt.Sprintf("SQLite, WAL, synchronous=FULL, rows in a commit: %d", n), perSecond(rate), perSecond(rate*float64(n)))
	}
	return "## What the disk can do\n\nOne connection, one goroutine, no server: nobody who answers after the commit can be faster.\n\n" + t.String(), nil
}

// emptyTable is a new SQLite database of one connection, as durable as Gatehouse's.
func (o *options) emptyTable(ctx context.Context) (*sql.DB, error) {
	dir, err := os.MkdirTemp(o.dir, "limits-")
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, "limits.db")+"?_journal_mode=WAL&_synchronous=FULL")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, `CREATE TABLE tokens (id BLOB PRIMARY KEY, hash BLOB, scope TEXT) WITHOUT ROWID`); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// commits returns how many transactions of n rows are durable in a second.
func commits(ctx context.Context, db *sql.DB, n int, window time.Duration) (float64, error) {
	insert, err := db.PrepareContext(ctx, `INSERT INTO tokens (id, hash, scope) VALUES (?, ?, ?)`)
	if err != nil {
		return 0, err
	}
	defer insert.Close()
	began, done := time.Now(), 0
	for ; time.Since(began) < window && ctx.Err() == nil; done++ {
		tx, err := db.Begin()
		if err != nil {
			return 0, err
		}
		statement := tx.Stmt(insert)
		for range n {
			var id, hash [32]byte
			rand.Read(id[:]) // never fails
			if _, err := statement.Exec(id[:16], hash[:], "email"); err != nil {
				return 0, err
			}
		}
		if err := tx.Commit(); err != nil {
			return 0, err
		}
	}
	return float64(done) / time.Since(began).Seconds(), ctx.Err()
}

// syncs returns how many pages appended to a file are durable in a second.
func (o *options) syncs() (float64, error) {
	f, err := os.CreateTemp(o.dir, "sync-")
	if err != nil {
		return 0, err
	}
	defer f.Close()
	began, done := time.Now(), 0
	for ; time.Since(began) < o.window; done++ {
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return 0, err
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			return 0, err
		}
	}
	return float64(done) / time.Since(began).Seconds(), nil
}

// fileSystem names the kind of a folder's file system (statfs(2)).
func fileSystem(dir string) string {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return "the disk"
	}
	names := map[int64]string{0xef53: "ext4", 0x58465342: "xfs", 0x9123683e: "btrfs", 0x01021994: "tmpfs, which is no disk", 0x794c7630: "overlayfs"}
	if name, known := names[int64(s.Type)]; known {
		return name
	}
	return fmt.Sprintf("a file system of type %#x", s.Type)
}
