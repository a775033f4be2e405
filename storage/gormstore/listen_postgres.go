package gormstore

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
)

// The channel on which processes tell each other that there is a new revision (PostgreSQL documentation, LISTEN, NOTIFY).
const (
	listenRevision = "LISTEN gatehouse_revision"
	notifyRevision = "SELECT pg_notify('gatehouse_revision', '')"
)

const (
	// silence is how long nothing may come before a listener asks whether its connection still lives: a database that was
	// switched off, or a firewall that forgot the connection, closes nothing.
	silence = 30 * time.Second
	// listenPatience bounds what a listener asks the database.
	listenPatience = 5 * time.Second
	// The pauses between two attempts to listen; each is twice as long as the one before.
	shortestPause, longestPause = 500 * time.Millisecond, 30 * time.Second
)

// listener hears of new revisions on a connection of its own. What it hears is sooner than the next look and nothing more:
// where LISTEN is refused, as by CockroachDB, or hears nothing, as behind PgBouncer in transaction mode, looks remain.
type listener struct {
	config *pgx.ConnConfig
	bell   *bell
	log    *slog.Logger
}

// run listens until ctx ends. A connection that is lost is opened again.
func (l *listener) run(ctx context.Context) {
	pause, told := shortestPause, false
	for ctx.Err() == nil {
		heard, err := l.listen(ctx)
		if heard {
			pause, told = shortestPause, false
		}
		if ctx.Err() == nil && !told { // once, until it works again
			l.log.InfoContext(ctx, "writes of other processes are not announced, looking for them instead", "cause", err.Error())
			told = true
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		pause = min(2*pause, longestPause)
	}
}

// listen rings for every notification, and for the connection itself: what was written before it is not told again. It
// returns when the connection is lost; heard says that it had one.
func (l *listener) listen(ctx context.Context) (heard bool, err error) {
	conn, err := l.connect(ctx)
	if err != nil {
		return false, err
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), announcePatience)
		defer cancel()
		_ = conn.Close(closing)
	}()
	l.bell.ring()
	for {
		if err := l.await(ctx, conn); err != nil {
			return true, err
		}
	}
}

func (l *listener) connect(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, listenPatience)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, l.config)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, listenRevision); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return conn, nil
}

// await returns after one notification, which the configuration's handler has met, or when the connection has proved to live.
func (l *listener) await(ctx context.Context, conn *pgx.Conn) error {
	quiet, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	err := conn.PgConn().WaitForNotification(quiet)
	if err == nil || ctx.Err() != nil || quiet.Err() == nil {
		return errors.Join(err, ctx.Err())
	}
	asking, stop := context.WithTimeout(ctx, listenPatience)
	defer stop()
	return conn.Ping(asking)
}
