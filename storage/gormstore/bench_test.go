package gormstore_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/internal/testdb"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

// sequence makes families whose keys grow, as UUIDv7 do.
var sequence atomic.Uint64

func nextToken() storage.Token {
	token := newToken()
	binary.BigEndian.PutUint64(token.Family[:], sequence.Add(1))
	now := time.Now()
	token.GrantID, token.UserID, token.ClientID = "grant", "user", "client"
	token.Scope, token.Session = "openid email profile", make([]byte, 300)
	token.IssuedAt, token.ExpiresAt = now, now.Add(360*time.Hour)
	return token
}

func benchStores(b *testing.B, run func(b *testing.B, s *gormstore.Store)) {
	for name, newDatabase := range map[string]func(testing.TB) string{"sqlite": testdb.SQLite, "postgres": testdb.Postgres} {
		b.Run(name, func(b *testing.B) {
			s := open(b, newDatabase(b))
			must(b, s.CreateUser(context.Background(), storage.User{ID: "user", Email: "ana@example.com"}))
			grant := storage.Grant{
				ID: "grant", Owner: storage.Owner{UserID: "user"}, ClientID: "client", State: storage.GrantActive, Version: 1,
				Decisions: []storage.Decision{{Scope: "email", Allowed: true}, {Scope: "openid", Allowed: true}},
			}
			must(b, s.Apply(context.Background(), storage.Unit{storage.SaveGrant{Grant: grant}}))
			run(b, s)
		})
	}
}

func must(b *testing.B, err error) {
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkExchange is a code's exchange: hold the grant, spend the code, insert two tokens.
func BenchmarkExchange(b *testing.B) {
	benchStores(b, func(b *testing.B, s *gormstore.Store) {
		for _, workers := range []int{1, 64} {
			b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
				codes := make([]storage.Token, b.N)
				var unit storage.Unit
				for i := range codes {
					codes[i] = nextToken()
					codes[i].Kind = storage.KindCode
					if unit = append(unit, storage.InsertToken{Token: codes[i]}); len(unit) == 500 || i == b.N-1 {
						must(b, s.Apply(context.Background(), unit))
						unit = nil
					}
				}
				var next atomic.Int64
				b.SetParallelism((workers + 1) / 2) // of two processors
				if workers == 1 {
					b.ResetTimer()
					for _, code := range codes {
						exchange(b, s, code)
					}
					return
				}
				b.ResetTimer()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						exchange(b, s, codes[next.Add(1)-1])
					}
				})
			})
		}
	})
}

func exchange(b *testing.B, s *gormstore.Store, code storage.Token) {
	access, refresh := code, code
	access.Kind, access.Generation = storage.KindAccess, 1
	refresh.Kind, refresh.Generation = storage.KindRefresh, 1
	must(b, s.Apply(context.Background(), storage.Unit{
		storage.HoldGrant{ID: "grant"},
		storage.SpendToken{Key: code.TokenKey, At: time.Now(), KeepUntil: time.Now().Add(720 * time.Hour)},
		storage.InsertToken{Token: access},
		storage.InsertToken{Token: refresh},
	}))
}

// BenchmarkToken is what introspection and userinfo read.
func BenchmarkToken(b *testing.B) {
	benchStores(b, func(b *testing.B, s *gormstore.Store) {
		token := nextToken()
		must(b, insert(s, token))
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				_, err := s.Token(context.Background(), token.TokenKey)
				must(b, err)
			}
		})
	})
}

// BenchmarkGrant is what authorize reads.
func BenchmarkGrant(b *testing.B) {
	benchStores(b, func(b *testing.B, s *gormstore.Store) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				_, err := s.Grant(context.Background(), storage.Owner{UserID: "user"}, "client")
				must(b, err)
			}
		})
	})
}
