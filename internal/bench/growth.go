package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
)

// mostGrowth is how much longer an operation may take on the largest database than on the smallest one.
const mostGrowth = 1.3

// growth measures the operations with more and more stored tokens, on servers that run beside each other and take turns.
func growth(ctx context.Context, o *options) (string, error) {
	fill := func(ctx context.Context, dsn string, tokens int) error {
		return fillSQLite(ctx, dsn, tokens, 24*time.Hour)
	}
	return o.grown(ctx, "SQLite", fill, func(context.Context) (string, error) { return "", nil })
}

// growthPostgreSQL is the same there.
func growthPostgreSQL(ctx context.Context, o *options) (string, error) {
	if os.Getenv(serverVariable) == "" {
		return "## Growth on PostgreSQL\n\n" + notMeasured, nil
	}
	return o.grown(ctx, "PostgreSQL", fillPostgres, newDatabase)
}

type filler func(ctx context.Context, dsn string, tokens int) error

func (o *options) grown(ctx context.Context, on string, fill filler, database func(context.Context) (string, error)) (string, error) {
	few := *o
	few.workers = []int{1, 16}
	few.window = max(o.window/2, 500*time.Millisecond)
	var subjects []*subject
	for _, size := range o.sizes {
		dsn, err := database(ctx)
		if err != nil {
			return "", err
		}
		began := time.Now()
		s, err := few.open(ctx, o.gatehouse, dsn, few.crowd(), 100, func(dsn string) error { return fill(ctx, dsn, size) })
		if err != nil {
			return "", err
		}
		defer s.close()
		o.say("%s with %d tokens after %s", on, size, time.Since(began).Round(time.Second))
		for _, op := range operations {
			op.name = sized(op, size)
			subjects = append(subjects, s.subject(op))
		}
	}
	found, err := inTurns(ctx, subjects, &few)
	if err != nil {
		return "", err
	}
	return few.growthTables(on, found), nil
}

func sized(op operation, size int) string { return fmt.Sprint(op.name, " with ", size) }

func (o *options) growthTables(on string, found table) string {
	var text strings.Builder
	fmt.Fprintf(&text, "## Growth on %s\n\nThe same operations beside more and more live tokens; the workers use 1,600 pairs that are spread among them. p50, and how it compares\n"+
		"with the smallest database (target: at most %s). %d rounds of %s each, in turns.\n\n", on, times(mostGrowth), o.rounds, o.window)
	titles := []string{"operation", "clients"}
	for _, size := range o.sizes {
		titles = append(titles, fmt.Sprint(size, " tokens"))
	}
	t := newTable(append(titles, "largest ÷ smallest", "")...)
	var missed []string
	least, most := o.sizes[0], o.sizes[len(o.sizes)-1]
	for _, op := range operations {
		for _, n := range o.workers {
			row := []string{op.name, fmt.Sprint(n)}
			for _, size := range o.sizes {
				row = append(row, millis(found.median(sized(op, size), n).p50))
			}
			f := found.ratio(cell{sized(op, most), n}, cell{sized(op, least), n}, p50Of)
			t.row(append(row, f.String(), verdict(f.middle <= mostGrowth))...)
			if f.middle > mostGrowth {
				missed = append(missed, fmt.Sprintf("- %s with %d clients: %s with %d tokens, %s with %d.\n",
					op.name, n, found.span(sized(op, least), n), least, found.span(sized(op, most), n), most))
			}
		}
	}
	text.WriteString(t.String())
	if len(missed) > 0 {
		text.WriteString("\nHow far the rounds of what was missed lie apart on one database, whatever its size:\n\n" + strings.Join(missed, ""))
	}
	return text.String()
}
