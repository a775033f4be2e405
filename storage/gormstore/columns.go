package gormstore

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// micros is a time in a BIGINT column: microseconds since 1970 in UTC, 0 for none.
type micros int64

func at(t time.Time) micros {
	if t.IsZero() {
		return 0
	}
	return micros(t.UnixMicro())
}

func (m micros) time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(m)).UTC()
}

// Scan implements sql.Scanner, so that database/sql need not find out by reflection what it is.
func (m *micros) Scan(src any) error {
	n, whole := src.(int64)
	if !whole {
		return fmt.Errorf("a column of times holds a %T", src)
	}
	*m = micros(n)
	return nil
}

// nanos is a duration in a BIGINT column. It is no time.Duration, which pgx writes as an interval where statements are not
// prepared, as behind a pooler.
type nanos int64

// nullable is text in a column that is NULL when the text is empty, so that a unique index passes over it.
type nullable string

// Value implements driver.Valuer.
func (n nullable) Value() (driver.Value, error) {
	if n == "" {
		return nil, nil
	}
	return string(n), nil
}

// Scan implements sql.Scanner.
func (n *nullable) Scan(src any) error {
	text, err := scanText(src)
	*n = nullable(text)
	return err
}

// document is a value kept as JSON text.
type document[T any] struct{ V T }

func doc[T any](v T) document[T] { return document[T]{v} }

// Value implements driver.Valuer.
func (d document[T]) Value() (driver.Value, error) {
	text, err := json.Marshal(d.V)
	return string(text), err
}

// Scan implements sql.Scanner. Numbers without a Go type of their own become json.Number, so none loses digits.
func (d *document[T]) Scan(src any) error {
	text, err := scanText(src)
	if err != nil || text == "" || text == "null" { // as most columns of most rows are
		return err
	}
	if _, open := any(d.V).(map[string]any); !open {
		return json.Unmarshal([]byte(text), &d.V)
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	return decoder.Decode(&d.V)
}

// GormDataType tells gorm that it is one column.
func (document[T]) GormDataType() string { return "text" }

func scanText(src any) (string, error) {
	switch v := src.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case []byte:
		return string(v), nil
	}
	return "", fmt.Errorf("a text column holds a %T", src)
}
