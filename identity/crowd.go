package identity

import (
	"fmt"
	"sync"

	"gatehouse/internal/httpx"
	"gatehouse/storage"
)

// crowdLimit is how many may be signing in at a time, signing up, or changing their password. Who comes later would wait longer than
// anybody is asked to: a processor looks at some hundred passwords in signInPatience.
const crowdLimit = 1000

// How many of them may come from one network address, and from all those of one IPv6 site, so that nobody keeps the others out
// from there.
const (
	crowdShare     = crowdLimit / 4
	crowdSiteShare = crowdLimit / 2
)

// errCrowded is answered like an outage: 503, and come back later.
var errCrowded = fmt.Errorf("%w: more people are signing in than there is room for", storage.ErrUnavailable)

// crowd counts who is waiting: for a turn (limits), for memory to hash in (Passwords), or for the database. So no number of people
// takes more than a fixed amount of memory. The zero value is empty.
type crowd struct {
	mu      sync.Mutex
	waiting int
	from    map[string]int // by httpx.Network and httpx.Site, of those who wait
}

// join returns how to leave, or errCrowded. An empty address is not known, and shared with nobody.
func (c *crowd) join(address string) (leave func(), err error) {
	network, site := httpx.Network(address), httpx.Site(address)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.waiting >= crowdLimit, network != "" && c.from[network] >= crowdShare, site != "" && c.from[site] >= crowdSiteShare:
		return nil, errCrowded
	}
	if c.from == nil {
		c.from = map[string]int{}
	}
	c.waiting++
	c.from[network]++
	c.from[site]++
	return func() { c.leave(network, site) }, nil
}

func (c *crowd) leave(places ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting--
	for _, place := range places {
		if c.from[place]--; c.from[place] == 0 {
			delete(c.from, place)
		}
	}
}
