package registry

import (
	"encoding/json"
	"maps"
	"slices"

	"gatehouse/storage"
)

// GAM's sign-in call sends the mini app's own secret to its server (docs.genexus.com, "Mini App in a Super App"). What
// proves the mini app to us is a hash, so that a sealed copy is kept for the call: while signin_url is set, no longer.

// KeepSigninSecret completes the settings of a client that is about to be stored: where gam.signin_url is set and the
// client says nothing of signin_secret, it gets a sealed copy of own. own is the client's secret where whoever writes the
// client knows it, else empty; one from before a rotation is no help. was is the client as it is stored, nil for a new
// one: what was kept there stays where own is no help, and a copy that follows a rotation wins over a secret from before
// it. c.Secrets has to be what will be stored. c.Dialects is replaced, not changed.
func (o *Outbound) KeepSigninSecret(c *storage.Client, own string, was *storage.Client) {
	gam, _ := GAMOf(c)
	if gam.SigninURL == "" {
		return
	}
	kept := o.keptSigninSecret(c, was)
	switch {
	case gam.SigninSecret != "":
		if !o.isOutdated(c, gam.SigninSecret) || !o.isOwn(c, kept) {
			return
		}
	case own != "" && isPresent(c, own):
		if value, current, err := o.Open(c.ID, kept); err != nil || !current || value != own {
			kept = o.Seal(c.ID, own)
		}
	}
	if kept != "" {
		setSigninSecret(c, kept)
	}
}

// keptSigninSecret returns the sealed signin_secret that is stored, unless it is a copy of a secret that c has no more.
func (o *Outbound) keptSigninSecret(c, was *storage.Client) string {
	if was == nil {
		return ""
	}
	gam, _ := GAMOf(was)
	if o.isOwn(was, gam.SigninSecret) && !o.isOwn(c, gam.SigninSecret) {
		return ""
	}
	return gam.SigninSecret
}

// followRotation makes secret, the client's newest, what the sign-in call sends, unless the mini app's server wants
// another than the client's own.
func (o *Outbound) followRotation(c *storage.Client, secret string) {
	gam, _ := GAMOf(c)
	if gam.SigninURL != "" && (gam.SigninSecret == "" || o.isOwn(c, gam.SigninSecret)) {
		setSigninSecret(c, o.Seal(c.ID, secret))
	}
}

// isOwn reports whether what is sealed is one of the client's own secrets, or was before a rotation.
func (o *Outbound) isOwn(c *storage.Client, sealed string) bool {
	value, _, err := o.Open(c.ID, sealed)
	return err == nil && HadSecret(c, value)
}

// isOutdated reports whether what is sealed is a secret that the client had before a rotation.
func (o *Outbound) isOutdated(c *storage.Client, sealed string) bool {
	value, _, err := o.Open(c.ID, sealed)
	return err == nil && !isPresent(c, value) && HadSecret(c, value)
}

// isPresent reports whether secret is one of the client's that has no end: a rotation gives every older one an end.
func isPresent(c *storage.Client, secret string) bool {
	return slices.ContainsFunc(c.Secrets, func(s storage.ClientSecret) bool {
		return s.ExpiresAt.IsZero() && VerifySecret(s.Hash, secret)
	})
}

// setSigninSecret replaces c.Dialects, whose settings for GAM can be read, by a copy with this signin_secret.
func setSigninSecret(c *storage.Client, sealed string) {
	settings := make(map[string]json.RawMessage)
	if json.Unmarshal(c.Dialects[DialectGAM], &settings) != nil {
		return
	}
	settings["signin_secret"] = json.RawMessage(`"` + sealed + `"`) // base64url, which JSON holds as it is
	raw, err := json.Marshal(settings)
	if err != nil {
		return
	}
	c.Dialects = maps.Clone(c.Dialects)
	c.Dialects[DialectGAM] = raw
}
