package audit

import (
	"context"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gatehouse/storage"
)

const readBatch = 1000

// Head is a sealed event: who keeps it where nobody can write who writes the database has a proof that the chain had it.
type Head struct {
	Sequence int64
	Hash     string // hexadecimal; empty where nothing was sealed
}

func (h Head) String() string { return fmt.Sprintf("%d:%s", h.Sequence, h.Hash) }

// ParseHead undoes Head.String.
func ParseHead(text string) (Head, error) {
	number, hash, _ := strings.Cut(text, ":")
	sequence, err := strconv.ParseInt(number, 10, 64)
	raw, hashErr := hex.DecodeString(hash)
	if err != nil || hashErr != nil || sequence < 0 || (sequence > 0) != (len(raw) == 32) || sequence == 0 && hash != "" {
		return Head{}, fmt.Errorf("%q is no head; give SEQUENCE:HASH as audit verify printed it", text)
	}
	return Head{Sequence: sequence, Hash: strings.ToLower(hash)}, nil
}

// Report is what Verify found.
type Report struct {
	Sealed  int64 // events in the chain
	Waiting int   // events that are not sealed yet
	Head    Head  // the last of the chain
	// Broken says, when it is not empty, where and how the chain breaks first.
	Broken string
}

// Verify reads the whole chain and computes every hash anew. expect is a head of an earlier time; zero: nothing is known.
func (c *Chain) Verify(ctx context.Context, expect Head) (Report, error) {
	end, waiting, err := c.store.ChainEnd(ctx)
	if err != nil {
		return Report{}, err
	}
	strays, err := c.store.StrayEvents(ctx)
	if err != nil {
		return Report{}, err
	}
	report := Report{Waiting: waiting}
	if report.Broken, err = c.walk(ctx, &report, end, expect); err != nil || report.Broken != "" {
		return report, err
	}
	switch {
	case strays > 0:
		report.Broken = fmt.Sprintf("%d events have a place that no sealing gives", strays)
	case !c.marked(end):
		report.Broken = "its end was not written with this GATEHOUSE_SECRET (or GATEHOUSE_SECRET_PREVIOUS)"
	case expect.Sequence > end.Sequence:
		report.Broken = fmt.Sprintf("it ends with event %d, and event %d was there", end.Sequence, expect.Sequence)
	}
	return report, nil
}

// Check is Verify without an earlier head, of a chain of at most most events; of a longer one it looks at the end alone, and whole
// is false.
func (c *Chain) Check(ctx context.Context, most int64) (report Report, whole bool, err error) {
	end, waiting, err := c.store.ChainEnd(ctx)
	if err != nil {
		return report, false, err
	}
	if end.Sequence <= most {
		report, err = c.Verify(ctx, Head{})
		return report, true, err
	}
	report = Report{Sealed: end.Sequence, Waiting: waiting}
	last, err := c.store.SealedEvents(ctx, end.Sequence-1, 1)
	switch {
	case err != nil:
		return report, false, err
	case !c.marked(end):
		report.Broken = "its end was not written with this GATEHOUSE_SECRET (or GATEHOUSE_SECRET_PREVIOUS)"
	case len(last) == 0 || last[0].Sequence != end.Sequence || string(last[0].Hash) != string(end.Hash):
		report.Broken = "the last event is not the one that the chain ended with"
	}
	return report, false, nil
}

// walk reads the chain to its end, and says where it breaks.
func (c *Chain) walk(ctx context.Context, report *Report, end storage.ChainEnd, expect Head) (broken string, err error) {
	var before []byte
	for report.Sealed < end.Sequence { // what is sealed meanwhile is for the next time
		events, err := c.store.SealedEvents(ctx, report.Sealed, readBatch)
		if err != nil {
			return "", err
		}
		for _, e := range events[:min(int64(len(events)), end.Sequence-report.Sealed)] {
			report.Sealed++
			if e.Sequence != report.Sealed {
				return fmt.Sprintf("event %d is missing", report.Sealed), nil
			}
			if before = Hash(before, e); string(before) != string(e.Hash) {
				return fmt.Sprintf("event %d (%s of %s) is not what was sealed, or something before it is not", e.Sequence, e.Action, e.At.Format(time.RFC3339)), nil
			}
			report.Head = Head{Sequence: e.Sequence, Hash: hex.EncodeToString(before)}
			if e.Sequence == expect.Sequence && report.Head != expect {
				return fmt.Sprintf("event %d is not the one that --expect names, or something before it is not", e.Sequence), nil
			}
		}
		if len(events) == 0 {
			return fmt.Sprintf("the events from %d to %d are missing", report.Sealed+1, end.Sequence), nil
		}
	}
	if string(before) != string(end.Hash) {
		return "the last event is not the one that the chain ended with", nil
	}
	return "", nil
}
