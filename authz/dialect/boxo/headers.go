package boxo

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"gatehouse/authz"
	"gatehouse/registry"
	"gatehouse/storage"
)

// Headers in which the platform says what it is about.
const (
	HeaderApp     = "X-Miniapp-App-ID"
	HeaderHostApp = "X-Hostapp-Client-ID"
)

// Apps returns the clients whose app_id this is, none where there is none: registry.BoxoApp.
type Apps func(ctx context.Context, appID string) ([]*storage.Client, error)

// DecodeClient reads the headers of a request that the platform authenticates with <prefix> base64(client_id:secret).
// The prefix may be any here, since the client that says which it is is not known yet: CheckClient looks at it.
func DecodeClient(r *http.Request) *authz.Request {
	req := &authz.Request{Header: r.Header}
	if _, credentials := authorization(r.Header); credentials != "" {
		req.Authorization = "Basic " + credentials
	}
	return req
}

// CheckClient returns an authz.Route.Check of what DecodeClient has read: the prefix is the client's own, Token or Basic,
// and the headers name this client's mini app and itself where they are there, as they have to be with strict_headers.
// Refusals name Boxo's code in authz.Error.Vendor; other errors are those of apps.
func CheckClient(apps Apps) func(context.Context, *authz.Request) error {
	return func(ctx context.Context, req *authz.Request) error {
		if !hasPrefix(req, "Basic") {
			return Refuse(AccessDenied, "The Authorization header needs the client's own prefix, Token or Basic.")
		}
		return checkHeaders(ctx, req, apps)
	}
}

// decodeBearer reads a request with an access token, under a prefix that checkBearer looks at.
func decodeBearer(r *http.Request) (*authz.Request, error) {
	_, token := authorization(r.Header)
	return &authz.Request{Params: authz.Params{"access_token": token}, Header: r.Header}, nil
}

// checkBearer is CheckClient for an access token, before which Bearer may stand in place of Basic.
func checkBearer(apps Apps) func(context.Context, *authz.Request) error {
	return func(ctx context.Context, req *authz.Request) error {
		if !hasPrefix(req, "Bearer") {
			return Refuse(InvalidAccessToken, "The Authorization header needs the client's own prefix, Token or Bearer.")
		}
		return checkHeaders(ctx, req, apps)
	}
}

// authorization splits an Authorization header into its scheme and what follows, empty where nothing does.
func authorization(h http.Header) (prefix, credentials string) {
	prefix, credentials, _ = strings.Cut(h.Get("Authorization"), " ")
	return prefix, strings.TrimSpace(credentials)
}

// hasPrefix reports whether the Authorization header has one of the client's prefixes. Their case is free, as that of any
// scheme (RFC 9110 §11.1).
func hasPrefix(req *authz.Request, standard string) bool {
	prefix, _ := authorization(req.Header)
	settings, _ := registry.BoxoOf(req.Client)
	return slices.ContainsFunc([]string{settings.AuthorizationPrefix, "Token", standard}, func(known string) bool {
		return strings.EqualFold(prefix, known)
	})
}

func checkHeaders(ctx context.Context, req *authz.Request, apps Apps) error {
	settings, _ := registry.BoxoOf(req.Client)
	for _, name := range []string{HeaderApp, HeaderHostApp} {
		if settings.StrictHeaders && req.Header.Get(name) == "" {
			return Refuse(MissingHeader, "The header "+name+" is missing.")
		}
	}
	if named(req, HeaderHostApp, req.Client.ID) != "" {
		return Refuse(HostAppNotFound, "The header "+HeaderHostApp+" names another client.")
	}
	other := named(req, HeaderApp, settings.AppID)
	if other == "" {
		return nil
	}
	clients, err := apps(ctx, other)
	switch {
	case err != nil:
		return err
	case len(clients) == 0:
		return Refuse(MiniAppNotFound, "The header "+HeaderApp+" names no mini app.")
	}
	return Refuse(NoIntegration, "The header "+HeaderApp+" names another client's mini app.")
}

// named returns what a header names other than expected, however often it is there; empty when it names nothing else.
func named(req *authz.Request, header, expected string) string {
	for _, value := range req.Header.Values(header) {
		if value != "" && value != expected {
			return value
		}
	}
	return ""
}
