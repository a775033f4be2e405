package consent

import (
	"context"
	"strings"

	"gatehouse/storage"
)

// Audited returns a context under which applying a unit leaves an event in its transaction: by did action to the grant,
// such as allow or disconnect. was is the grant before, nil when there was none; via is the client that said so in the
// person's name, empty when they did it here.
func Audited(ctx context.Context, by storage.Actor, action string, was *storage.Grant, unit storage.Unit, via string) context.Context {
	g, recorded := Recorded(unit)
	if !recorded && was != nil {
		g = *was
	}
	e := storage.AuditEvent{Actor: by, Action: "grant." + action, Target: storage.Target{Kind: "grant", ID: g.PublicID()}}
	e.Detail = map[string]string{"client": g.ClientID}
	for name, text := range map[string]string{"user": g.Owner.UserID, "company": g.Owner.CompanyID, "via": via} {
		if text != "" {
			e.Detail[name] = text
		}
	}
	if recorded {
		e.Detail["allowed"] = strings.Join(g.AllowedScopes(), " ") // from now on
	}
	return storage.Audited(ctx, e)
}
