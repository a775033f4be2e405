package boxo

import (
	"net/http"

	"gatehouse/authz"
	"gatehouse/registry"
)

// Routes returns Boxo Connect's endpoints of a host app's backend, as s decides them. apps finds mini apps by app_id.
func Routes(s *authz.Server, apps Apps) []authz.Route {
	get, post := []string{http.MethodGet}, []string{http.MethodPost}
	return []authz.Route{
		{
			Methods: post, Path: "/api/get_access_token", Dialect: registry.DialectBoxo, NoRedirectURI: true,
			Name: authz.NameToken, Endpoint: s.API(s.Token), Decode: decodeCode, Encode: encodeTokens,
			Check: CheckClient(apps), Fail: fail(InvalidAuthCode, ExpiredAuthCode),
		},
		{
			Methods: post, Path: "/api/refresh_token", Dialect: registry.DialectBoxo,
			Name: authz.NameToken, Endpoint: s.API(s.Token), Decode: decodeRefresh, Encode: encodeTokens,
			Check: CheckClient(apps), Fail: fail(InvalidAccessToken, ExpiredAccessToken),
		},
		{
			Methods: get, Path: "/api/get_user_data", Dialect: registry.DialectBoxo,
			Name: authz.NameUserInfo, Endpoint: s.API(s.UserInfo), Decode: decodeBearer, Complete: checkUserData, Encode: encodeUserData,
			Check: checkBearer(apps), Fail: fail(InvalidAccessToken, ExpiredAccessToken),
		},
	}
}
