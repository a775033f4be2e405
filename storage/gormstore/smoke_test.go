package gormstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

func TestSmoke(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		ctx := context.Background()
		s, err := gormstore.Open(ctx, dsn, gormstore.Options{Migrate: true, Statement: func(_ context.Context, q string) { t.Log(q) }})
		require.NoError(t, err)
		defer s.Close()
		now := time.Now()
		require.NoError(t, s.CreateUser(ctx, storage.User{ID: "u", Email: "a@b"}))
		require.NoError(t, s.Apply(ctx, storage.Unit{
			storage.SaveGrant{Grant: storage.Grant{ID: "g", Owner: storage.Owner{UserID: "u"}, ClientID: "c", State: 1, Version: 1, Decisions: []storage.Decision{{Scope: "a", Allowed: true}}}},
			storage.HoldGrant{ID: "g", At: now},
			storage.InsertToken{Token: storage.Token{TokenKey: storage.TokenKey{Kind: 1}, GrantID: "g", UserID: "u", State: 1}},
		}))
		require.NoError(t, s.Apply(ctx, storage.Unit{storage.SpendToken{Key: storage.TokenKey{Kind: 1}, At: now, KeepUntil: now.Add(time.Hour)}}))
		tok, err := s.Token(ctx, storage.TokenKey{Kind: 1})
		require.NoError(t, err)
		require.True(t, tok.Standing(now))
		_, err = s.Collect(ctx, now.Add(3*time.Hour), 1000)
		require.NoError(t, err)
		require.NoError(t, s.CreateClient(ctx, storage.Client{ID: "c"}))
		_, err = s.Client(ctx, "c")
		require.NoError(t, err)
		require.NoError(t, s.Check(ctx))
	})
}
