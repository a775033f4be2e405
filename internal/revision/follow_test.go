package revision_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/revision"
)

func TestAChangeThatCouldNotBeReadIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		away := errors.New("the database is away")
		awaited, reads := []int64{}, 0
		revision.Follow(ctx, func(ctx context.Context, seen int64) (int64, error) {
			awaited = append(awaited, seen)
			switch {
			case len(awaited) == 1:
				return 0, away
			case seen == 7:
				cancel()
				return 0, ctx.Err()
			}
			return 7, nil
		}, func(context.Context) error {
			if reads++; reads == 1 {
				return away
			}
			return nil
		})
		require.Equal(t, []int64{-1, -1, -1, 7}, awaited)
		require.Equal(t, 2, reads)
	})
}
