package seed

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"gatehouse/identity"
	"gatehouse/registry"
	"gatehouse/storage"
)

// Store is what seeding needs of a storage.Store.
type Store interface {
	storage.Users
	storage.Companies
	storage.Registry
}

// Target is what a seed is compared with and applied to.
type Target struct {
	Store     Store
	Registry  *registry.Registry // on Store
	Passwords *identity.Passwords
	Outbound  *registry.Outbound
	Now       func() time.Time
	Actor     storage.Actor // who applies it, for the audit log
}

// Change is what applying would do to one record.
type Change struct {
	Kind, Key string // company, user, scope, publisher or client; and which
	New       bool
	Fields    []string // of a record that is there already: "name: Old → New"
}

// String is one line for a new record, and for a changed one a line per field.
func (c Change) String() string {
	if c.New {
		return fmt.Sprintf("+ %s %s", c.Kind, c.Key)
	}
	return fmt.Sprintf("~ %s %s\n    %s", c.Kind, c.Key, strings.Join(c.Fields, "\n    "))
}

// Plan is what applying a seed would do. It is empty when there is nothing to do.
type Plan struct {
	Warnings Problems // what could be better; it does not keep the plan from being applied
	steps    []step
	actor    storage.Actor
}

type step struct {
	Change
	id    string // what the audit log calls the record: of a person no login
	apply func(ctx context.Context) error
}

// audited returns a context under which the next write leaves an event: the record was created or changed. It has the names of
// what changed, and no values.
func (p *Plan) audited(ctx context.Context, s step) context.Context {
	e := storage.AuditEvent{Actor: p.actor, Action: s.Kind + ".update", Target: storage.Target{Kind: s.Kind, ID: s.id}, Detail: map[string]string{"by": "seed"}}
	switch {
	case s.Kind == "company", s.Kind == "scope", s.Kind == "publisher":
		e.Action = s.Kind + ".save"
	case s.New:
		e.Action = s.Kind + ".create"
	}
	var names []string
	for _, field := range s.Fields {
		name, _, _ := strings.Cut(field, ":")
		names = append(names, name)
	}
	if len(names) > 0 {
		e.Detail["changed"] = strings.Join(names, " ")
	}
	return storage.Audited(ctx, e)
}

// Changes lists what Apply would do, in order.
func (p *Plan) Changes() []Change {
	changes := make([]Change, len(p.steps))
	for i, s := range p.steps {
		changes[i] = s.Change
	}
	return changes
}

// Apply does it. The records that came before one that fails stay; applying the seed again goes on from there.
func (p *Plan) Apply(ctx context.Context) error {
	for _, s := range p.steps {
		err := s.apply(p.audited(ctx, s))
		if errors.Is(err, storage.ErrConflict) {
			return fmt.Errorf("%s %s was changed by somebody else meanwhile; apply again: %w", s.Kind, s.Key, err)
		}
		if err != nil {
			return fmt.Errorf("%s %s: %w", s.Kind, s.Key, err)
		}
	}
	return nil
}

// planner compares a seed with its target.
type planner struct {
	Target
	seed      *Seed
	catalogue *registry.Catalogue
	plan      Plan
	problems  Problems
}

// Plan checks the seed and finds out what applying it would do. It writes nothing. Problems when anything is wrong.
func (s *Seed) Plan(ctx context.Context, to Target) (*Plan, error) {
	p := &planner{Target: to, seed: s, plan: Plan{actor: to.Actor}}
	for _, part := range []func(context.Context) error{p.planCompanies, p.planScopes, p.planPublishers, p.planUsers, p.planClients} {
		if err := part(ctx); err != nil {
			return nil, err
		}
	}
	if len(p.problems) > 0 {
		return nil, p.problems
	}
	return &p.plan, nil
}

func (p *planner) wrong(at place, field, format string, args ...any) {
	p.problems = append(p.problems, Problem{At: at.at(field), Text: fmt.Sprintf(format, args...)})
}

// wrongAll reports a record that breaks the registry's rules.
func (p *planner) wrongAll(at place, problems registry.Problems) {
	for _, problem := range problems {
		p.wrong(at, problem.Field, "%s", problem.Text)
	}
}

// step notes what to do about one record: from is what is there, nil for nothing, and to what is wanted, both as a seed
// file would have it. id is the record's in the audit log. extra are differences that a seed file does not show.
func (p *planner) step(kind, key, id string, from, to any, extra []string, apply func(ctx context.Context) error) {
	change := Change{Kind: kind, Key: key, New: from == nil}
	if !change.New {
		change.Fields = append(differences(from, to), extra...)
		if len(change.Fields) == 0 {
			return
		}
	}
	p.plan.steps = append(p.plan.steps, step{change, id, apply})
}

// unseen are fields that differences does not compare: planUsers and planClients do.
var unseen = map[string]bool{"password": true, "password_hash": true, "client_secret": true, "client_secret_hash": true}

// differences lists the fields in which two structs of the same type differ.
func differences(from, to any) []string {
	var fields []string
	a, b := reflect.ValueOf(from), reflect.ValueOf(to)
	for f := range a.Type().Fields() {
		if unseen[keyOf(f)] {
			continue
		}
		old, wanted := flow(a.FieldByIndex(f.Index).Interface()), flow(b.FieldByIndex(f.Index).Interface())
		if old != wanted {
			fields = append(fields, keyOf(f)+": "+changeOf(old, wanted))
		}
	}
	return fields
}

// sealedText is a sealed secret, of which nobody can read more than that it is one.
var sealedText = regexp.MustCompile(`sealed:[A-Za-z0-9_-]+`)

// changeOf prints a change of a value as people read it.
func changeOf(old, wanted string) string {
	old, wanted = sealedText.ReplaceAllString(old, "sealed:…"), sealedText.ReplaceAllString(wanted, "sealed:…")
	if old == wanted {
		return "a sealed secret replaced"
	}
	return old + " → " + wanted
}

// flow prints a value as YAML in one line.
func flow(v any) string {
	var n yaml.Node
	if err := n.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	n.Style |= yaml.FlowStyle
	text, err := yaml.Marshal(&n)
	if err != nil {
		return fmt.Sprint(v)
	}
	return strings.Join(strings.Fields(string(text)), " ")
}

// once reports a key that an earlier record of the seed has as well.
func (p *planner) once(seen map[string]place, at place, field, key string) {
	if before, twice := seen[key]; twice {
		p.wrong(at, field, "%q is there twice, see %s; leave one out", key, before.at(field))
	}
	seen[key] = at
}

// found turns storage.ErrNotFound into nil and no record.
func found[T any](record T, err error) (*T, error) {
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &record, nil
}
