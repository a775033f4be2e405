package registry

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// The index finds exactly the names that are alike one by one.
func TestKnownNamesFindAllThatLookAlike(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var live []storage.ClientNames
	for i := range 600 {
		name := make([]rune, 3+random.IntN(5))
		for j := range name {
			name[j] = []rune("abn0r")[random.IntN(5)]
		}
		live = append(live, storage.ClientNames{ID: fmt.Sprintf("app-%03d", i), Name: string(name)})
	}
	known, alike := NewKnownNames(live), 0
	for _, c := range live {
		l := lookOf(c.Name)
		var want []string
		for _, other := range live {
			if l.like(lookOf(other.Name)) {
				want = append(want, other.ID)
			}
		}
		var got []string
		for _, k := range known.like(l) {
			got = append(got, k.clientID)
		}
		require.Equal(t, want, got, c.Name)
		alike += len(want) - 1
	}
	require.Greater(t, alike, 100, "there are some to find")
}
