package main

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"gatehouse/admin"
	"gatehouse/storage"
)

// Who is out of the pages though they have been in a moment ago, and what no other site can do in somebody's name.

// masters are who may do everything on the pages of a face, to their own.
var masters = map[string]string{"console": storage.RoleAdmin, "portal": storage.RoleDeveloper}

func (v *visitors) whatWantsANewSignIn() {
	v.t.Helper()
	v.t.Log("stale")
	v.forward(admin.RecentFor + time.Second)
	defer v.forward(-admin.RecentFor - time.Second)
	for _, a := range readActs(v.t) {
		if a.method != http.MethodPost || !slices.Contains(v.matrix.Recent, a.capability) {
			continue
		}
		role := masters[a.face]
		s := v.subject(a, "own", v.people[role])
		target, values, offered := v.form(v.browsers[role], a, "own", v.people[role], s)
		require.True(v.t, offered, "%s: the page says that it can be done after a new sign-in", a)
		v.forget()
		done := v.browsers[role].submit(target, values)
		assert.Equal(v.t, http.StatusForbidden, done.StatusCode, "%s: %s", a, done.body)
		assert.Contains(v.t, done.body, `id="sign-in-again"`, a)
		assert.Empty(v.t, v.noticed(), a)
		if s.remove != nil {
			s.remove()
		}
	}
}

func (v *visitors) whoIsOut() {
	v.t.Helper()
	acts := readActs(v.t)
	for face, role := range masters {
		u, b := v.visitor("late-"+role+"@example.com", role)
		start := map[string]string{"console": "/admin/apps", "portal": "/developer"}[face]
		require.Equal(v.t, http.StatusOK, b.get(start).StatusCode)
		v.give(u.Email)
		v.refusedEverywhere("without the role", b, face, acts, u)
		v.give(u.Email, role)
		require.Equal(v.t, http.StatusOK, b.get(start).StatusCode)
		require.NoError(v.t, v.store.SetDisabled(v.t.Context(), u.ID, true, v.now()))
		v.refusedEverywhere("disabled", b, face, acts, u)

		handed := v.newBrowser()
		host := v.backend("host")
		vouched := host.knows(`{"external_id":"` + role + `","email":"handed-` + role + `@example.com"}`)
		require.Equal(v.t, http.StatusSeeOther, handed.get(host.handsOver(role, "/account")).StatusCode)
		v.give(vouched.Email, role)
		v.refusedEverywhere("vouched for by the host", handed, face, acts, vouched)
	}
}

// formsOfOthers posts every form without its seal, and with those of others: another person's, another browser's, another room's.
func (v *visitors) formsOfOthers() {
	v.t.Helper()
	for face, role := range masters {
		b := v.browsers[role]
		elsewhere := v.newBrowser() // of the same person
		require.Equal(v.t, http.StatusOK, elsewhere.signIn(elsewhere.get("/account"), v.people[role].Email).StatusCode)
		start := map[string]string{"console": "/admin", "portal": "/developer"}[face]
		_, another := v.visitor("another-"+role+"@example.com", storage.RoleReviewer, storage.RoleDeveloper)
		_, account := formOf(v.t, b.get("/account"), "profile")
		seals := map[string]string{"none": "", "another browser's": elsewhere.sealOf(start), "another person's": another.sealOf("/admin"), "the account's": account.Get("interaction")}
		for name, seal := range seals {
			require.Equal(v.t, name == "none", seal == "", name)
		}
		for _, a := range readActs(v.t) {
			if a.face != face || a.method != http.MethodPost {
				continue
			}
			s := v.subject(a, "own", v.people[role])
			target, values, offered := v.form(b, a, "own", v.people[role], s)
			require.True(v.t, offered, a)
			require.NotEmpty(v.t, values.Get("interaction"), "%s: the form has a seal", a)
			for name, seal := range seals {
				values.Set("interaction", seal)
				v.forget()
				done := b.submit(target, values)
				assert.Equal(v.t, http.StatusForbidden, done.StatusCode, "%s: %s: %s", a, name, gist(done))
				assert.Contains(v.t, done.body, `id="send-again"`, "%s: %s", a, name)
				assert.Empty(v.t, v.noticed(), "%s: %s", a, name)
			}
			if s.remove != nil {
				s.remove()
			}
		}
	}
}

func (v *visitors) otherOrigins() {
	v.t.Helper()
	for _, a := range readActs(v.t) {
		if a.method != http.MethodPost {
			continue
		}
		role := masters[a.face]
		s := v.subject(a, "own", v.people[role])
		target, values, _ := v.form(v.browsers[role], a, "own", v.people[role], s)
		for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
			r, err := http.NewRequest(http.MethodPost, v.absolute(target), strings.NewReader(values.Encode()))
			require.NoError(v.t, err)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set(name, value)
			v.forget()
			assert.Equal(v.t, http.StatusForbidden, do(v.t, v.browsers[role].Client, r).StatusCode, "%s: %s", a, name)
			assert.Empty(v.t, v.noticed(), "%s: %s", a, name)
		}
		body, media := multipartForm(v.t, values, "logo", nil)
		r, err := http.NewRequest(http.MethodPost, v.absolute(target), strings.NewReader(string(body)))
		require.NoError(v.t, err)
		r.Header.Set("Content-Type", media)
		r.Header.Set("Sec-Fetch-Site", "same-site")
		assert.Equal(v.t, http.StatusForbidden, do(v.t, v.browsers[role].Client, r).StatusCode, a)
		assert.Empty(v.t, v.noticed(), a)
		if s.remove != nil {
			s.remove()
		}
	}
}
