package gormstore

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// fault is a panic on the writer's goroutine, on its way to the one of whoever asked for the write: there it ends one request and not
// the process.
type fault struct {
	value any
	stack []byte
}

// Error says what happened where.
func (f *fault) Error() string { return fmt.Sprintf("%v, in the writer:\n%s", f.value, f.stack) }

// guarded returns what do returns, and a panic of do as a fault.
func guarded(do func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &fault{value, debug.Stack()}
		}
	}()
	return do()
}

// handedOver returns a write's answer to its caller, and panics where the write did.
func handedOver(err error) error {
	if f, is := errors.AsType[*fault](err); is {
		panic(f)
	}
	return err
}
