package main

import (
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// A developer makes the keys of their programs at /developer/keys.

func TestADeveloperMakesAKeyThatIsShownOnceAndRemovesIt(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	theirs := s.person("dev@example.com", "", storage.RoleDeveloper)
	s.key(theirs, "*")
	b := s.aDeveloper("ana@example.com", "printco")
	page := b.get("/developer/keys")
	require.NotContains(t, page.body, `value="user.read"`, "rights that developers do not have are not offered")
	require.NotContains(t, page.body, `<h2 class="what"`, "the keys of others are not shown")

	none := b.press(page, "new", "create", "name", "CI")
	require.Equal(t, http.StatusUnprocessableEntity, none.StatusCode)
	require.Contains(t, none.body, "name what the key may do")
	require.Contains(t, none.body, `value="CI"`, "what was typed is there again")
	more := b.press(page, "new", "create", "name", "CI", "rights", "user.read")
	require.Equal(t, http.StatusUnprocessableEntity, more.StatusCode, "the offer is not the rule")

	made := b.press(page, "new", "create", "name", "CI", "rights", "client.read", "expires_at", s.now().AddDate(0, 1, 0).Format(time.DateOnly))
	require.Equal(t, http.StatusOK, made.StatusCode, made.body)
	value := regexp.MustCompile(`gak_[A-Za-z0-9_-]+`).FindString(made.body)
	s.api(value, "GET", "/clients", nil).require(t, 200)
	s.api(value, "GET", "/publishers", nil).require(t, 403)
	again := b.get("/developer/keys")
	require.NotContains(t, again.body, value)

	form := regexp.MustCompile(`id="(key-[^"]+)"`).FindStringSubmatch(again.body)
	require.NotNil(t, form)
	require.Equal(t, http.StatusSeeOther, b.press(again, form[1], "delete").StatusCode)
	s.api(value, "GET", "/clients", nil).require(t, 401)
	s.logLacks(value)
}
