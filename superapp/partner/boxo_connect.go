package partner

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"gatehouse/authz"
	"gatehouse/authz/dialect"
	"gatehouse/authz/dialect/boxo"
	"gatehouse/registry"
	"gatehouse/storage"
)

// connectRoute is POST /api/v1/connect of the Boxo platform: a person of a host app is made known to a mini app, which
// answers with a token of its own. With auth_code the platform gets the person's data from the host app (Boxo Connect
// OAuth), with user_data the host app brings them (Boxo Connect Direct).
func (p *Partner) connectRoute() authz.Route {
	return authz.Route{
		Methods: []string{http.MethodPost}, Path: "/api/v1/connect", Dialect: registry.DialectBoxo,
		Endpoint: p.authz.API(p.connect), Decode: decodeConnect, Encode: encodeConnect, Fail: failBoxo,
		Check: boxo.CheckClient(p.registry.BoxoApp),
	}
}

// Parameters of a connect request that no RFC has.
const (
	paramUserData  = "user_data"
	paramReference = "user_reference"
)

// decodeConnect reads a connect request. Exactly one of auth_code and user_data is there.
func decodeConnect(r *http.Request) (*authz.Request, error) {
	req := boxo.DecodeClient(r)
	body, err := dialect.ReadBody(r, false)
	if err != nil {
		return req, err
	}
	if !body.IsJSON() {
		return req, boxo.Refuse(boxo.ParsingError, "The request body is not a JSON object.")
	}
	if err := addressed(req, body); err != nil {
		return req, err
	}
	if req.Params, err = body.Params(map[string]string{"auth_code": "code"}); err != nil {
		return req, err
	}
	if raw := body.Raw(paramUserData); raw != nil {
		req.Params[paramUserData] = string(raw)
	}
	if len(req.Params) != 1 {
		return req, boxo.Refuse(boxo.ParsingError, "Send one of auth_code and user_data.")
	}
	return req, nil
}

// addressed moves client_id and app_id to where every other request of the format has them, into headers, and there they
// are checked like those.
func addressed(req *authz.Request, from dialect.Body) error {
	named, err := from.Params(map[string]string{"client_id": boxo.HeaderHostApp, "app_id": boxo.HeaderApp})
	switch {
	case err != nil:
		return err
	case named[boxo.HeaderHostApp] == "":
		return boxo.Refuse(boxo.HostAppNotFound, "client_id is missing.")
	case named[boxo.HeaderApp] == "":
		return boxo.Refuse(boxo.MiniAppNotFound, "app_id is missing.")
	}
	req.Header = req.Header.Clone()
	for header, id := range named {
		req.Header.Add(header, id)
	}
	return nil
}

// encodeConnect writes the mini app's own token, under the name that it has in either flow.
func encodeConnect(req *authz.Request, a *authz.Answer) authz.Response {
	body := map[string]string{"auth_token": a.AccessToken}
	if req.Params["code"] == "" {
		body = map[string]string{"token": a.AccessToken}
	}
	if a.RefreshToken != "" {
		body["refresh_token"] = a.RefreshToken
	}
	return authz.Response{Body: body}
}

// connection is a host app and a mini app that the platform brings together.
type connection struct {
	client      *storage.Client
	settings    registry.Boxo
	credentials string // the host app's, base64, as it has just proven them
	appSecret   string // the mini app's
}

// connect gets the person's data, from the host app or out of the request, and brings them to the mini app. Nothing is
// called before it is known that everything can be.
func (p *Partner) connect(ctx context.Context, req *authz.Request) (*authz.Answer, error) {
	c, err := p.authz.Authenticate(ctx, req)
	if err != nil {
		return nil, err
	}
	n, err := p.connection(c, req)
	if err != nil {
		return nil, err
	}
	data, err := p.dataOf(ctx, n, req)
	if err != nil {
		return nil, err
	}
	if !data.hasAll(n.settings.RequiredFields) {
		return nil, boxo.Refuse(boxo.InvalidUserData, "The user data lack a field that the mini app requires.")
	}
	return p.tokenOf(ctx, n, data)
}

func (p *Partner) connection(c *storage.Client, req *authz.Request) (*connection, error) {
	n := &connection{client: c}
	n.settings, _ = registry.BoxoOf(c)
	n.credentials = strings.TrimPrefix(req.Authorization, "Basic ")
	platform := n.settings.Platform
	broker := req.Params["code"] != ""
	switch {
	case platform.TokenURL == "":
		return nil, boxo.Refuse(codeNotSet, "The mini app's token_url is not set.")
	case broker && (platform.AccessTokenURL == "" || platform.UserDataURL == ""):
		return nil, boxo.Refuse(codeNotSet, "The host app's access_token_url or user_data_url is not set.")
	case platform.AppSecret == "":
		return nil, boxo.Refuse(codeAppNotSet, "The mini app's app_secret is not set.")
	}
	var err error
	n.appSecret, err = p.open(c, platform.AppSecret)
	return n, err
}

// dataOf returns the person's data.
func (p *Partner) dataOf(ctx context.Context, n *connection, req *authz.Request) (*userData, error) {
	if code := req.Params["code"]; code != "" {
		return p.fetchUserData(ctx, n, code)
	}
	return readUserData(json.RawMessage(req.Params[paramUserData]))
}

// headers are those that every call of the platform has.
func (n *connection) headers(authorization string) map[string]string {
	return map[string]string{
		"Authorization": authorization, boxo.HeaderApp: n.settings.AppID, boxo.HeaderHostApp: n.client.ID,
	}
}
