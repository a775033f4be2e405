package registry

import (
	"errors"
	"fmt"
	"strings"
)

// Problem is one thing that is wrong with a record.
type Problem struct {
	Field string `json:"field"` // path of the seed key, e.g. redirect_uris[0] or scopes[2].name
	Text  string `json:"text"`  // what to do about it, in one sentence without a full stop
}

// Problems is the error of a record that breaks the rules. It is never empty where it is returned as an error.
type Problems []Problem

// Error joins the problems into one line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.Field + ": " + problem.Text
	}
	return strings.Join(lines, "; ")
}

// Err returns the problems as an error, nil when there are none.
func (p Problems) Err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

func (p *Problems) add(field, format string, args ...any) {
	*p = append(*p, Problem{Field: field, Text: fmt.Sprintf(format, args...)})
}

// addErr adds the text of err, if there is one.
func (p *Problems) addErr(field string, err error) {
	if err != nil {
		p.add(field, "%s", err.Error())
	}
}

// Merge joins problems that were found apart with an error that may be problems too.
func (p Problems) Merge(err error) error {
	var more Problems
	if err != nil && !errors.As(err, &more) {
		return err
	}
	return append(p, more...).Err()
}
