package deliveries

import (
	"fmt"

	"gatehouse/storage"
)

// Events of the OpenID profiles of RFC 8417: CAEP 1.0 §3 and RISC 1.0 §2.
const (
	eventSessionRevoked     = "https://schemas.openid.net/secevent/caep/event-type/session-revoked"
	eventTokenClaimsChanged = "https://schemas.openid.net/secevent/caep/event-type/token-claims-change"
	eventAccountDisabled    = "https://schemas.openid.net/secevent/risc/event-type/account-disabled"
	eventAccountEnabled     = "https://schemas.openid.net/secevent/risc/event-type/account-enabled"
)

// securityEvent is the claims of a Security Event Token (RFC 8417 §2.2). There is no exp and no sub, so that nobody takes
// it for an ID token. All of it is the same however often it is sent.
type securityEvent struct {
	Issuer   string           `json:"iss"`
	Audience string           `json:"aud"`
	IssuedAt int64            `json:"iat"`
	ID       string           `json:"jti"`
	Subject  subject          `json:"sub_id"`
	Events   map[string]event `json:"events"` // one, by its URI
}

// subject is an identifier of the format iss_sub (RFC 9493 §3.2.3).
type subject struct {
	Format  string `json:"format"`
	Issuer  string `json:"iss"`
	Subject string `json:"sub"`
}

type event struct {
	Timestamp int64             `json:"event_timestamp"` // when it happened (CAEP §2)
	Claims    map[string]string `json:"claims,omitempty"`
}

// token is what a delivery says to its client. An error for an event that this program does not know.
func (w *Worker) token(d storage.Delivery, client *storage.Client) (securityEvent, error) {
	happened := event{Timestamp: d.CreatedAt.Unix()}
	var uri string
	switch d.Event {
	case storage.EventGrantEnded:
		uri = eventSessionRevoked
	case storage.EventGrantNarrowed:
		uri = eventTokenClaimsChanged
		happened.Claims = map[string]string{"scope": d.Scope}
	case storage.EventUserDisabled:
		uri = eventAccountDisabled
	case storage.EventUserEnabled:
		uri = eventAccountEnabled
	default:
		return securityEvent{}, fmt.Errorf("there is no event %q", d.Event)
	}
	who := d.Owner.CompanyID
	if d.Owner.UserID != "" {
		who = w.Claims.Subject(d.Owner.UserID, client)
	}
	return securityEvent{
		Issuer: w.Issuer, Audience: client.ID, IssuedAt: d.CreatedAt.Unix(), ID: d.ID,
		Subject: subject{Format: "iss_sub", Issuer: w.Issuer, Subject: who},
		Events:  map[string]event{uri: happened},
	}, nil
}
