package api

import (
	"net/http"

	"gatehouse/admin"
	"gatehouse/registry"
)

const (
	get    = http.MethodGet
	post   = http.MethodPost
	patch  = http.MethodPatch
	put    = http.MethodPut // of a picture
	remove = http.MethodDelete
)

// calls is everything that can be asked: method, path, what one has to be able to do, the handler, and the parameters.
func (a *API) calls() []call {
	return append(a.steps(), []call{
		{get, "/clients", admin.ClientRead, listClients, with("status", "publisher", "q")},
		{post, "/clients", admin.ClientCreate, createClient, nil},
		{get, "/clients/{id}", admin.ClientRead, getClient, nil},
		{patch, "/clients/{id}", admin.ClientUpdate, updateClient, nil},
		{remove, "/clients/{id}", admin.ClientDelete, deleteClient, nil},
		{put, "/clients/{id}/logo", admin.ClientUpdate, putLogo, nil},
		{post, "/clients/{id}/discard", admin.ClientDiscard, discardVersion, nil},
		{post, "/clients/{id}/rotate-secret", admin.ClientRotateSecret, rotateSecret, nil},
		{post, "/clients/{id}/revoke-registration", admin.ClientRevokeRegistration, revokeRegistration, nil},
		{post, "/clients/{id}/evaluate", admin.ClientEvaluate, evaluateClient, nil},
		{get, "/clients/{id}/code/{lang}", admin.ClientRead, clientCode, nil},
		{get, "/clients/{id}/comments", admin.ClientRead, listComments, paging},
		{post, "/clients/{id}/comments", admin.ClientComment, addComment, nil},

		{get, "/clients/{id}/versions", admin.ClientRead, listVersions, paging},
		{get, "/clients/{id}/hints", admin.ReviewRead, listHints, nil},
		{get, "/reviews", admin.ReviewRead, listReviews, paging},

		{get, "/publishers", admin.PublisherRead, listPublishers, paging},
		{post, "/publishers", admin.PublisherSave, createPublisher, nil},
		{get, "/publishers/{id}", admin.PublisherRead, getPublisher, nil},
		{patch, "/publishers/{id}", admin.PublisherSave, updatePublisher, nil},
		{remove, "/publishers/{id}", admin.PublisherDelete, deletePublisher, nil},
		{post, "/publishers/{id}/verify", admin.PublisherVerify, verifyPublisher(true), nil},
		{post, "/publishers/{id}/unverify", admin.PublisherVerify, verifyPublisher(false), nil},

		{get, "/publishers/{id}/test-users", admin.TestUserRead, listTestUsers, nil},
		{post, "/publishers/{id}/test-users", admin.TestUserCreate, createTestUser, nil},
		{post, "/publishers/{id}/test-users/{user_id}/rotate-password", admin.TestUserSetPassword, rotateTestPassword, nil},
		{remove, "/publishers/{id}/test-users/{user_id}", admin.TestUserDelete, deleteTestUser, nil},

		{get, "/scopes", admin.ScopeRead, listScopes, paging},
		{post, "/scopes", admin.ScopeSave, createScope, nil},
		{get, "/scopes/{id}", admin.ScopeRead, getScope, nil},
		{patch, "/scopes/{id}", admin.ScopeSave, updateScope, nil},
		{remove, "/scopes/{id}", admin.ScopeDelete, deleteScope, nil},

		{get, "/users", admin.UserRead, listUsers, with("q", "company")},
		{post, "/users", admin.UserCreate, createUser, nil},
		{get, "/users/{id}", admin.UserRead, getUser, nil},
		{patch, "/users/{id}", admin.UserUpdate, updateUser, nil},
		{post, "/users/{id}/disable", admin.UserDisable, disableUser, nil},
		{post, "/users/{id}/enable", admin.UserEnable, enableUser, nil},
		{post, "/users/{id}/set-password", admin.UserSetPassword, setPassword, nil},

		{get, "/companies", admin.CompanyRead, listCompanies, paging},
		{post, "/companies", admin.CompanySave, createCompany, nil},
		{get, "/companies/{id}", admin.CompanyRead, getCompany, nil},
		{patch, "/companies/{id}", admin.CompanySave, updateCompany, nil},
		{remove, "/companies/{id}", admin.CompanyDelete, deleteCompany, nil},

		{get, "/sessions", admin.SessionRead, listSessions, with("user")},
		{remove, "/sessions/{id}", admin.SessionEnd, endSession, nil},

		{get, "/grants", admin.GrantRead, listGrants, with("user", "company", "client")},
		{get, "/grants/{id}", admin.GrantRead, getGrant, nil},
		{remove, "/grants/{id}", admin.GrantRevoke, revokeGrant, nil},

		{get, "/keys", admin.KeyRead, listKeys, nil},
		{post, "/keys/rotate", admin.KeyRotate, rotateKeys, nil},

		{get, "/audit", admin.AuditRead, listAudit, with("actor", "action", "target", "since", "until")},
		{get, "/audit/export", admin.AuditRead, exportAudit, []string{"actor", "action", "target", "since", "until"}},

		{get, "/clients/{id}/requests", admin.ClientRead, listClientRequests, nil},
		{get, "/dashboard", admin.DashboardRead, getDashboard, []string{"range"}},

		{get, "/deliveries", admin.DeliveryRead, listDeliveries, with("state", "client")},
		{get, "/deliveries/{id}", admin.DeliveryRead, getDelivery, nil},
		{post, "/deliveries/{id}/retry", admin.DeliveryRetry, retryDelivery, nil},

		{get, "/initial-access-tokens", admin.InitialTokenRead, listInitialTokens, paging},
		{post, "/initial-access-tokens", admin.InitialTokenCreate, createInitialToken, nil},
		{remove, "/initial-access-tokens/{id}", admin.InitialTokenDelete, deleteInitialToken, nil},

		{get, "/api-keys", admin.APIKeyRead, listAPIKeys, paging},
		{post, "/api-keys", admin.APIKeyCreate, createAPIKey, nil},
		{remove, "/api-keys/{id}", admin.APIKeyDelete, deleteAPIKey, nil},
	}...)
}

// steps are the calls of the workflow, one for each action.
func (a *API) steps() (calls []call) {
	for _, action := range registry.Actions() {
		calls = append(calls, call{post, "/clients/{id}/" + string(action), admin.CapabilityOf(action), takeStep(action), nil})
	}
	return calls
}
