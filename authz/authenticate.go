package authz

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/ory/fosite"

	"gatehouse/storage"
)

// Client authentication methods (OIDC Core §9).
const (
	methodBasic = "client_secret_basic"
	methodPost  = "client_secret_post"
	methodNone  = "none"
)

// credentials are what a request says about its client.
type credentials struct {
	id      string
	secrets []string // the secret as it may be meant; see basicCredentials
	method  string
}

// Authenticate returns the approved client that a request comes from (RFC 6749 §2.3), one that speaks the route's dialect
// and passes its check. What is wrong with unknown, wrong, unapproved and wrongly authenticating clients is the same
// refusal, an *Error with code invalid_client, after the same work; its Reason is for formats that tell.
func (s *Server) Authenticate(ctx context.Context, req *Request) (*storage.Client, error) {
	creds, err := parseCredentials(req.Authorization, req.Params)
	if err != nil {
		return nil, err
	}
	c, err := s.registry.Client(ctx, creds.id)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return nil, err
	}
	if c != nil && !req.Route.Speaks(c) {
		c = nil
	}
	req.Client = c
	proven, err := s.registry.Authenticate(ctx, c, creds.secrets) // c is nil for an unknown client
	if err != nil {
		return nil, fmt.Errorf("authenticate client %q: %w", creds.id, err)
	}
	switch {
	case c == nil:
		return nil, errClient.For(ReasonUnknownClient)
	case !acceptsMethod(c, creds.method, req.Route):
		return nil, errClient.told(wrongMethod(c, creds.method))
	case creds.method != methodNone && !proven:
		return nil, errClient.told("client_secret is wrong, or was replaced and has ended")
	}
	req.proven = proven && creds.method != methodNone
	if c.Status != storage.StatusApproved {
		return nil, errClient.For(ReasonUnapproved).told("the client is not approved: its status is " + c.Status)
	}
	if _, err := s.take(ctx, req, c, false); err != nil {
		return nil, err
	}
	return c, req.admit(ctx, c)
}

// named returns the client that a request names, proven or not, if it speaks the route's dialect; nil where there is none
// or where it cannot be read.
func (s *Server) named(ctx context.Context, req *Request) *storage.Client {
	id := req.Params["client_id"]
	if basic, ok := basicCredentials(req.Authorization); ok && id == "" {
		id = basic.id
	}
	if id == "" {
		return nil
	}
	c, err := s.registry.Client(ctx, id)
	if err != nil || !req.Route.Speaks(c) {
		return nil
	}
	return c
}

// acceptsMethod reports whether a client is registered for a method. A public client uses none, and only that. A vendor's
// format brings its own way of sending a secret.
func acceptsMethod(c *storage.Client, method string, route *Route) bool {
	if c.Public || method == methodNone {
		return c.Public && method == methodNone
	}
	return route.Dialect != "" || c.TokenEndpointAuthMethod == "" || c.TokenEndpointAuthMethod == method
}

// wrongMethod says to the client's developers which method it should have used.
func wrongMethod(c *storage.Client, used string) string {
	switch {
	case c.Public:
		return "the client is public and sent a client_secret: send client_id alone"
	case used == methodNone:
		return "no client_secret was sent, and the client is registered with one"
	}
	return "the client authenticated by " + used + " and is registered for " + c.TokenEndpointAuthMethod
}

// parseCredentials finds the one method that a request uses. More than one is a malformed request (RFC 6749 §2.3);
// two that disagree fail to authenticate.
func parseCredentials(authorization string, params Params) (credentials, error) {
	id, secret := params["client_id"], params["client_secret"]
	if params["client_assertion"] != "" || params["client_assertion_type"] != "" {
		return credentials{}, refuse(CodeInvalidClient, "Client assertions are not supported. Use client_secret_basic or client_secret_post.")
	}
	if authorization == "" {
		switch {
		case id == "":
			return credentials{}, refuse(CodeInvalidClient, "The client did not authenticate.")
		case secret == "":
			return credentials{id: id, method: methodNone}, nil
		}
		return credentials{id: id, secrets: []string{secret}, method: methodPost}, nil
	}
	basic, ok := basicCredentials(authorization)
	switch {
	case !ok:
		return credentials{}, errClient.told("the Authorization header is not Basic with a client_id and a secret")
	case id != "" && id != basic.id:
		return credentials{}, errClient.told("client_id differs from the one in the Authorization header")
	}
	if secret != "" {
		if secret != basic.secrets[0] {
			return credentials{}, errClient.told("client_secret differs from the one in the Authorization header")
		}
		return credentials{}, refuse(CodeInvalidRequest, "The client authenticated in more than one way. Use the header or the body.")
	}
	return basic, nil
}

// basicCredentials decodes HTTP Basic. Both halves are form-encoded (RFC 6749 §2.3.1), which many clients forget; a
// secret whose two readings differ is tried both ways.
func basicCredentials(authorization string) (credentials, bool) {
	scheme, encoded, _ := strings.Cut(authorization, " ")
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil || !strings.EqualFold(scheme, "Basic") {
		return credentials{}, false
	}
	id, secret, ok := strings.Cut(string(raw), ":")
	if !ok || id == "" || secret == "" {
		return credentials{}, false
	}
	c := credentials{id: id, secrets: []string{secret}, method: methodBasic}
	if decoded, err := url.QueryUnescape(id); err == nil {
		c.id = decoded
	}
	if decoded, err := url.QueryUnescape(secret); err == nil && decoded != secret {
		c.secrets = []string{decoded, secret}
	}
	return c, true
}

// knownClient hands fosite the client that authenticate has proven.
func knownClient(ctx context.Context, _ *http.Request, _ url.Values) (fosite.Client, error) {
	if x := exchangeOf(ctx); x.client != nil {
		return x.asClient(), nil
	}
	return nil, fosite.ErrInvalidClient
}
