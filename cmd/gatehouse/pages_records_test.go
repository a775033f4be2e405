package main

import (
	"net/url"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/admin"
	"gatehouse/registry"
	"gatehouse/storage"
)

// subject is the record that a page or form is about.
type subject struct {
	in string // the ID in the page's path
	id string // of the record itself, which a list shows
	// remove takes it away again, where more of its kind would be in the way of what comes after.
	remove func()
}

// statusFor is the status of a mini app that a capability is tried on.
func statusFor(c admin.Capability) string {
	switch c {
	case admin.ClientApprove, admin.ClientRequestChanges, admin.ClientReject, admin.ClientComment, admin.ReviewRead:
		return storage.StatusSubmitted
	case admin.ClientReinstate:
		return storage.StatusSuspended
	case admin.ClientSubmit, admin.ClientUpdate:
		return storage.StatusDraft
	}
	return storage.StatusApproved
}

// subject makes a record that an act can be done to, of whom owner says, for whoever asks to use.
func (o *owned) subject(a act, owner string, asks storage.User) subject {
	o.t.Helper()
	c := a.capability
	ctx, id := o.t.Context(), registry.GenerateID()
	kind, action, _ := strings.Cut(string(c), ".")
	switch kind {
	case "client", "review":
		app := storage.Client{
			ID: id, Name: "App " + id, PublisherID: o.publisher[owner], Status: statusFor(c), RedirectURIs: []string{testCallback},
			Scopes: []storage.ClientScope{{Name: "openid"}, {Name: "email", Purpose: map[string]string{"en": "to send your order status"}}},
		}
		if c == admin.ClientRevokeRegistration {
			require.NoError(o.t, o.store.RegisterClient(ctx, registry.Defaults(app), storage.Registration{ClientID: id, Hash: []byte(id)}, o.now()))
			break
		}
		o.register(app)
		if c == admin.ClientDiscard {
			live, err := o.store.Client(ctx, id)
			require.NoError(o.t, err)
			v := storage.ClientVersion{ID: id, ClientID: id, Status: storage.StatusDraft, Client: live, CreatedAt: o.now(), UpdatedAt: o.now()}
			require.NoError(o.t, o.store.ApplyReview(ctx, storage.Review{Version: &v}))
		}
	case "publisher":
		require.NoError(o.t, o.store.SavePublisher(ctx, storage.Publisher{ID: id, Name: id, Verified: a.action == "unverify"}))
	case "test-user":
		publisher := o.publisher[owner]
		return subject{publisher, o.tester("{user_id}", publisher), func() { o.withoutTesters(publisher) }}
	case "company":
		if c == admin.CompanyRead && owner == "own" {
			return subject{in: o.company[owner], id: o.company[owner]}
		}
		require.NoError(o.t, o.store.SaveCompany(ctx, storage.Company{ID: id, Name: id}))
	case "user":
		u := o.person(strings.ToLower(id)+"@example.com", o.company[owner])
		require.NoError(o.t, o.store.SetDisabled(ctx, u.ID, c == admin.UserEnable, o.now()))
		return subject{in: u.ID, id: u.ID}
	case "session":
		u := o.person(strings.ToLower(id)+"@example.com", o.company[owner])
		started := storage.Session{ID: id, UserID: u.ID, CreatedAt: o.now(), ExpiresAt: o.now().Add(time.Hour)}
		require.NoError(o.t, o.store.Apply(ctx, storage.Unit{storage.StartSession{Session: started}}))
		return subject{in: u.ID, id: id}
	case "api-key":
		if owner == "other" {
			asks = o.users["somebody@example.com"]
		}
		require.NoError(o.t, o.store.CreateAPIKey(ctx, storage.APIKey{ID: id, UserID: asks.ID, CreatedAt: o.now()}))
	case "delivery":
		id = o.record("deliveries", owner, asks)
		if action == "retry" {
			d, err := o.store.Delivery(ctx, id)
			require.NoError(o.t, err)
			leased, err := o.store.LeaseDelivery(ctx, d.ClientID, o.now(), o.now().Add(time.Minute).Truncate(time.Microsecond))
			require.NoError(o.t, err)
			dead := leased
			dead.State, dead.SettledAt, dead.Failure = storage.DeliveryDead, o.now(), "no answer"
			require.NoError(o.t, o.store.SettleDelivery(ctx, leased, dead))
		}
	default: // grant, initial-access-token, scope; of the others there is one, or none
		id = o.record(kind+"s", owner, asks)
	}
	return subject{in: id, id: id}
}

// withoutTesters deletes the test people of a publisher, who are only so many.
func (o *owned) withoutTesters(publisher string) {
	o.t.Helper()
	found, err := o.store.FindUsers(o.t.Context(), storage.UserQuery{TestPublisher: publisher}, "", 50)
	require.NoError(o.t, err)
	for _, u := range found {
		require.NoError(o.t, o.store.DeleteTestUser(o.t.Context(), u.ID, o.now()))
	}
}

// filledIn is what somebody types into the form of an act, beside what is in it.
func (o *owned) filledIn(a act, owner string, asks storage.User, s subject) url.Values {
	fresh := strings.ToLower(registry.GenerateID())
	v := url.Values{}
	switch a.capability {
	case admin.ClientRequestChanges, admin.ClientReject, admin.ClientSuspend, admin.ClientArchive, admin.ClientComment:
		v.Set("comment", "It is a test.")
	case admin.ClientEvaluate:
		v.Set("client_id", s.id)
	case admin.ClientCreate:
		v.Set("name", "App "+fresh)
		v.Set("publisher", o.publisher[owner])
		if a.face == "console" {
			v.Set("redirect_uris", "https://"+fresh+".example/cb")
		}
	case admin.ClientUpdate:
		v.Set("name", "App "+fresh)
		v.Set("redirect_uris", "https://"+fresh+".example/cb")
		v.Set("subject_type", "pairwise")
	case admin.ClientRead: // a redirect URI is tried
		v.Set("test", testCallback)
	case admin.UserUpdate:
		v.Set("first_name", "Nia")
	case admin.UserSetPassword:
		v.Set("password", "another horse battery staple")
	case admin.UserCreate:
		v.Set("email", fresh+"@example.com")
	case admin.PublisherSave, admin.CompanySave:
		v.Set("id", fresh)
		v.Set("name", "The name "+fresh)
	case admin.ScopeSave:
		v.Set("name", "a"+fresh)
		v.Set("title.en", "The title "+fresh)
	case admin.InitialTokenCreate, admin.APIKeyCreate:
		v.Set("name", fresh)
		v.Set("rights", string(admin.ClientRead))
		if a.face == "console" && a.capability == admin.APIKeyCreate {
			v.Set("user_id", map[string]string{"own": asks.ID, "other": o.users["somebody@example.com"].ID}[owner])
		}
	case admin.TestUserCreate:
		v.Set("publisher", s.in)
	}
	return v
}
