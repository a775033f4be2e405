// Package storagetest proves that a store keeps the contracts of package storage. Each contract is a named test; a
// store's own tests call Run.
package storagetest

import (
	"testing"

	"gatehouse/storage"
)

// contract is one promise of package storage.
type contract struct {
	says  string
	prove func(t *testing.T, s storage.Store)
}

// Run proves every contract. open returns a new, empty store that is closed when t ends.
func Run(t *testing.T, open func(t *testing.T) storage.Store) {
	for _, group := range []struct {
		name      string
		contracts []contract
		fresh     bool // every contract needs an empty store
	}{
		{name: "users", contracts: users()},
		{name: "admins", contracts: admins(), fresh: true},
		{name: "links", contracts: links()},
		{name: "companies", contracts: companies()},
		{name: "sessions", contracts: sessions()},
		{name: "failures", contracts: failures()},
		{name: "registry", contracts: registry()},
		{name: "registry queries", contracts: queries(), fresh: true},
		{name: "keys", contracts: keys(), fresh: true},
		{name: "grants", contracts: grants()},
		{name: "reads", contracts: reads()},
		{name: "tokens", contracts: tokens()},
		{name: "units", contracts: units()},
		{name: "deliveries", contracts: deliveries()},
		{name: "queue", contracts: queue(), fresh: true},
		{name: "audit", contracts: audit()},
		{name: "chain", contracts: chain(), fresh: true},
		{name: "reviews", contracts: reviews()},
		{name: "logos", contracts: logos(), fresh: true},
		{name: "api keys", contracts: apiKeys()},
		{name: "registrations", contracts: registrations()},
		{name: "answers", contracts: answers()},
		{name: "activity", contracts: activity()},
		{name: "dashboard", contracts: dashboard(), fresh: true},
		{name: "lists", contracts: lists()},
		{name: "pages", contracts: pages(), fresh: true},
		{name: "replacing", contracts: replacing()},
		{name: "races", contracts: races()},
		{name: "collector", contracts: collector(), fresh: true},
		{name: "checker", contracts: checker()},
	} {
		t.Run(group.name, func(t *testing.T) {
			var shared storage.Store
			if !group.fresh {
				shared = open(t)
			}
			for _, c := range group.contracts {
				t.Run(c.says, func(t *testing.T) {
					if group.fresh {
						c.prove(t, open(t))
						return
					}
					c.prove(t, shared)
				})
			}
		})
	}
}
