package gormstore

import (
	"context"
	"encoding/json"
	"time"

	"gorm.io/gorm"

	"gatehouse/storage"
)

type clientRow struct {
	ID string `gorm:"primaryKey"`
	Registration
	Secrets    document[[]secretDocument]
	SecretsEnd micros
	Status     string
	TokensFrom micros
	Created    micros `gorm:"column:created_at"`
	Updated    micros `gorm:"column:updated_at"`
}

// TableName implements gorm's schema.Tabler.
func (clientRow) TableName() string { return "clients" }

// Registration has the columns that clients and their versions have in common. Its name is exported because gorm passes
// over embedded structs whose name is not.
type Registration struct {
	Name                    string
	Names                   document[map[string]string]
	PublisherID             string
	Public                  bool
	RedirectURIs            document[[]string] `gorm:"column:redirect_uris"`
	GrantTypes              document[[]string]
	TokenTypes              document[[]string]
	TokenEndpointAuthMethod string
	Scopes                  document[[]clientScopeDocument]
	SubjectType             string
	ResourceServer          bool
	FirstParty              bool
	PKCE                    string `gorm:"column:pkce"`
	IDTokenAlg              string
	AccessTokenLifetime     nanos
	RefreshTokenLifetime    nanos
	CodeLifetime            nanos
	RefreshReuseGrace       nanos
	LogoURI                 string
	ClientURI               string
	PolicyURI               string
	TOSURI                  string `gorm:"column:tos_uri"`
	Contacts                document[[]string]
	PostLogoutRedirectURIs  document[[]string] `gorm:"column:post_logout_redirect_uris"`
	InitiateLoginURI        string
	JWKS                    document[json.RawMessage] `gorm:"column:jwks"`
	JWKSURI                 string                    `gorm:"column:jwks_uri"`
	WebhookURI              string
	Dialects                document[map[string]json.RawMessage]
}

type secretDocument struct {
	ID        string `json:"id"`
	Hash      string `json:"hash"`
	CreatedAt micros `json:"created_at"`
	ExpiresAt micros `json:"expires_at"`
}

type clientScopeDocument struct {
	Name     string            `json:"name"`
	Required bool              `json:"required"`
	Purpose  map[string]string `json:"purpose"`
}

func toClientRow(c storage.Client) clientRow {
	secrets := mapped(c.Secrets, toSecretDocument)
	return clientRow{
		ID: c.ID, Registration: toRegistration(c), Secrets: doc(secrets), SecretsEnd: secretsEnd(secrets), Status: c.Status,
		TokensFrom: at(c.TokensFrom), Created: at(c.CreatedAt), Updated: at(c.UpdatedAt),
	}
}

func (r clientRow) client() storage.Client {
	c := r.registration()
	c.ID, c.Secrets, c.Status = r.ID, mapped(r.Secrets.V, secretDocument.secret), r.Status
	c.TokensFrom, c.CreatedAt, c.UpdatedAt = r.TokensFrom.time(), r.Created.time(), r.Updated.time()
	return c
}

func toRegistration(c storage.Client) Registration {
	return Registration{
		Name: c.Name, Names: doc(c.Names), PublisherID: c.PublisherID, Public: c.Public,
		RedirectURIs: doc(c.RedirectURIs), GrantTypes: doc(c.GrantTypes), TokenTypes: doc(c.TokenTypes),
		TokenEndpointAuthMethod: c.TokenEndpointAuthMethod,
		Scopes:                  doc(mapped(c.Scopes, func(s storage.ClientScope) clientScopeDocument { return clientScopeDocument(s) })),
		SubjectType:             c.SubjectType, ResourceServer: c.ResourceServer, FirstParty: c.FirstParty,
		PKCE: c.PKCE, IDTokenAlg: c.IDTokenAlg, AccessTokenLifetime: nanos(c.AccessTokenLifetime),
		RefreshTokenLifetime: nanos(c.RefreshTokenLifetime), CodeLifetime: nanos(c.CodeLifetime),
		RefreshReuseGrace: nanos(c.RefreshReuseGrace), LogoURI: c.LogoURI, ClientURI: c.ClientURI, PolicyURI: c.PolicyURI,
		TOSURI: c.TOSURI, Contacts: doc(c.Contacts), PostLogoutRedirectURIs: doc(c.PostLogoutRedirectURIs),
		InitiateLoginURI: c.InitiateLoginURI, JWKS: doc(c.JWKS), JWKSURI: c.JWKSURI, WebhookURI: c.WebhookURI,
		Dialects: doc(c.Dialects),
	}
}

// registration is a client without what is its own alone.
func (r Registration) registration() storage.Client {
	return storage.Client{
		Name: r.Name, Names: r.Names.V, PublisherID: r.PublisherID, Public: r.Public,
		RedirectURIs: r.RedirectURIs.V, GrantTypes: r.GrantTypes.V, TokenTypes: r.TokenTypes.V,
		TokenEndpointAuthMethod: r.TokenEndpointAuthMethod,
		Scopes:                  mapped(r.Scopes.V, func(s clientScopeDocument) storage.ClientScope { return storage.ClientScope(s) }),
		SubjectType:             r.SubjectType, ResourceServer: r.ResourceServer, FirstParty: r.FirstParty,
		PKCE: r.PKCE, IDTokenAlg: r.IDTokenAlg, AccessTokenLifetime: storage.Lifetime(r.AccessTokenLifetime),
		RefreshTokenLifetime: storage.Lifetime(r.RefreshTokenLifetime), CodeLifetime: storage.Lifetime(r.CodeLifetime),
		RefreshReuseGrace: time.Duration(r.RefreshReuseGrace), LogoURI: r.LogoURI, ClientURI: r.ClientURI, PolicyURI: r.PolicyURI,
		TOSURI: r.TOSURI, Contacts: r.Contacts.V, PostLogoutRedirectURIs: r.PostLogoutRedirectURIs.V,
		InitiateLoginURI: r.InitiateLoginURI, JWKS: absentIfNull(r.JWKS.V), JWKSURI: r.JWKSURI, WebhookURI: r.WebhookURI,
		Dialects: r.Dialects.V,
	}
}

func toSecretDocument(s storage.ClientSecret) secretDocument {
	return secretDocument{ID: s.ID, Hash: s.Hash, CreatedAt: at(s.CreatedAt), ExpiresAt: at(s.ExpiresAt)}
}

func (d secretDocument) secret() storage.ClientSecret {
	return storage.ClientSecret{ID: d.ID, Hash: d.Hash, CreatedAt: d.CreatedAt.time(), ExpiresAt: d.ExpiresAt.time()}
}

// absentIfNull undoes what JSON makes of a missing raw message.
func absentIfNull(raw json.RawMessage) json.RawMessage {
	if string(raw) == "null" {
		return nil
	}
	return raw
}

// Client implements storage.Registry.
func (s *Store) Client(ctx context.Context, id string) (storage.Client, error) {
	return one(ctx, s, id, clientRow.client)
}

// Clients implements storage.Registry.
func (s *Store) Clients(ctx context.Context, after string, limit int) ([]storage.Client, error) {
	return list(ctx, s, after, limit, clientRow.client)
}

// FindClients implements storage.Registry.
func (s *Store) FindClients(ctx context.Context, q storage.ClientQuery, after string, limit int) ([]storage.Client, error) {
	if !storable(append([]string{after, q.Status, q.Search}, q.Publishers...)...) {
		return nil, nil
	}
	var rows []clientRow
	err := s.read(ctx, func(db *gorm.DB) error {
		// The IDs of a page come from indexes; only then are its rows read, which are wide.
		page := db.Model(&clientRow{}).Select("id").Where("id > ?", after).Order("id").Limit(limit)
		switch q.Status {
		case "":
		case storage.StatusSubmitted:
			page = page.Where("id IN (?)", gorm.Expr("SELECT id FROM clients WHERE status = 'submitted' "+
				"UNION SELECT client_id FROM client_versions WHERE status = 'submitted'"))
		default:
			page = page.Where("status = ?", q.Status)
		}
		if len(q.Publishers) > 0 {
			page = page.Where("publisher_id IN ?", q.Publishers)
		}
		if folded(q.Search) != "" {
			found, args := findByWords(q.Search, after)
			page = page.Where("id IN ("+found+")", args...)
		}
		return db.Where("id IN (?)", page).Order("id").Find(&rows).Error
	})
	return records(rows, clientRow.client), err
}

// DeleteClient implements storage.Registry.
func (s *Store) DeleteClient(ctx context.Context, id string) error {
	if !storable(id) {
		return storage.ErrNotFound
	}
	return s.writeRevised(ctx, func(tx *gorm.DB) error {
		if err := mustMeet(tx.Where("id = ?", id).Delete(&clientRow{})); err != nil {
			return err
		}
		for _, statement := range []string{
			"DELETE FROM client_versions WHERE client_id = ?",
			"DELETE FROM review_notes WHERE client_id = ?",
			"DELETE FROM client_requests WHERE client_id = ?",
			"DELETE FROM registrations WHERE id = ?",
			"DELETE FROM deliveries WHERE client_id = ?",
			"DELETE FROM sessions WHERE vouched_by = ?",
			"UPDATE grants SET state = 2, version = version + 1 WHERE state = 1 AND client_id = ?",
		} {
			if err := tx.Exec(statement, id).Error; err != nil {
				return err
			}
		}
		return tx.Exec("DELETE FROM links WHERE issuer = ?", storage.ClientIssuer(id)).Error
	})
}

// CreateClient implements storage.Registry.
func (s *Store) CreateClient(ctx context.Context, c storage.Client) error {
	return s.writeRevised(ctx, func(tx *gorm.DB) error { return createClient(tx, c) })
}

// UpdateClient implements storage.Registry.
func (s *Store) UpdateClient(ctx context.Context, c storage.Client, was time.Time) error {
	return s.writeRevised(ctx, func(tx *gorm.DB) error { return updateClient(tx, c, was) })
}

func updateClient(tx *gorm.DB, c storage.Client, was time.Time) error {
	row := toClientRow(c)
	if err := tx.Exec(endMovedRegistration, c.ID, c.PublisherID, c.FirstParty).Error; err != nil {
		return err
	}
	err := mustMeet(tx.Select("*").Omit("id", "created_at", "tokens_from").Where("updated_at = ?", at(was)).Updates(&row))
	if err == storage.ErrNotFound {
		return conflictIfExists(tx, &clientRow{}, c.ID)
	}
	if err != nil {
		return err
	}
	// It never goes back, whoever does not know it: what is dead would live again.
	err = tx.Exec("UPDATE clients SET tokens_from = ? WHERE id = ? AND tokens_from < ?", row.TokensFrom, c.ID, row.TokensFrom).Error
	if err != nil {
		return err
	}
	return saveClientWords(tx, c)
}
