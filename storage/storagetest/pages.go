package storagetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// pages are the promises about lists that are read a part at a time.
func pages() []contract {
	return []contract{
		{"who pages through a list sees what stays once, whatever is added and removed meanwhile", provesStablePages},
		{"clients are found by their names of now, whatever case, accents and script", provesWords},
		{"the queue has what is submitted, since when it is, and loses what is not any more", provesQueue},
		{"events are listed by when they happened, however late they were stored", func(t *testing.T, s storage.Store) {
			var want []string
			for _, minutes := range []int{30, 10, 20, 10} {
				e := deed("client.look", fmt.Sprint(minutes))
				e.ID, e.At = timeID(), moment.Add(time.Duration(minutes)*time.Minute)
				require.NoError(t, s.Record(storage.Audited(t.Context(), e)))
				want = append(want, e.ID)
			}
			want = []string{want[0], want[2], want[3], want[1]} // of two at the same moment the later ID is the newer
			require.Equal(t, want, walk(t, auditPages(t, s), nil))
			none, err := s.AuditEvents(t.Context(), storage.AuditFilter{}, "unknown", 10)
			require.NoError(t, err)
			require.Empty(t, none)
		}},
		{"an owner's grants come in the order of their clients", func(t *testing.T, s storage.Store) {
			u := person(t, s)
			var want []string
			for range 3 {
				g := grantOf(u.ID, id())
				apply(t, s, storage.SaveGrant{Grant: g})
				want = append(want, g.ClientID)
			}
			slices.Sort(want)
			apply(t, s, storage.SaveGrant{Grant: grantOf(person(t, s).ID, id())})
			for _, limit := range []int{1, 2, 10} {
				var got []string
				for after := ""; ; {
					page, err := s.OwnedGrants(t.Context(), storage.Owner{UserID: u.ID}, after, limit)
					require.NoError(t, err)
					if len(page) == 0 {
						break
					}
					for _, g := range page {
						require.NotEmpty(t, g.Decisions)
						got, after = append(got, g.ClientID), g.ClientID
					}
				}
				require.Equal(t, want, got)
			}
		}},
	}
}

// A pager returns the next part of a list: what of each item stays when others come and go, and the cursor of its last.
type pager func(after string) (items []string, next string, err error)

// walk reads a list to its end and calls between after each part, if it is not nil.
func walk(t *testing.T, read pager, between func()) (all []string) {
	t.Helper()
	for after := ""; ; {
		items, next, err := read(after)
		require.NoError(t, err)
		if len(items) == 0 {
			return all
		}
		all, after = append(all, items...), next
		if between != nil {
			between()
		}
	}
}

// pagerOf makes a pager of parts of two.
func pagerOf[T any](read func(after string, limit int) ([]T, error), id, cursor func(T) string) pager {
	return func(after string) ([]string, string, error) {
		page, err := read(after, 2)
		if err != nil || len(page) == 0 {
			return nil, "", err
		}
		return ids(page, id), cursor(page[len(page)-1]), nil
	}
}

func auditPages(t *testing.T, s storage.Store) pager {
	id := func(e storage.AuditEvent) string { return e.ID }
	return pagerOf(func(before string, limit int) ([]storage.AuditEvent, error) {
		return s.AuditEvents(t.Context(), storage.AuditFilter{}, before, limit)
	}, id, id)
}

func clientPages(t *testing.T, s storage.Store, q storage.ClientQuery) pager {
	id := func(c storage.Client) string { return c.ID }
	return pagerOf(func(after string, limit int) ([]storage.Client, error) {
		return s.FindClients(t.Context(), q, after, limit)
	}, id, id)
}

func userPages(t *testing.T, s storage.Store, q storage.UserQuery, cursor func(storage.User) string) pager {
	return pagerOf(func(after string, limit int) ([]storage.User, error) {
		return s.FindUsers(t.Context(), q, after, limit)
	},
		func(u storage.User) string { return u.ID }, cursor)
}

// queuePages reads the queue; a cursor is a time and an ID.
func queuePages(t *testing.T, s storage.Store) pager {
	var place storage.QueuePlace
	return func(after string) ([]string, string, error) {
		if after == "" {
			place = storage.QueuePlace{}
		}
		page, err := s.ReviewQueue(t.Context(), place, 2)
		if len(page) > 0 {
			place = page[len(page)-1].QueuePlace
		}
		return ids(page, func(q storage.Queued) string { return q.ClientID }), place.ClientID, err
	}
}

// paged is a list, and how it gets an item more and one less.
type paged struct {
	read   pager
	add    func() (key string)
	remove func(key string) // nil: nothing is ever removed
}

// lists of everything that can be paged through; each has items of its own only.
func pagedLists(t *testing.T, s storage.Store) map[string]paged {
	client := func(status string) func() string {
		return func() string {
			c := storage.Client{ID: id(), Name: "Photo " + id(), PublisherID: "printco", Status: status, CreatedAt: moment, UpdatedAt: moment}
			require.NoError(t, s.CreateClient(t.Context(), c))
			return c.ID
		}
	}
	dropClient := func(id string) { require.NoError(t, s.DeleteClient(t.Context(), id)) }
	addUser := func() string {
		u := storage.User{ID: id(), Email: "p" + id() + "@example.com", CompanyID: "acme", CreatedAt: moment, UpdatedAt: moment}
		require.NoError(t, s.CreateUser(t.Context(), u))
		return u.ID
	}
	userID, email := func(u storage.User) string { return u.ID }, func(u storage.User) string { return u.Email }
	owner := storage.Owner{CompanyID: "acme"}
	grantKey := func(g storage.Grant) string { return g.ID }
	grant := func() string {
		g := grantOf("", id())
		g.Owner = owner
		apply(t, s, storage.SaveGrant{Grant: g})
		return g.ID
	}
	endGrant := func(id string) { apply(t, s, storage.EndGrant{ID: id, At: moment}) }
	return map[string]paged{
		"clients":              {clientPages(t, s, storage.ClientQuery{}), client("draft"), dropClient},
		"clients by status":    {clientPages(t, s, storage.ClientQuery{Status: "rejected"}), client("rejected"), dropClient},
		"clients by publisher": {clientPages(t, s, storage.ClientQuery{Publishers: []string{"printco"}}), client("draft"), dropClient},
		"clients by name":      {clientPages(t, s, storage.ClientQuery{Search: "photo"}), client("draft"), dropClient},
		"queue":                {queuePages(t, s), client("submitted"), dropClient},
		"users":                {userPages(t, s, storage.UserQuery{}, userID), addUser, nil},
		"users by company":     {userPages(t, s, storage.UserQuery{CompanyID: "acme"}, userID), addUser, nil},
		"users by e-mail":      {userPages(t, s, storage.UserQuery{Search: "p"}, email), addUser, nil},
		"users by both":        {userPages(t, s, storage.UserQuery{Search: "p", CompanyID: "acme"}, email), addUser, nil},
		"grants": {pagerOf(func(after string, limit int) ([]storage.Grant, error) {
			return s.AllGrants(t.Context(), after, limit)
		}, grantKey, grantKey), grant, endGrant},
		"an owner's grants": {pagerOf(func(after string, limit int) ([]storage.Grant, error) {
			return s.OwnedGrants(t.Context(), owner, after, limit)
		}, grantKey, func(g storage.Grant) string { return g.ClientID }), grant, endGrant},
		"events": {auditPages(t, s), func() string {
			e := deed("client.look", id())
			e.ID, e.At = timeID(), time.Now()
			require.NoError(t, s.Record(storage.Audited(t.Context(), e)))
			return e.ID
		}, nil},
	}
}

func provesStablePages(t *testing.T, s storage.Store) {
	for name, list := range pagedLists(t, s) {
		before := walk(t, list.read, nil)
		for _, key := range before {
			if list.remove != nil {
				list.remove(key)
			}
		}
		var stay, passing []string
		for i := range 9 {
			key := list.add()
			if i%3 == 2 {
				passing = append(passing, key)
				continue
			}
			stay = append(stay, key)
		}
		got := walk(t, list.read, func() {
			if len(passing) == 0 {
				return
			}
			list.add()
			if list.remove != nil {
				list.remove(passing[0])
			}
			passing = passing[1:]
		})
		require.Subset(t, got, stay, name)
		slices.Sort(got)
		require.Equal(t, got, slices.Compact(slices.Clone(got)), "%s: something came twice", name)
	}
}

func provesWords(t *testing.T, s storage.Store) {
	c := storage.Client{
		ID: "Photo-Print", Name: "Café Ünïted", Names: map[string]string{"ja": "写真印刷サービス", "es": "Fotos"}, Status: "draft",
		CreatedAt: moment, UpdatedAt: moment,
	}
	require.NoError(t, s.CreateClient(t.Context(), c))
	finds := func(search string) bool {
		found, err := s.FindClients(t.Context(), storage.ClientQuery{Search: search}, "", 10)
		require.NoError(t, err)
		return len(found) == 1
	}
	for _, search := range []string{"photo", "PHOTO-PR", "cafe", "CAFÉ", "united café", "ｃａｆ", "写真", "印刷サ", "ビス", " fot "} {
		require.True(t, finds(search), search)
	}
	for _, search := range []string{"print", "afé", "cafés", "写印", "united fotograf", "!"} {
		require.False(t, finds(search), search)
	}
	was := c.UpdatedAt
	c.Name, c.Names, c.UpdatedAt = "Album", nil, was.Add(time.Second)
	require.NoError(t, s.UpdateClient(t.Context(), c, was))
	require.True(t, finds("alb"))
	require.False(t, finds("cafe"))
	require.NoError(t, s.DeleteClient(t.Context(), c.ID))
	require.False(t, finds("alb"))
}

func provesQueue(t *testing.T, s storage.Store) {
	queue := func() (all []storage.Queued) {
		all, err := s.ReviewQueue(t.Context(), storage.QueuePlace{}, 10)
		require.NoError(t, err)
		return all
	}
	later := moment.Add(time.Minute)
	live := registered(t, s)
	v := versionOf(live, storage.StatusDraft)
	require.NoError(t, s.ApplyReview(t.Context(), storage.Review{Version: &v}))
	own := fullClient()
	own.Status = storage.StatusSubmitted
	require.NoError(t, s.CreateClient(t.Context(), own))
	require.Equal(t, []storage.Queued{{QueuePlace: storage.QueuePlace{Since: moment, ClientID: own.ID}, Client: own}}, queue())

	was := v.UpdatedAt
	v.Status, v.UpdatedAt = storage.StatusSubmitted, later
	require.NoError(t, s.ApplyReview(t.Context(), storage.Review{Version: &v, VersionWas: was}))
	was = own.UpdatedAt
	own.Contacts, own.UpdatedAt = nil, later.Add(time.Minute)
	require.NoError(t, s.UpdateClient(t.Context(), own, was))
	require.Equal(t, []storage.Queued{
		{QueuePlace: storage.QueuePlace{Since: moment, ClientID: own.ID}, Client: own},
		{QueuePlace: storage.QueuePlace{Since: later, ClientID: live.ID}, Client: live, Version: &v},
	}, queue(), "a change of what waits moves it nowhere")

	was = own.UpdatedAt
	own.Status, own.UpdatedAt = storage.StatusChangesRequested, was.Add(time.Minute)
	require.NoError(t, s.UpdateClient(t.Context(), own, was))
	require.Len(t, queue(), 1)
	was = own.UpdatedAt
	own.Status, own.UpdatedAt = storage.StatusSubmitted, was.Add(time.Minute)
	require.NoError(t, s.UpdateClient(t.Context(), own, was))
	require.Equal(t, own.UpdatedAt, queue()[1].Since, "it waits anew")
}
