package consent

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"gatehouse/storage"
)

// personRecord is everything that Gatehouse keeps about a person, but for what works as a credential: hashes of passwords, codes,
// tokens and sessions. Its names are those of seed files and of the API where there are any.
type personRecord struct {
	ExportedAt time.Time       `json:"exported_at"`
	Profile    profileRecord   `json:"profile"`
	Attributes map[string]any  `json:"attributes"`
	Apps       []appRecord     `json:"apps"`
	Sessions   []sessionRecord `json:"sessions"`
}

type profileRecord struct {
	ID            string    `json:"id"`
	Email         string    `json:"email,omitempty"`
	EmailVerified bool      `json:"email_verified"`
	Phone         string    `json:"phone,omitempty"`
	PhoneVerified bool      `json:"phone_verified"`
	FirstName     string    `json:"first_name,omitempty"`
	LastName      string    `json:"last_name,omitempty"`
	Locale        string    `json:"locale,omitempty"`
	CompanyID     string    `json:"company_id,omitempty"`
	Roles         []string  `json:"roles,omitempty"`
	HasPassword   bool      `json:"has_password"`
	CreatedAt     time.Time `json:"created_at"`
	UpdatedAt     time.Time `json:"updated_at"`
}

// appRecord is a grant: the person's own, or one of their company's that they decided.
type appRecord struct {
	ClientID  string           `json:"client_id"`
	Name      string           `json:"name"`
	CompanyID string           `json:"company_id,omitempty"` // on whose behalf it was decided
	Subject   string           `json:"sub,omitempty"`        // who the person is to the app
	Status    string           `json:"status"`
	GrantID   string           `json:"grant_id"`
	Since     time.Time        `json:"since"`
	ReadAt    time.Time        `json:"read_at,omitzero"` // when it last read what it may
	UpdatedAt time.Time        `json:"updated_at"`
	Denials   int              `json:"denials,omitempty"` // whole requests in a row
	DeniedAt  time.Time        `json:"denied_at,omitzero"`
	Decisions []decisionRecord `json:"decisions"`
}

type decisionRecord struct {
	Scope     string    `json:"scope"`
	Decision  string    `json:"decision"` // ScopeAllowed or ScopeDenied
	DecidedAt time.Time `json:"decided_at"`
	Until     time.Time `json:"until,omitzero"`
}

type sessionRecord struct {
	SignedInAt time.Time `json:"signed_in_at"`
	SeenAt     time.Time `json:"seen_at"`
	ExpiresAt  time.Time `json:"expires_at"`
	UserAgent  string    `json:"user_agent"`
	Address    string    `json:"address"`
	VouchedBy  string    `json:"vouched_by,omitempty"` // the client_id whose ticket signed the person in
	Current    bool      `json:"current"`
}

// export is GET /account/export: the record as a file. It takes the person's own credentials: a mini app can sign people
// in by a ticket, and must not get at what they never showed it.
func (p *Pages) export(w http.ResponseWriter, r *http.Request) {
	if _, ok := p.Query(w, r); !ok {
		return
	}
	current, ok := p.signedIn(w, r, true)
	if !ok {
		return
	}
	record := personRecord{ExportedAt: p.now(), Profile: profileOf(current.User), Attributes: current.User.Attributes}
	if record.Attributes == nil {
		record.Attributes = map[string]any{}
	}
	var err error
	if record.Apps, err = p.appRecords(r.Context(), current.User); err == nil {
		record.Sessions, err = p.sessionRecords(r.Context(), current.Session)
	}
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	body, err := json.MarshalIndent(record, "", "  ")
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Content-Disposition", `attachment; filename="account-`+record.ExportedAt.Format(time.DateOnly)+`.json"`)
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	_, _ = w.Write(append(body, '\n')) // a browser that has left is nobody's error
}

func profileOf(u storage.User) profileRecord {
	return profileRecord{
		ID: u.ID, Email: u.Email, EmailVerified: u.EmailVerified, Phone: u.Phone, PhoneVerified: u.PhoneVerified,
		FirstName: u.FirstName, LastName: u.LastName, Locale: u.Locale, CompanyID: u.CompanyID, Roles: u.Roles,
		HasPassword: u.PasswordHash != "", CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt,
	}
}

// appRecords are the person's grants, and those of their company that they decided.
func (p *Pages) appRecords(ctx context.Context, u storage.User) ([]appRecord, error) {
	owners := []storage.Owner{{UserID: u.ID}}
	if u.CompanyID != "" {
		owners = append(owners, storage.Owner{CompanyID: u.CompanyID})
	}
	records := []appRecord{}
	for _, owner := range owners {
		grants, err := p.Store.Grants(ctx, owner)
		if err != nil {
			return nil, err
		}
		read, err := p.Reads.Last(ctx, owner)
		if err != nil {
			return nil, err
		}
		for _, g := range grants {
			if owner.CompanyID != "" && g.AllowedBy != u.ID {
				continue
			}
			record, err := p.appRecord(ctx, u, g)
			if err != nil {
				return nil, err
			}
			record.ReadAt = read[g.ID]
			records = append(records, record)
		}
	}
	return records, nil
}

func (p *Pages) appRecord(ctx context.Context, u storage.User, g storage.Grant) (appRecord, error) {
	client, err := p.client(ctx, g.ClientID)
	if err != nil {
		return appRecord{}, err
	}
	record := appRecord{
		ClientID: g.ClientID, Name: g.ClientID, CompanyID: g.Owner.CompanyID, Status: p.sharingBy(g, client).Status, GrantID: g.PublicID(),
		Since: since(g), UpdatedAt: g.UpdatedAt, Denials: g.Denials, DeniedAt: g.DeniedAt, Decisions: []decisionRecord{},
	}
	if client != nil {
		record.Name, record.Subject = client.Name, p.Claims.Subject(u.ID, client)
	}
	for _, d := range g.Decisions {
		word := ScopeDenied
		if d.Allowed {
			word = ScopeAllowed
		}
		record.Decisions = append(record.Decisions, decisionRecord{Scope: d.Scope, Decision: word, DecidedAt: d.DecidedAt, Until: d.Until})
	}
	return record, nil
}

func (p *Pages) sessionRecords(ctx context.Context, current storage.Session) ([]sessionRecord, error) {
	sessions, err := p.Sessions.Of(ctx, current.UserID)
	if err != nil {
		return nil, err
	}
	records := make([]sessionRecord, len(sessions))
	for i, s := range sessions {
		records[i] = sessionRecord{SignedInAt: s.AuthTime, SeenAt: s.SeenAt, ExpiresAt: s.ExpiresAt, UserAgent: s.UserAgent,
			Address: s.Address, VouchedBy: s.VouchedBy, Current: s.ID == current.ID}
	}
	return records, nil
}
