package admin

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/httpx"
	"gatehouse/registry"
	"gatehouse/storage"
)

// What programs do by RFC 7591 and RFC 7592. Who may is no role: it is whoever has the token, within what the token's record
// says.

const (
	// RegistrationTokenPrefix is what every registration access token begins with: gra_<secret>.
	RegistrationTokenPrefix = "gra_"

	// Without an initial access token a network address may try so often within a window.
	registrationWindow   = time.Hour
	registrationAttempts = 20
)

var (
	// ErrNoToken says that an initial access token is needed.
	ErrNoToken = errors.New("an initial access token is needed; ask who runs this server for one")
	// ErrNoRegistrationToken says that the token is needed which came with the registration (RFC 7592 §2).
	ErrNoRegistrationToken = errors.New("the registration_access_token of this mini app is needed; it was answered when the mini app was registered")
	// ErrToken says that an initial or a registration access token is not good.
	ErrToken = errors.New("the token is not good: it is another one's, was used up, or has expired")
)

// TooMany says that somebody has to wait.
type TooMany struct{ RetryAfter time.Duration }

func (e *TooMany) Error() string { return fmt.Sprintf("too many registrations, wait %s", e.RetryAfter) }

// Bearer is what a program shows, and where it is.
type Bearer struct {
	Token   string // an initial access token, or a registration access token; empty: none
	Address string
}

// Registered is a mini app that a program has registered. Both values are shown this once.
type Registered struct {
	Client            storage.Client
	Secret            string // empty for a public one
	RegistrationToken string
}

// Registrant is a program that may register a mini app.
type Registrant struct {
	by    Bearer
	token storage.InitialAccessToken // what it may register
}

// Registrant returns who registers by this token, or where open registration is on and there is none, by nobody's. ErrNoToken,
// ErrToken or *TooMany.
func (h *House) Registrant(ctx context.Context, by Bearer) (Registrant, error) {
	token, err := h.initialToken(ctx, by)
	return Registrant{by, token}, err
}

// RegisterClient registers a mini app as the initial access token says; without one it is submitted and has no publisher.
// ErrToken where the token was used up meanwhile, or as registry.Register; then nothing was stored.
func (h *House) RegisterClient(ctx context.Context, who Registrant, client storage.Client) (Registered, error) {
	by, token := who.by, who.token
	client.ID, client.PublisherID, client.Status = registry.GenerateID(), token.PublisherID, token.Status
	client.FirstParty, client.ResourceServer = false, false
	if client.Name == "" && client.Status == storage.StatusApproved {
		client.Name = hostOf(client) // people know it, unlike an ID (RFC 7591 §2); a reviewer would be asked to judge nothing
	}
	beyond := within(&client, token)
	done := Registered{RegistrationToken: RegistrationTokenPrefix + registry.GenerateSecret()}
	if !client.Public {
		done.Secret = registry.GenerateSecret()
		client.Secrets = []storage.ClientSecret{registry.NewSecret(registry.HashSecret(done.Secret), h.now())}
	}
	if err := h.Secrets.SealSettings(&client, nil); err != nil {
		return Registered{}, beyond.Merge(err)
	}
	h.Secrets.KeepSigninSecret(&client, done.Secret, nil)
	if len(beyond) > 0 {
		return Registered{}, beyond
	}
	client, err := h.Registry.CheckRegistration(ctx, client, token.Purposes)
	if err != nil {
		return done, err
	}
	c := Caller{Actor: registrant(client.ID, by)}
	ctx = h.audited(ctx, c, ClientCreate, clientKind, client.ID, "status", client.Status, "publisher", client.PublisherID, initialTokenKind, token.ID)
	done.Client, err = h.Registry.Register(ctx, client, storage.Registration{ClientID: client.ID, Hash: hashKey(done.RegistrationToken), TokenID: token.ID})
	if errors.Is(err, storage.ErrConflict) { // it was good when it was looked at
		err = ErrToken
	}
	return done, err
}

// hostOf is the host of the first redirect URI that has one, else the client ID.
func hostOf(c storage.Client) string {
	for _, uri := range c.RedirectURIs {
		if u, err := url.Parse(uri); err == nil && u.Hostname() != "" {
			return u.Hostname()
		}
	}
	return c.ID
}

// registrant is the actor: a mini app that a program registers acts for itself.
func registrant(clientID string, by Bearer) storage.Actor {
	return storage.Actor{Kind: storage.ActorClient, ID: clientID, Address: by.Address}
}

// initialToken returns the record of an initial access token, or what goes for nobody's.
func (h *House) initialToken(ctx context.Context, by Bearer) (storage.InitialAccessToken, error) {
	if by.Token == "" {
		if !h.OpenRegistration {
			return storage.InitialAccessToken{}, ErrNoToken
		}
		return storage.InitialAccessToken{Status: storage.StatusSubmitted}, h.limitRegistrations(ctx, by.Address)
	}
	rest, ours := strings.CutPrefix(by.Token, InitialTokenPrefix)
	id, _, _ := strings.Cut(rest, "_")
	if !ours {
		return storage.InitialAccessToken{}, ErrToken
	}
	t, err := h.Store.InitialAccessToken(ctx, id)
	switch {
	case isNotFound(err):
		return t, ErrToken
	case err != nil:
		return t, err
	case subtle.ConstantTimeCompare(t.Hash, hashKey(by.Token)) != 1, t.MaxUses > 0 && t.Uses >= t.MaxUses,
		!t.ExpiresAt.IsZero() && !h.Now().Before(t.ExpiresAt):
		return storage.InitialAccessToken{}, ErrToken
	}
	return t, nil
}

// limitRegistrations counts first and looks then, so that those who come at once are counted too.
func (h *House) limitRegistrations(ctx context.Context, address string) error {
	keys, since := []string{"registration from " + httpx.Network(address)}, h.Now().Add(-registrationWindow)
	if err := h.Store.CountFailure(ctx, keys, h.Now(), since); err != nil {
		return err
	}
	counts, err := h.Store.Failures(ctx, keys, since)
	if err == nil && counts[0] > registrationAttempts {
		return &TooMany{RetryAfter: registrationWindow}
	}
	return err
}

// within gives a client that names no scopes what its token gives, and returns what of the named ones the token does not allow.
func within(c *storage.Client, t storage.InitialAccessToken) registry.Problems {
	if len(c.Scopes) == 0 {
		names := t.Scopes
		if len(names) == 0 {
			names = []string{registry.ScopeOpenID}
		}
		for _, name := range names {
			c.Scopes = append(c.Scopes, storage.ClientScope{Name: name})
		}
		return nil
	}
	var p registry.Problems
	for i, s := range c.Scopes {
		if len(t.Scopes) > 0 && !slices.Contains(t.Scopes, s.Name) {
			p = append(p, registry.Problem{Field: fmt.Sprintf("scopes[%d].name", i), Text: fmt.Sprintf("%q is more than the initial access token allows; use %s", s.Name, strings.Join(t.Scopes, ", "))})
		}
	}
	return p
}

// RegisteredClient returns a mini app to whoever has its registration access token. ErrNoRegistrationToken without one, ErrToken for one that is not good: also
// where the mini app is gone or archived, which is what a program's DELETE leaves (RFC 7592 §2.1).
func (h *House) RegisteredClient(ctx context.Context, by Bearer, clientID string) (*registry.Work, error) {
	if by.Token == "" {
		return nil, ErrNoRegistrationToken
	}
	known, err := h.Store.Registration(ctx, clientID)
	if isNotFound(err) {
		err = ErrToken
	}
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(known.Hash, hashKey(by.Token)) != 1 {
		return nil, ErrToken
	}
	w, err := h.Registry.Work(ctx, clientID)
	if isNotFound(err) || err == nil && w.Live.Status == storage.StatusArchived {
		err = ErrToken
	}
	return w, err
}

// AmendClient replaces a registration by its registration access token. secret is the client_secret that was sent, which has to
// be one of the client's (RFC 7592 §2.2); empty where none was. Secrets of dialects that are not sent stay, since reading shows none.
// What needs a review waits for one. Errors as RegisteredClient
// and registry.Amend.
func (h *House) AmendClient(ctx context.Context, by Bearer, client storage.Client, secret string) (*registry.Work, error) {
	w, err := h.RegisteredClient(ctx, by, client.ID)
	if err != nil {
		return nil, err
	}
	if secret != "" && !hasSecret(w.Live, secret, h.Now()) {
		return nil, registry.Problems{{Field: "client_secret", Text: "is not the mini app's; it cannot be chosen, leave it out"}}
	}
	client.PublisherID, client.FirstParty, client.ResourceServer = w.Live.PublisherID, w.Live.FirstParty, w.Live.ResourceServer
	if len(client.Scopes) == 0 {
		client.Scopes = []storage.ClientScope{{Name: registry.ScopeOpenID}}
	}
	before := w.Proposed()
	if before.TokenEndpointAuthMethod == "" && client.TokenEndpointAuthMethod == registry.MethodBasic {
		client.TokenEndpointAuthMethod = "" // what is answered of one that may use post too, sent back
	}
	registry.KeepSecrets(&client, before)
	registry.KeepSecrets(&client, w.Live) // which is what was read
	if err := h.Secrets.SealSettings(&client, &before); err != nil {
		return nil, err
	}
	if err := h.Registry.Amend(ctx, registrant(client.ID, by), client, w.ETag()); err != nil {
		return nil, err
	}
	return h.Registry.Work(context.WithoutCancel(ctx), client.ID)
}

func hasSecret(c storage.Client, secret string, now time.Time) bool {
	return slices.ContainsFunc(c.Secrets, func(s storage.ClientSecret) bool {
		return (s.ExpiresAt.IsZero() || now.Before(s.ExpiresAt)) && registry.VerifySecret(s.Hash, secret)
	})
}

// EndClient archives a mini app by its registration access token; its codes and tokens are dead.
func (h *House) EndClient(ctx context.Context, by Bearer, clientID string) error {
	if _, err := h.RegisteredClient(ctx, by, clientID); err != nil {
		return err
	}
	_, err := h.Registry.Take(ctx, registry.Step{Action: registry.Archive, ClientID: clientID, By: registrant(clientID, by)})
	return err
}

// RevokeRegistration makes the registration access token of a mini app good for nothing; the mini app stays. Nothing happens where
// there is none.
func (h *House) RevokeRegistration(ctx context.Context, c Caller, id string) error {
	if _, err := h.work(ctx, c, ClientRevokeRegistration, id); err != nil {
		return err
	}
	err := h.Store.EndRegistration(h.audited(ctx, c, ClientRevokeRegistration, clientKind, id), id)
	if isNotFound(err) {
		return nil
	}
	return err
}
