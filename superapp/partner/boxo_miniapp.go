package partner

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"

	"gatehouse/authz"
)

// tokenOf brings a person's data to the mini app's Token URL and returns what it answers: a token of its own, perhaps
// with one to refresh it.
func (p *Partner) tokenOf(ctx context.Context, n *connection, data *userData) (*authz.Answer, error) {
	body, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	basic := base64.StdEncoding.EncodeToString([]byte(n.settings.AppID + ":" + n.appSecret))
	m, err := p.ask(ctx, miniApp, call{
		method: http.MethodPost, url: n.settings.Platform.TokenURL, contentType: mediaJSON, body: string(body),
		header: n.headers("Basic " + basic), // whatever prefix the host app has
	})
	if err != nil {
		return nil, err
	}
	token, err := m.need("auth_token", miniApp)
	if err != nil {
		return nil, err
	}
	refresh, err := m.text("refresh_token")
	if err != nil {
		return nil, miniApp.failed(codeUnparsable, "answered with refresh_token that is no text.", nil)
	}
	return &authz.Answer{Client: n.client, AccessToken: token, RefreshToken: refresh}, nil
}
