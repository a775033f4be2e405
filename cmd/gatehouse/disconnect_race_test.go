package main

import (
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// A change that takes something away puts another grant in the place of the one that there was. In 200 rounds every such
// change there is comes at the same moment as the button that disconnects the mini app.
func TestDisconnectOnThePageWinsAgainstWhateverReplacesTheGrant(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		m := newManaged(t, dsn)
		h := m.hostApp("ana@example.com")
		r := replacer{m, m.newBrowser(), func() answer {
			return h.call(http.MethodPut, "/apps/tpp/sharing", `{"decision":"allow","scopes":["openid","email"]}`)
		}}
		won := map[string]int{}
		for n := range 60 {
			won[r.round(n)]++
		}
		t.Log(won)
		require.Greater(t, len(won), 1, "it is a race: %v", won)
	})
}

// replacer is a person who disconnects a mini app while everybody else changes its grant.
type replacer struct {
	*managed
	b        *browser
	narrowed func() answer // the host app stores a smaller allow
}

// round says which of the others came before the button. Afterwards nothing that the mini app got before is alive, and the
// grant has ended for good: only the host app's allow may have made another, which no longer goes by its name.
func (r replacer) round(n int) (before string) {
	t := r.t
	asked := []string{"scope", "openid email phone", "grant_management_action"}
	code, _ := r.allowIn(r.b, "ana@example.com", request("tpp", append(asked, "create")...))
	first := r.post("/oauth2/token", "tpp", exchangeForm(code)).json(t)
	id := first["grant_id"].(string)
	codeFor := func(action string) string {
		return callback(t, r.b.authorize(request("tpp", append(asked, action, "grant_id", id)...))).Get("code")
	}
	exchange := func(code string) func() answer {
		return func() answer { return r.post("/oauth2/token", "tpp", exchangeForm(code)) }
	}
	names := []string{"disconnect", "withdraw", "merge", "replace", "refresh", "put"}
	acts := []func() answer{
		r.b.pressing("tpp", "disconnect", ""), r.b.pressing("tpp", "withdraw", "phone"),
		exchange(codeFor("merge")), exchange(codeFor("replace")),
		func() answer { return r.post("/oauth2/token", "tpp", refreshForm(first["refresh_token"].(string))) },
		r.narrowed,
	}
	if n%2 == 0 { // so that in every other round nobody may allow anything anew
		names, acts = names[:5], acts[:5]
	}
	answers := make([]answer, len(acts))
	var group sync.WaitGroup
	for i, act := range acts {
		group.Go(func() {
			time.Sleep(time.Duration((n*7+i*13)%11) * 200 * time.Microsecond)
			answers[i] = act()
		})
	}
	group.Wait()
	for i, a := range answers {
		require.Less(t, a.StatusCode, 500, "%s: %s", names[i], a.body)
	}
	require.Equal(t, http.StatusSeeOther, answers[0].StatusCode, answers[0].body)

	tokens := []any{first["access_token"], first["refresh_token"]}
	for i, a := range answers[2:5] {
		if a.StatusCode == http.StatusOK {
			tokens = append(tokens, a.json(t)["access_token"], a.json(t)["refresh_token"])
			before += names[i+2] + " "
		}
	}
	for _, token := range tokens {
		require.False(t, r.active("tpp", token), "round %d: a token outlived the disconnect", n)
	}
	g, err := r.store.Grant(t.Context(), storage.Owner{UserID: r.users["ana@example.com"].ID}, "tpp")
	if errors.Is(err, storage.ErrNotFound) {
		return before
	}
	require.NoError(t, err)
	require.Zero(t, n%2-1, "round %d: the grant outlived the disconnect", n)
	require.NotEqual(t, id, g.PublicID(), "round %d: the grant outlived the disconnect", n)
	r.b.atApps("tpp", "disconnect")
	return before + "and allowed again"
}

// pressing opens the connected apps, and returns how to press a button of a mini app there.
func (b *browser) pressing(app, action, scope string) func() answer {
	b.s.t.Helper()
	target, form := formOf(b.s.t, b.get("/account/apps"), "app-"+app)
	form.Set("action", action)
	if scope != "" {
		form.Set("scope", scope)
	}
	return func() answer { return b.submit(target, form) }
}

// Who lets an app ask again forgets what they denied, and nothing that they allow at that moment.
func TestAskMeAgainLeavesAnAllowOfTheSameMomentAlone(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		b, h := s.newBrowser(), s.hostApp("ana@example.com")
		s.allowIn(b, "ana@example.com", request("other")) // signed in
		for n := range 40 {
			h.decides("photoprint", `{"decision":"deny"}`)
			ask := b.pressing("photoprint", "clear", "")
			var group sync.WaitGroup
			group.Go(func() {
				time.Sleep(time.Duration(n%8) * 150 * time.Microsecond)
				require.Equal(t, http.StatusSeeOther, ask().StatusCode)
			})
			allowed := h.call(http.MethodPut, "/apps/photoprint/sharing", `{"decision":"allow","scopes":["openid","email"]}`)
			group.Wait()
			require.Equal(t, http.StatusOK, allowed.StatusCode, allowed.body)
			require.Equal(t, true, h.get("/apps/photoprint/sharing")["allowed"], "round %d", n)
			h.forgets("photoprint")
		}
	})
}

// The other button of the page, pressed in another tab.
func TestNoChangeOnThePageFailsBecauseOfAnother(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		b, h := s.newBrowser(), s.hostApp("ana@example.com")
		all := `{"decision":"allow","scopes":["openid","email","points_read"]}`
		s.allowIn(b, "ana@example.com", request("photoprint", "scope", "openid email points_read"))
		for range 10 {
			h.decides("photoprint", all)
			withdraw := b.pressing("photoprint", "withdraw", "points_read")
			acts := []func() answer{withdraw}
			for range 8 {
				acts = append(acts, func() answer { return h.call(http.MethodPut, "/apps/photoprint/sharing", all) })
			}
			for _, a := range atOnce(acts...) {
				require.Contains(t, []int{http.StatusOK, http.StatusSeeOther}, a.StatusCode, a.body)
			}
		}
	})
}
