package deliveries

import (
	"math/rand/v2"
	"time"
)

const (
	// maxAttempts is after how many attempts in vain a delivery is dead. By then three days have gone.
	maxAttempts = 24
	// ownAttempts is how many a delivery has in any case. When they were in vain, by which time about ten minutes have gone, it
	// is dead when its server answers with an error and a newer one tells anew what it says.
	ownAttempts  = 8
	firstBackoff = 5 * time.Second
	lastBackoff  = 6 * time.Hour
)

// backoff is how long a delivery waits after this many attempts in vain: 5 s, doubled each time up to 6 h, and a fifth
// more or less, so that what failed together does not come back together.
func backoff(attempts int) time.Duration {
	wait := lastBackoff
	if doublings := attempts - 1; doublings < 13 { // 5 s doubled 13 times is more than 6 h
		wait = min(firstBackoff<<doublings, lastBackoff)
	}
	return wait*4/5 + rand.N(wait*2/5)
}
