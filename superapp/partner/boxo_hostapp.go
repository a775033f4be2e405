package partner

import (
	"context"
	"encoding/json"
	"net/http"

	"gatehouse/authz/dialect/boxo"
)

// fetchUserData exchanges an auth code at the host app that it comes from, and the access token for the person's data.
func (p *Partner) fetchUserData(ctx context.Context, n *connection, code string) (*userData, error) {
	token, err := p.hostToken(ctx, n, code)
	if err != nil {
		return nil, err
	}
	m, err := p.ask(ctx, hostApp, call{
		method: http.MethodGet, url: n.settings.Platform.UserDataURL, contentType: mediaJSON, header: n.headers("Token " + token),
	})
	if err != nil {
		return nil, err
	}
	if raw := m["user_data"]; raw == nil || string(raw) == "null" {
		return nil, hostApp.failed(codeAttributeMissing, "answered without user_data.", nil)
	}
	data, err := readUserData(m["user_data"])
	if err != nil {
		return nil, hostApp.failed(boxo.InvalidUserData, "answered with user data that are not valid.", err)
	}
	return data, nil
}

// hostToken is the host app's own, by the credentials that whoever asks us has proven to be the host app's.
func (p *Partner) hostToken(ctx context.Context, n *connection, code string) (string, error) {
	body, err := json.Marshal(map[string]string{"auth_code": code})
	if err != nil {
		return "", err
	}
	m, err := p.ask(ctx, hostApp, call{
		method: http.MethodPost, url: n.settings.Platform.AccessTokenURL, contentType: mediaJSON, body: string(body),
		header: n.headers(n.settings.AuthorizationPrefix + " " + n.credentials),
	})
	if err != nil {
		return "", err
	}
	token, err := m.need("access_token", hostApp)
	if err == nil && !isHeaderText(token) {
		err = hostApp.failed(codeUnparsable, "answered with an access_token that no header can hold.", nil)
	}
	return token, err
}
