package registry

import (
	"context"
	"fmt"
	"slices"

	"gatehouse/storage"
)

// Kinds of application (OIDC Dynamic Client Registration §2).
const (
	ApplicationWeb    = "web"
	ApplicationNative = "native"
)

// Register stores a client that a program registers (RFC 7591 §3), as CheckRegistration returned it, with the record of that. It
// returns the client as it is stored. storage.ErrConflict where the initial access token is good no more; storage.ErrExists.
func (r *Registry) Register(ctx context.Context, c storage.Client, registration storage.Registration) (storage.Client, error) {
	now := r.now().UTC().Truncate(stamp)
	c.CreatedAt, c.UpdatedAt, c.TokensFrom = now, now, now // TokensFrom: as in Create
	defer r.Forget()
	if err := r.store.RegisterClient(ctx, c, registration, now); err != nil {
		return c, fmt.Errorf("client %q: %w", c.ID, err)
	}
	return c, nil
}

// CheckRegistration applies the defaults and rules of Create to a client that a program registers, and returns it as it is to be
// stored. It has to be fit for a review, also where it gets none, but that purposes (of storage.InitialAccessToken) says whether
// purposes may be left out of what is approved at once, which cannot have what only a reviewer lets in. Where sensitive scopes need two people, nothing that has some is approved at once. Problems.
func (r *Registry) CheckRegistration(ctx context.Context, c storage.Client, purposes string) (storage.Client, error) {
	c = Defaults(c)
	if c.Status == storage.StatusApproved {
		sensitive, err := r.TwoApprove(ctx, c)
		if err != nil {
			return c, err
		}
		if len(sensitive) > 0 {
			c.Status = storage.StatusSubmitted
		}
	}
	if c.Status != storage.StatusApproved {
		return c, r.CheckSubmission(ctx, c)
	}
	reviewed := reviewersChoices(c)
	if purposes == storage.PurposesOptional {
		return c, reviewed.Merge(r.check(ctx, c))
	}
	return c, reviewed.Merge(r.CheckSubmission(ctx, c))
}

// reviewersChoices says what of c nobody but a reviewer lets in, since it weakens what protects people (RFC 9700 §2.1.1, §2.2) or
// opens other endpoints: a program that registers what is approved at once cannot choose it.
func reviewersChoices(c storage.Client) Problems {
	var p Problems
	const fix = "; leave it out, or register by an initial access token whose status is submitted"
	if len(c.Dialects) > 0 {
		p.add("dialects", "need a review"+fix)
	}
	if c.AccessTokenLifetime == storage.Never {
		p.add("access_token_lifetime", "needs a review to be never"+fix)
	}
	if c.PKCE == PKCEOptional {
		p.add("pkce", "needs a review to be optional"+fix)
	}
	return p
}

// Amend replaces the registration of a client that a program registered (RFC 7592 §2.2). What needs a review is submitted at
// once, since there is nobody else who would. Errors as Propose; where there is one, nothing was changed.
func (r *Registry) Amend(ctx context.Context, by storage.Actor, c storage.Client, was string) error {
	w, err := r.Work(ctx, c.ID)
	if err != nil {
		return err
	}
	if r.waits(w, c) {
		proposed := Defaults(c)
		proposed.Status, proposed.Secrets = w.Live.Status, w.Live.Secrets
		if proposed.Public {
			proposed.Secrets = nil
		}
		if err := r.CheckSubmission(ctx, proposed); err != nil {
			return err
		}
	}
	if _, err := r.Propose(ctx, by, c, was); err != nil {
		return err
	}
	if w, err = r.Work(ctx, c.ID); err != nil {
		return err
	}
	if status := w.Status(); status != storage.StatusDraft && status != storage.StatusChangesRequested {
		return nil
	}
	_, err = r.Take(ctx, Step{Action: Submit, ClientID: c.ID, By: by, Was: w.ETag()})
	return err
}

// waits reports whether saving c leaves something for a review.
func (r *Registry) waits(w *Work, c storage.Client) bool {
	return !w.wasApproved() || r.proposal(w, Defaults(c)).Version != nil
}

// CheckApplicationType applies the rules for the redirect URIs of a kind of application; nothing is asked of one that does not
// say what it is. A web application has a server, so no private-use scheme leads to it. A native one is on the person's device:
// what it may claim there is a scheme, a loopback address, or an https address of its developers' (RFC 8252 §7).
func CheckApplicationType(kind string, redirectURIs []string) Problems {
	var p Problems
	if kind == "" {
		return nil
	}
	p.oneOf("application_type", kind, ApplicationWeb, ApplicationNative)
	for i, uri := range redirectURIs {
		at := fmt.Sprintf("redirect_uris[%d]", i)
		u, err := parseURI(uri)
		switch {
		case err != nil: // CheckClient says so
		case kind == ApplicationWeb && u.Scheme != "https" && u.Scheme != "http":
			p.add(at, "%q is for native applications; leave application_type out, or send native", printable(uri))
		case kind == ApplicationNative && u.Scheme == "https" && (isLoopbackLiteral(u.Hostname()) || u.Hostname() == "localhost"):
			p.add(at, "%q is https on loopback; a native application listens there by http (RFC 8252 §7.3)", printable(uri))
		}
	}
	return p
}

// CheckResponseTypes holds response_types to the grant types (RFC 7591 §2.1): code goes with authorization_code, and there is no
// other one.
func CheckResponseTypes(responseTypes, grants []string) Problems {
	var p Problems
	for i, kind := range responseTypes {
		at := fmt.Sprintf("response_types[%d]", i)
		p.oneOf(at, kind, "code")
		if kind == "code" && !slices.Contains(grants, GrantAuthorizationCode) {
			p.add(at, "code goes with the grant type %s; add it to grant_types, or leave code out (RFC 7591 §2.1)", GrantAuthorizationCode)
		}
	}
	return p
}
