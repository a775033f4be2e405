package gormstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"gatehouse/storage"
)

// step is one statement of a unit of work.
type step struct {
	sql   string
	args  []any
	must  bool // ErrConflict unless it meets a row
	query bool // a SELECT, not a change
	fresh bool // inserts a key that nobody has but by a mistake, so that its refusal may cost more
}

// Apply implements storage.Units.
func (s *Store) Apply(ctx context.Context, unit storage.Unit) error {
	var steps []step
	for _, op := range unit {
		more, err := s.steps(op)
		if err != nil {
			return err
		}
		steps = append(steps, more...)
	}
	events, err := auditSteps(ctx)
	if err != nil {
		return err
	}
	steps = append(append(steps, events...), answeringSteps(ctx)...)
	if len(steps) == 0 {
		return nil
	}
	ctx, span := s.traced(ctx)
	span.SetInt("gatehouse.statements", len(steps))
	return ended(span, translate(ctx, s.dialect, s.writer.apply(ctx, steps)))
}

func (s *Store) steps(op storage.Op) ([]step, error) {
	switch op := op.(type) {
	case storage.SpendToken:
		return []step{spendToken(op)}, nil
	case storage.InsertToken:
		return []step{insertToken(op.Token)}, nil
	case storage.RevokeFamily:
		return revokeFamily(op), nil
	case storage.HoldGrant:
		return []step{holdGrant(op, s.dialect.forShare)}, nil
	case storage.SaveGrant:
		return saveGrant(op), nil
	case storage.EndGrant:
		return endGrant(op, s.dialect.forUpdate), nil
	case storage.StartSession:
		return startSession(op, s.dialect.forShare), nil
	}
	return nil, fmt.Errorf("a unit of work cannot have a %T", op)
}

// askFirst reports whether what the steps depend on comes before their changes; the last of it may be a change itself, which meets a row or is none.
func askFirst(steps []step) bool {
	changed := false
	for _, s := range steps {
		if s.must && changed && !s.fresh {
			return false
		}
		changed = changed || !s.query
	}
	return true
}

// run runs the step on a connection of the driver's own: what database/sql does around a statement costs as much as a short one.
func (s step) run(ctx context.Context, conn *observedConn) error {
	args := make([]driver.NamedValue, len(s.args))
	for i, arg := range s.args {
		value, err := driver.DefaultParameterConverter.ConvertValue(arg)
		if err != nil {
			return err
		}
		args[i] = driver.NamedValue{Ordinal: i + 1, Value: value}
	}
	if s.query {
		found, err := anyRow(conn.QueryContext(ctx, s.sql, args))
		if err != nil {
			return err
		}
		return s.check(found)
	}
	result, err := conn.ExecContext(ctx, s.sql, args)
	if err != nil {
		return err
	}
	rows, err := result.RowsAffected()
	if err != nil {
		return err
	}
	return s.check(rows)
}

// anyRow takes what a query of one column returned, and returns 1 if there is a row, or 0.
func anyRow(rows driver.Rows, err error) (found int64, _ error) {
	if err != nil {
		return 0, err
	}
	switch err = rows.Next(make([]driver.Value, 1)); {
	case err == nil:
		found = 1
	case errors.Is(err, io.EOF):
		err = nil
	}
	return found, errors.Join(err, rows.Close())
}

func (s step) check(rows int64) error {
	if s.must && rows != 1 {
		return storage.ErrConflict
	}
	return nil
}
