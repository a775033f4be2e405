package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/rim"
	"gatehouse/registry"
	"gatehouse/storage"
	"gatehouse/templates"
)

// registered is a registration as the controls of its form fill it in, under the seed keys, in the order of the form.
type registered struct {
	key string
	at  any // a pointer to where it is in a registration
}

func registeredOf(c *storage.Client) []registered {
	return []registered{
		{"name", &c.Name}, {"publisher", &c.PublisherID}, {"redirect_uris", &c.RedirectURIs}, {"public", &c.Public}, {"client_uri", &c.ClientURI},
		{"policy_uri", &c.PolicyURI}, {"tos_uri", &c.TOSURI}, {"logo_uri", &c.LogoURI}, {"contacts", &c.Contacts},
		{"post_logout_redirect_uris", &c.PostLogoutRedirectURIs}, {"initiate_login_uri", &c.InitiateLoginURI}, {"first_party", &c.FirstParty},
		{"resource_server", &c.ResourceServer}, {"grant_types", &c.GrantTypes}, {"token_types", &c.TokenTypes},
		{"token_endpoint_auth_method", &c.TokenEndpointAuthMethod}, {"subject_type", &c.SubjectType}, {"pkce", &c.PKCE},
		{"id_token_signed_response_alg", &c.IDTokenAlg}, {"access_token_lifetime", &c.AccessTokenLifetime},
		{"refresh_token_lifetime", &c.RefreshTokenLifetime}, {"code_lifetime", &c.CodeLifetime}, {"refresh_reuse_grace", &c.RefreshReuseGrace},
		{"jwks_uri", &c.JWKSURI}, {"jwks", &c.JWKS}, {"webhook_uri", &c.WebhookURI}, {"dialects", &c.Dialects},
	}
}

// input is the control of a part of a registration.
func (f registered) input() templates.AdminInput {
	i := templates.AdminInput{Name: f.key, Required: f.key == "name"}
	switch at := f.at.(type) {
	case *string:
		i.Value = *at
	case *[]string:
		i.Kind, i.Hint, i.Value = templates.InputLines, templates.AdminPerLine, strings.Join(*at, "\n")
	case *bool:
		i.Kind, i.Options = templates.InputChecks, []templates.AdminOption{{Value: "true", Chosen: *at}}
	case *storage.Lifetime:
		switch *at {
		case 0:
		case storage.Never:
			i.Value = registry.NeverText
		default:
			i.Value = time.Duration(*at).String()
		}
	case *time.Duration:
		i.Value = at.String()
	case *json.RawMessage:
		i.Kind, i.Value = templates.InputLines, string(*at)
	case *map[string]json.RawMessage:
		i.Kind = templates.InputLines
		if raw, err := json.MarshalIndent(*at, "", "  "); err == nil && len(*at) > 0 {
			i.Value = string(raw)
		}
	}
	return i
}

// read puts what was typed in its place, and returns what is wrong with it.
func (f registered) read(form url.Values) error {
	text := strings.TrimSpace(single(form, f.key))
	var err error
	switch at := f.at.(type) {
	case *string:
		*at = text
	case *[]string:
		*at = lines(text)
	case *bool:
		*at = text == "true"
	case *storage.Lifetime:
		*at = 0
		if text != "" {
			*at, err = registry.ParseLifetime(text)
		}
	case *time.Duration:
		*at = registry.DefaultRefreshReuseGrace
		if text != "" {
			*at, err = registry.ParseSpan(text)
		}
	case *json.RawMessage:
		if *at = nil; text != "" {
			*at = json.RawMessage(text)
		}
	case *map[string]json.RawMessage:
		if *at = nil; text != "" && json.Unmarshal([]byte(text), at) != nil {
			err = errors.New("must be a JSON object with an object for each dialect")
		}
	}
	return err
}

// readRegistration puts what was typed in place of what c has. A method that contradicts where the mini app runs is left to the
// defaults: whoever changes the one has not to change both.
func readRegistration(form url.Values, c *storage.Client) error {
	var wrong registry.Problems
	for _, f := range registeredOf(c) {
		if err := f.read(form); err != nil {
			wrong = append(wrong, registry.Problem{Field: f.key, Text: err.Error()})
		}
	}
	if c.Public != (c.TokenEndpointAuthMethod == registry.MethodNone) {
		c.TokenEndpointAuthMethod = ""
	}
	c.Names, c.Scopes = rim.Texts(form, "name:"), rim.Scopes(form, c.Scopes)
	if wrong != nil {
		return wrong
	}
	return nil
}

// atControls is an error about a registration under the names of the controls.
func atControls(err error, c storage.Client) error {
	problems, is := errors.AsType[registry.Problems](err)
	if !is {
		return err
	}
	named := slices.Clone(problems)
	for n := range named {
		field := &named[n].Field
		if tag, translated := strings.CutPrefix(*field, "name#"); translated {
			*field = "name:" + tag
		}
		var i int
		if found, _ := fmt.Sscanf(*field, "scopes[%d]", &i); found != 1 || i >= len(c.Scopes) {
			continue
		}
		_, rest, _ := strings.Cut(*field, "]")
		if tag, purpose := strings.CutPrefix(rest, ".purpose."); purpose {
			*field = "purpose:" + c.Scopes[i].Name + ":" + tag
		} else {
			*field = "use:" + c.Scopes[i].Name
		}
	}
	return named
}
