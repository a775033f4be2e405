package registry

import (
	"context"
	"hash/maphash"
	"slices"

	"gatehouse/storage"
)

// KnownNames are the names of mini apps that people may know, ready to be asked which of them look like another. It does not
// change, and takes some 16 bytes for each letter.
type KnownNames struct {
	names []knownName // in the order of the mini apps' IDs
	seed  maphash.Seed
	keys  []nameKey // sorted
}

type knownName struct {
	clientID, publisherID, name string
	look                        look
}

// nameKey is the hash of one of the texts that a name has in common with those that look like it; see look.keys.
type nameKey struct {
	hash uint64
	name int32 // its place in names
}

// KnownNames returns the names of the mini apps that are or were live. They are read once for all after a write.
func (r *Registry) KnownNames(ctx context.Context) (*KnownNames, error) {
	return r.current.Load().known.get(ctx, func() (*KnownNames, error) {
		live, err := r.store.LiveNames(ctx)
		if err != nil {
			return nil, err
		}
		return NewKnownNames(live), nil
	})
}

// NewKnownNames returns the names of these mini apps, which are in the order of their IDs.
func NewKnownNames(live []storage.ClientNames) *KnownNames {
	known := &KnownNames{seed: maphash.MakeSeed()}
	for _, c := range live {
		for _, name := range namesOf(c.Name, c.Names) {
			looks := lookOf(name)
			for _, key := range looks.keys() {
				known.keys = append(known.keys, nameKey{maphash.String(known.seed, key), int32(len(known.names))})
			}
			known.names = append(known.names, knownName{c.ID, c.PublisherID, name, looks})
		}
	}
	slices.SortFunc(known.keys, compareKeys)
	return known
}

func compareKeys(a, b nameKey) int {
	switch {
	case a.hash < b.hash, a.hash == b.hash && a.name < b.name:
		return -1
	case a == b:
		return 0
	}
	return 1
}

// like returns the names that look like l, in the order of the mini apps' IDs.
func (known *KnownNames) like(l look) []knownName {
	if known == nil {
		return nil
	}
	var places []int32
	for _, text := range l.keys() {
		hash := maphash.String(known.seed, text)
		i, _ := slices.BinarySearchFunc(known.keys, nameKey{hash: hash}, compareKeys)
		for ; i < len(known.keys) && known.keys[i].hash == hash; i++ {
			places = append(places, known.keys[i].name)
		}
	}
	slices.Sort(places)
	var found []knownName
	for _, i := range slices.Compact(places) {
		if l.like(known.names[i].look) {
			found = append(found, known.names[i])
		}
	}
	return found
}
