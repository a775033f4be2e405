package seed

import (
	"errors"

	"gatehouse/registry"
)

// outboundSecrets are the secrets among an entry's dialect settings, by their path.
func (d *Dialects) outboundSecrets() map[string]**string {
	secrets := make(map[string]**string)
	if d.Boxo != nil && d.Boxo.Platform != nil && d.Boxo.Platform.AppSecret != nil {
		secrets["dialects.boxo.platform.app_secret"] = &d.Boxo.Platform.AppSecret
	}
	if d.GAM != nil && d.GAM.Superapp != nil && d.GAM.Superapp.ClientSecret != nil {
		secrets["dialects.gam.superapp.client_secret"] = &d.GAM.Superapp.ClientSecret
	}
	if d.GAM != nil && d.GAM.SigninSecret != nil {
		secrets["dialects.gam.signin_secret"] = &d.GAM.SigninSecret
	}
	return secrets
}

// SealOutbound replaces the entry's outbound secrets by what may be kept of them. One that old (which may be nil) keeps
// already stays as it is kept there. The error names the key of a secret that was exported under another root secret.
func (c *Client) SealOutbound(o *registry.Outbound, old *Client) error {
	kept := make(map[string]**string)
	if old != nil {
		kept = old.Dialects.outboundSecrets()
	}
	for path, secret := range c.Dialects.outboundSecrets() {
		was := ""
		if k := kept[path]; k != nil {
			was = **k
		}
		sealed, err := seal(o, c.ClientID, **secret, was)
		if err != nil {
			return Problems{{At: path, Text: err.Error()}}
		}
		*secret = &sealed
	}
	return nil
}

// seal returns what to keep of value, which an export may have sealed before: was, if that is still the same secret.
func seal(o *registry.Outbound, clientID, value, was string) (string, error) {
	exported := ""
	if registry.IsSealed(value) {
		opened, current, err := o.Open(clientID, value)
		if err != nil {
			return "", errors.New("was exported under another root secret; write the secret itself")
		}
		if current {
			exported = value
		}
		value = opened
	}
	if kept, current, err := o.Open(clientID, was); err == nil && current && kept == value {
		return was, nil
	}
	if exported != "" {
		return exported, nil
	}
	return o.Seal(clientID, value), nil
}
