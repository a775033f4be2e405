package activity

import (
	"slices"
	"time"

	"gatehouse/storage"
)

const (
	// maxNoted is how many requests are written at a time, shared evenly by the clients that asked.
	maxNoted = 5000
	// maxClients is how many clients' requests are noted between two writes.
	maxClients = maxNoted
	// claimsPerMinute is how many requests are noted of a client in a minute that anybody may have sent in its name, and how
	// many of each who sent them by a code or token of theirs: less than half of storage.KeptRequests.
	claimsPerMinute = 20
	// maxClaimants is of how many that is counted; then it begins anew.
	maxClaimants = 50_000
)

// requests are those not written yet. The zero value is empty.
type requests struct {
	noted  map[string]*last // by client
	minute time.Time        // that claims are of
	claims map[claimant]int
}

// last are the last requests of a client, a ring once it is full.
type last struct {
	ring []storage.ClientRequest
	next int // the oldest, once the ring is full
}

// claimant is who sends requests in the name of a client without its secret: anybody, where holder is empty.
type claimant struct{ clientID, holder string }

// mayClaim reports whether one more request of a claimant is noted in this minute.
func (q *requests) mayClaim(by claimant, now time.Time) bool {
	minute := now.Truncate(time.Minute)
	if !minute.Equal(q.minute) || len(q.claims) >= maxClaimants {
		q.minute, q.claims = minute, map[claimant]int{}
	}
	if q.claims[by] >= claimsPerMinute {
		return false
	}
	q.claims[by]++
	return true
}

// add notes a request in place of the oldest of the same client, where there are many.
func (q *requests) add(r storage.ClientRequest) {
	if q.noted == nil {
		q.noted = map[string]*last{}
	}
	of := q.noted[r.ClientID]
	if of == nil {
		if len(q.noted) >= maxClients {
			return
		}
		of = new(last)
		q.noted[r.ClientID] = of
	}
	if len(of.ring) < q.share() {
		of.ring = append(of.ring, r)
		return
	}
	of.ring[of.next%len(of.ring)] = r
	of.next++
}

// share is how many requests of each client are noted. What was noted when there were fewer clients stays until it is
// taken, so that there are some five times maxNoted at most.
func (q *requests) share() int {
	return min(storage.KeptRequests, max(1, maxNoted/max(1, len(q.noted))))
}

// take returns what was noted, of each client its share of the newest, and forgets it.
func (q *requests) take() []storage.ClientRequest {
	var all []storage.ClientRequest
	share := q.share()
	for _, of := range q.noted {
		start := of.next % max(1, len(of.ring))
		newest := slices.Concat(of.ring[start:], of.ring[:start])
		all = append(all, newest[max(0, len(newest)-share):]...)
	}
	q.noted = nil
	return all
}
