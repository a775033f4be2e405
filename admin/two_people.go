package admin

import (
	"context"
	"fmt"
	"strings"

	"gatehouse/registry"
	"gatehouse/storage"
)

// needsTwo is registry.Problems where a person alone, or their API key, would make something live that two people have to
// approve: a new mini app, or more than was of one (nil: there was none). An operator may; see docs/divergences.md.
func (h *House) needsTwo(ctx context.Context, c Caller, client storage.Client, was *storage.Client) error {
	alone := c.Actor.PersonID() != ""
	live := client.Status == storage.StatusApproved || client.Status == storage.StatusSuspended
	if !alone || !live || was != nil && !registry.Widens(*was, client) {
		return nil
	}
	sensitive, err := h.Registry.TwoApprove(ctx, client)
	if err != nil || len(sensitive) == 0 {
		return err
	}
	names := strings.Join(sensitive, ", ")
	if was != nil {
		return registry.Problems{{Field: "scopes", Text: fmt.Sprintf("two people have to approve what changes of a mini app that asks for %s; let its developers propose it", names)}}
	}
	return registry.Problems{{Field: "status", Text: fmt.Sprintf("two people have to approve what asks for %s; register it with the status submitted", names)}}
}
