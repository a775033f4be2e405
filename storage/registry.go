package storage

import (
	"context"
	"encoding/json"
	"time"
)

// Publisher is who answers for mini apps.
type Publisher struct {
	ID         string
	Name       string
	Verified   bool
	VerifiedAt time.Time
	Developers []string // e-mail addresses of people with RoleDeveloper for this publisher
}

// Scope is an entry of the scope catalogue.
type Scope struct {
	Name        string
	Title       map[string]string // language → text
	Description map[string]string
	Claims      []string // what it releases through userinfo
	Sensitive   bool
	Client      bool // may be asked by client_credentials
	BuiltIn     bool // comes with Gatehouse; kept in code, never in the database
}

// Status of a mini app in the review workflow.
const (
	StatusDraft            = "draft"
	StatusSubmitted        = "submitted"
	StatusChangesRequested = "changes_requested"
	StatusApproved         = "approved"
	StatusRejected         = "rejected"
	StatusSuspended        = "suspended"
	StatusArchived         = "archived"
)

// Never is the Lifetime of a token that does not expire.
const Never Lifetime = -1

// Lifetime is how long a token lives; zero means the server's default, Never that it does not expire.
type Lifetime time.Duration

// Client is a mini app, under the field names of RFC 7591 §2 where it has one.
type Client struct {
	ID           string
	Name         string
	Names        map[string]string // translations of Name, by language (RFC 7591 §2.2)
	PublisherID  string
	Public       bool // no secret (RFC 6749 §2.1)
	Secrets      []ClientSecret
	RedirectURIs []string
	GrantTypes   []string
	TokenTypes   []string // "user", "company"
	// TokenEndpointAuthMethod is client_secret_basic, client_secret_post, none, or empty for a confidential client
	// that may use either of the first two.
	TokenEndpointAuthMethod string
	Scopes                  []ClientScope
	SubjectType             string // "public" or "pairwise" (OIDC Core §8)
	Status                  string
	ResourceServer          bool   // may introspect the tokens of other clients
	FirstParty              bool   // the super app's own client
	PKCE                    string // "required" or "optional"
	IDTokenAlg              string // ES256 or RS256
	AccessTokenLifetime     Lifetime
	RefreshTokenLifetime    Lifetime
	CodeLifetime            Lifetime      // never Never
	RefreshReuseGrace       time.Duration // how long a spent refresh token may be repeated
	LogoURI                 string
	ClientURI               string
	PolicyURI               string
	TOSURI                  string
	Contacts                []string
	PostLogoutRedirectURIs  []string
	InitiateLoginURI        string
	JWKS                    json.RawMessage
	JWKSURI                 string
	WebhookURI              string
	Dialects                map[string]json.RawMessage // vendor → its settings
	// TokensFrom changes, and only grows, when the client is created, is approved no more, reinstated or archived. Codes, tokens and
	// vouched sessions live while theirs is the same, so that no clocks of two machines are compared.
	TokensFrom time.Time
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// ClientScope is a scope in a mini app's registration.
type ClientScope struct {
	Name     string
	Required bool              // cannot be left out by the person when it is requested
	Purpose  map[string]string // language → why the mini app wants it, in its own words
}

// ClientQuery says which clients to list; what is empty does not matter.
type ClientQuery struct {
	Status     string   // the client's, or StatusSubmitted for one with a version that is submitted
	Publishers []string // of one of these
	Search     string   // the beginning of the ID, or beginnings of words of the name or its translations, whatever case and accents
}

// ClientNames is what a client is called.
type ClientNames struct {
	ID, PublisherID string
	Name            string
	Names           map[string]string
}

// ClientSecret is a secret of a client, live or retired. Only its hash is kept.
type ClientSecret struct {
	ID        string
	Hash      string // see registry.HashSecret
	CreatedAt time.Time
	ExpiresAt time.Time // zero: never
}

// Registry keeps publishers, mini apps and the operator's scopes.
type Registry interface {
	Client(ctx context.Context, id string) (Client, error)
	// Clients returns up to limit clients with an ID greater than after, in ID order.
	Clients(ctx context.Context, after string, limit int) ([]Client, error)
	// FindClients is Clients, of those that q is about.
	FindClients(ctx context.Context, q ClientQuery, after string, limit int) ([]Client, error)
	// LiveNames returns the names of all clients that are approved or suspended, in ID order.
	LiveNames(ctx context.Context) ([]ClientNames, error)
	// CreateClient stores a new client; ErrExists when the ID is taken.
	CreateClient(ctx context.Context, c Client) error
	// UpdateClient replaces a client, but for CreatedAt and a later TokensFrom, if its UpdatedAt still is was; ErrConflict when it moved,
	// ErrNotFound when absent.
	UpdateClient(ctx context.Context, c Client, was time.Time) error
	// DeleteClient removes a client with all that the next one of its ID must not have: its versions, notes, requests,
	// deliveries, links and the sessions that it began. It ends every grant for it, in the same transaction.
	// ErrNotFound when there is none.
	DeleteClient(ctx context.Context, id string) error

	Publisher(ctx context.Context, id string) (Publisher, error)
	Publishers(ctx context.Context, after string, limit int) ([]Publisher, error)
	// SavePublisher creates or replaces.
	SavePublisher(ctx context.Context, p Publisher) error
	// ReplacePublisher replaces a publisher that is still was; nil: it stores a new one. ErrConflict when it moved,
	// ErrNotFound when absent; ErrExists for a new one whose ID is taken.
	ReplacePublisher(ctx context.Context, p Publisher, was *Publisher) error
	// DeletePublisher removes a publisher that is still was and that no client and no open version names, with its test people
	// (see DeleteTestUser). ErrConflict when it moved or one does, ErrNotFound when absent.
	DeletePublisher(ctx context.Context, was Publisher) error

	// Scopes returns the operator's scopes, ordered by name.
	Scopes(ctx context.Context) ([]Scope, error)
	// SaveScope creates or replaces.
	SaveScope(ctx context.Context, s Scope) error
	// ReplaceScope replaces a scope that is still was, like ReplacePublisher.
	ReplaceScope(ctx context.Context, s Scope, was *Scope) error
	// DeleteScope removes a scope that is still was. ErrConflict when it moved, ErrNotFound when absent.
	DeleteScope(ctx context.Context, was Scope) error

	// Revision grows with every write to clients, publishers, companies, scopes and keys, by whichever process.
	Revision(ctx context.Context) (int64, error)
	// AwaitRevision returns the revision as soon as it is not seen any more: at most two seconds after the write, by whichever
	// process. An error when ctx ends, or when the database does not answer, in so short a time that who drops then what it
	// keeps has kept nothing for longer.
	AwaitRevision(ctx context.Context, seen int64) (int64, error)
}
