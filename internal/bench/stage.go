package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
)

// stage is a server with workers that are ready.
type stage struct {
	*house
	workers []*worker
}

// open starts a Gatehouse on a new database and signs its people in. fill, when not nil, adds rows before the start.
func (o *options) open(ctx context.Context, program, dsn string, people, pairs int, fill func(dsn string) error, env ...string) (*stage, error) {
	dir, err := os.MkdirTemp(o.dir, "house-")
	if err != nil {
		return nil, err
	}
	if dsn == "" {
		dsn = "sqlite:" + filepath.Join(dir, "gatehouse.db")
	}
	s := &stage{house: &house{program: program, dsn: dsn, dir: dir, env: env}}
	if err := s.seed(people); err != nil {
		return nil, err
	}
	if fill != nil {
		if err := fill(dsn); err != nil {
			return nil, err
		}
	}
	if err := s.serve(ctx); err != nil {
		return nil, err
	}
	if s.workers, err = newWorkers(s.process, people, pairs); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *stage) close() {
	closeAll(s.workers)
	s.stop()
}

func (s *stage) subject(op operation) *subject {
	return &subject{server: s.process, workers: s.workers, operation: op}
}

func (s *stage) subjects(list ...operation) (subjects []*subject) {
	for _, op := range list {
		subjects = append(subjects, s.subject(op))
	}
	return subjects
}

// crowd is the largest number of workers.
func (o *options) crowd() int { return slices.Max(o.workers) }

// some is the number of workers where one is enough to look at.
func (o *options) some() int { return min(16, o.crowd()) }

// smallest are the programs of the package reference: one process with workers.
type smallest struct {
	*process
	workers []*worker
}

func (o *options) openSmallest(ctx context.Context, people int) (*smallest, error) {
	address, err := spareAddress()
	if err != nil {
		return nil, err
	}
	ops, err := spareAddress()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(o.dir, "reference-")
	if err != nil {
		return nil, err
	}
	s := &smallest{}
	if s.process, err = startProcess(ctx, dir, address, ops, referenceCommand(o.reference, address, ops, dir)); err != nil {
		return nil, err
	}
	s.workers = make([]*worker, people)
	for i := range s.workers {
		w, err := newWorker(s.process)
		if err == nil {
			s.workers[i] = w
			err = w.obtainSmallest()
		}
		if err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

func (s *smallest) close() {
	closeAll(s.workers)
	s.stop()
}

func (s *smallest) subject(op operation) *subject {
	return &subject{server: s.process, workers: s.workers, operation: op}
}
