package main

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The database work of a request is part of the design (docs/architecture.md), counted at the driver.

type budget struct{ reads, transactions int }

// work sorts statements into reads and write transactions.
func work(statements []string) (b budget) {
	writing := false
	for _, sql := range statements {
		verb, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(sql)), " ")
		switch verb {
		case "BEGIN", "BEGIN;":
			b.transactions++
			writing = true
		case "COMMIT", "ROLLBACK":
			writing = false
		case "SELECT":
			if !writing {
				b.reads++
			}
		}
	}
	return b
}

func TestDatabaseBudgetOfEveryRequest(t *testing.T) {
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		b := s.newBrowser()
		plain := request("photoprint", "scope", "email")
		s.allowIn(b, "ana@example.com", plain) // sessions, decisions and caches are warm
		s.allowIn(b, "ana@example.com", request("photoprint"))
		measure := func(name string, want budget, do func()) {
			t.Run(name, func(t *testing.T) {
				s.count.reset()
				do()
				statements := s.count.seen()
				require.Equal(t, want, work(statements), strings.Join(statements, "\n"))
			})
		}
		var code, access, refresh string
		measure("authorize, signed in and decided", budget{2, 1}, func() {
			code = callback(t, b.authorize(request("photoprint"))).Get("code")
		})
		measure("code exchange", budget{1, 1}, func() {
			tokens := s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t)
			access, refresh = tokens["access_token"].(string), tokens["refresh_token"].(string)
		})
		measure("refresh", budget{1, 1}, func() {
			require.Equal(t, 200, s.post("/oauth2/token", "photoprint", refreshForm(refresh)).StatusCode)
		})
		measure("introspection", budget{1, 0}, func() { require.True(t, s.active("photoprint", access)) })
		measure("userinfo", budget{2, 0}, func() { require.Equal(t, 200, s.userinfo(access).StatusCode) })
		measure("client credentials", budget{0, 1}, func() {
			require.Equal(t, 200, s.post("/oauth2/token", "photoprint", url.Values{"grant_type": {"client_credentials"}}).StatusCode)
		})
		forged := access[:len(access)-4] + "AAAA"
		measure("introspection of a forged token", budget{0, 0}, func() { require.False(t, s.active("photoprint", forged)) })
		measure("userinfo with a forged token", budget{0, 0}, func() { require.Equal(t, 401, s.userinfo(forged).StatusCode) })
		measure("refresh of a forged token", budget{0, 0}, func() {
			require.Equal(t, 400, s.post("/oauth2/token", "photoprint", refreshForm(forged)).StatusCode)
		})
		measure("exchange of a malformed code", budget{0, 0}, func() {
			require.Equal(t, 400, s.post("/oauth2/token", "photoprint", exchangeForm("abc")).StatusCode)
		})
		measure("an authorize of a browser that has not signed in", budget{0, 0}, func() {
			require.Contains(t, s.newBrowser().authorize(request("photoprint")).Header.Get("Location"), "/login")
		})
	})
}
