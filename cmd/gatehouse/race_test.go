package main

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// slow is what every statement takes in these tests: a race that a fast database hides shows with a slow one (F2).
const slow = 20 * time.Millisecond

// together sends n requests at the same moment.
func together(n int, send func() answer) []answer {
	return atOnce(slices.Repeat([]func() answer{send}, n)...)
}

// atOnce sends different requests at the same moment; the answers are in their order.
func atOnce(send ...func() answer) []answer {
	answers := make([]answer, len(send))
	start := make(chan struct{})
	var group sync.WaitGroup
	for i, f := range send {
		group.Go(func() {
			<-start
			answers[i] = f()
		})
	}
	close(start)
	group.Wait()
	return answers
}

// tally sorts answers into good ones and refusals, and fails for anything but 200 and invalid_grant.
func tally(t *testing.T, answers []answer) (good []map[string]any, refused int) {
	t.Helper()
	for _, a := range answers {
		switch a.StatusCode {
		case http.StatusOK:
			good = append(good, a.json(t))
		case http.StatusBadRequest:
			require.Equal(t, "invalid_grant", a.json(t)["error"])
			refused++
		default:
			t.Fatalf("status %d: %s", a.StatusCode, a.body)
		}
	}
	return good, refused
}

func TestOfSimultaneousExchangesOfOneCodeOneSucceeds(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		code := s.allow("ana@example.com", request("photoprint"))
		s.count.delay.Store(int64(slow))
		good, refused := tally(t, together(30, func() answer {
			return s.post("/oauth2/token", "photoprint", exchangeForm(code))
		}))
		s.count.delay.Store(0)
		require.Len(t, good, 1)
		require.Equal(t, 29, refused)
		require.False(t, s.active("photoprint", good[0]["access_token"]), "the others are replays: the family is dead")
	})
}

func TestOfSimultaneousRefreshesThereIsOneChild(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		refresh := s.tokens("ana@example.com", "photoprint")["refresh_token"].(string)
		s.count.delay.Store(int64(slow))
		good, refused := tally(t, together(30, func() answer {
			return s.post("/oauth2/token", "photoprint", refreshForm(refresh))
		}))
		s.count.delay.Store(0)
		require.Zero(t, refused)
		for _, tokens := range good {
			require.Equal(t, good[0]["access_token"], tokens["access_token"], "the same pair for all")
			require.Equal(t, good[0]["refresh_token"], tokens["refresh_token"])
		}
		require.True(t, s.active("photoprint", good[0]["access_token"]))
	})
}

func TestWithoutAGraceOneOfSimultaneousRefreshesWins(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		refresh := s.tokens("ana@example.com", "no-grace")["refresh_token"].(string)
		s.count.delay.Store(int64(slow))
		good, refused := tally(t, together(30, func() answer {
			return s.post("/oauth2/token", "no-grace", refreshForm(refresh))
		}))
		s.count.delay.Store(0)
		require.Len(t, good, 1)
		require.Equal(t, 29, refused)
	})
}

// After the last answer nothing of a disconnected app is alive, whoever raced with whom.
func TestDisconnectWinsAgainstSimultaneousRefreshes(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		b := s.newBrowser()
		for range 10 {
			code, _ := s.allowIn(b, "ana@example.com", request("photoprint"))
			tokens := s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t)
			action, form := formOf(t, b.get("/account/apps"), "app-photoprint")
			form.Set("action", "disconnect")
			var group sync.WaitGroup
			group.Go(func() { b.submit(action, form) })
			answers := together(4, func() answer {
				return s.post("/oauth2/token", "photoprint", refreshForm(tokens["refresh_token"].(string)))
			})
			group.Wait()
			good, _ := tally(t, answers)
			for _, pair := range append(good, tokens) {
				require.False(t, s.active("photoprint", pair["access_token"]))
				require.False(t, s.active("photoprint", pair["refresh_token"]))
			}
		}
	})
}

func TestSimultaneousRevocationAndRefreshLeaveNothingAlive(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		for range 10 {
			tokens := s.tokens("ana@example.com", "photoprint")
			refresh := tokens["refresh_token"].(string)
			var group sync.WaitGroup
			group.Go(func() {
				a := s.post("/oauth2/revoke", "photoprint", url.Values{"token": {refresh}})
				require.Equal(t, http.StatusOK, a.StatusCode)
			})
			good, _ := tally(t, together(4, func() answer {
				return s.post("/oauth2/token", "photoprint", refreshForm(refresh))
			}))
			group.Wait()
			for _, pair := range good {
				require.False(t, s.active("photoprint", pair["access_token"]))
			}
		}
	})
}

// 200 rounds of everything that a person's browser and a mini app's server can do at once. Whoever comes last, what is alive
// reads no more than what is allowed, and of an app that is disconnected in the end nothing is alive.
func TestAnswersInTheBrowserRaceWithExchangesAndRefreshes(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		r := racer{s, s.newBrowser()}
		seen := map[string]int{}
		for range 200 {
			seen[r.round()]++
		}
		t.Log(seen)
		require.Greater(t, len(seen), 1, "it is a race: %v", seen)
	})
}

// racer is a person and their mini app in a hurry.
type racer struct {
	s *testServer
	b *browser
}

// round lets everything happen at once, and says how it ended.
func (r racer) round() string {
	t := r.s.t
	asked := request("photoprint", "scope", "openid email phone")
	code, _ := r.s.allowIn(r.b, "ana@example.com", asked)
	old := r.s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t)
	waiting := callback(t, r.b.authorize(asked)).Get("code")
	allow, allowLess, deny := r.answer("allow", "phone"), r.answer("allow"), r.answer("deny")
	disconnect := r.disconnect()
	answers := atOnce(
		allow, allowLess, deny, disconnect,
		func() answer { return r.exchanged(r.b.authorize(asked)) },
		func() answer { return r.s.post("/oauth2/token", "photoprint", exchangeForm(waiting)) },
		func() answer {
			return r.s.post("/oauth2/token", "photoprint", refreshForm(old["refresh_token"].(string)))
		},
	)
	tokens := []any{old["access_token"], old["refresh_token"]}
	for _, a := range answers {
		require.Contains(t, []int{200, 303, 400, 422}, a.StatusCode, a.body)
		if strings.HasPrefix(a.Header.Get("Content-Type"), "application/json") {
			if m := a.json(t); m["access_token"] != nil {
				tokens = append(tokens, m["access_token"], m["refresh_token"])
			} else {
				require.Equal(t, "invalid_grant", m["error"])
			}
		}
	}
	ended := r.requireNoMoreThanAllowed(tokens)
	if ended != "" { // somebody came after the one who disconnected it
		require.Equal(t, http.StatusSeeOther, disconnect().StatusCode)
	}
	for _, token := range tokens {
		require.False(t, r.s.active("photoprint", token), "nothing of a disconnected app is alive")
	}
	return ended
}

// requireNoMoreThanAllowed checks what is alive against what is on record, and says what that is.
func (r racer) requireNoMoreThanAllowed(tokens []any) string {
	t := r.s.t
	g, err := r.s.store.Grant(t.Context(), storage.Owner{UserID: r.s.users["ana@example.com"].ID}, "photoprint")
	if !errors.Is(err, storage.ErrNotFound) {
		require.NoError(t, err)
	}
	for _, token := range tokens {
		seen := r.s.post("/oauth2/introspect", "photoprint", url.Values{"token": {token.(string)}}).json(t)
		if seen["active"] == true {
			require.Subset(t, g.AllowedScopes(), strings.Fields(seen["scope"].(string)))
		}
	}
	return strings.Join(g.AllowedScopes(), " ")
}

// answer opens a consent page, and returns how to send its form and to go on as far as it leads.
func (r racer) answer(decision string, optional ...string) func() answer {
	r.s.t.Helper()
	page := r.b.get(r.b.authorize(request("photoprint", "scope", "openid email phone", "prompt", "consent")).Header.Get("Location"))
	action, form := formOf(r.s.t, page, "consent")
	form.Set("decision", decision)
	form["scope"] = optional
	return func() answer {
		a := r.b.submit(action, form)
		for range 3 { // drawn again for what is so now: a person who means it presses once more
			if a.StatusCode != http.StatusUnprocessableEntity {
				break
			}
			action, form := formOf(r.s.t, a, "consent")
			form.Set("decision", decision)
			form["scope"] = optional
			a = r.b.submit(action, form)
		}
		if a.StatusCode != http.StatusSeeOther {
			return a
		}
		return r.exchanged(r.b.get(a.Header.Get("Location")))
	}
}

// exchanged exchanges the code that an answer carries, if it carries one.
func (r racer) exchanged(a answer) answer {
	location, err := url.Parse(a.Header.Get("Location"))
	if code := location.Query().Get("code"); err == nil && code != "" {
		return r.s.post("/oauth2/token", "photoprint", exchangeForm(code))
	}
	return a
}

// disconnect opens the connected apps, and returns how to press the button.
func (r racer) disconnect() func() answer {
	action, form := formOf(r.s.t, r.b.get("/account/apps"), "app-photoprint")
	form.Set("action", "disconnect")
	return func() answer { return r.b.submit(action, form) }
}
