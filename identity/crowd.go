package identity

import (
	"fmt"
	"sync/atomic"

	"gatehouse/storage"
)

// crowdLimit is how many may be signing in at a time, signing up, or changing their password. Who comes later would wait longer than
// anybody is asked to: a processor looks at some hundred passwords in signInPatience.
const crowdLimit = 1000

// errCrowded is answered like an outage: 503, and come back later.
var errCrowded = fmt.Errorf("%w: more people are signing in than there is room for", storage.ErrUnavailable)

// crowd counts who is waiting: for a turn (limits), for memory to hash in (Passwords), or for the database. So no number of people
// takes more than a fixed amount of memory. The zero value is empty.
type crowd struct{ waiting atomic.Int64 }

// join returns how to leave, or errCrowded.
func (c *crowd) join() (leave func(), err error) {
	if c.waiting.Add(1) > crowdLimit {
		c.waiting.Add(-1)
		return nil, errCrowded
	}
	return func() { c.waiting.Add(-1) }, nil
}
