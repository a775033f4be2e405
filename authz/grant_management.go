package authz

import (
	"context"
	"slices"
	"strings"

	"gatehouse/consent"
	"gatehouse/storage"
)

// Grant Management for OAuth 2.0 (OpenID Foundation, FAPI working group): what a client may ask of its grant in an
// authorization request. What it does with the grant afterwards is in grants.go.

// Values of grant_management_action in an authorization request (§5.2).
const (
	actionCreate  = "create"
	actionMerge   = "merge"
	actionReplace = "replace"
)

// grantActions are all actions, those of the endpoint included (§7.1).
var grantActions = []string{"query", "revoke", actionCreate, actionMerge, actionReplace}

// CodeInvalidGrantID is the error of a grant_id that means nothing to this client and this person (§5.4).
const CodeInvalidGrantID = "invalid_grant_id"

var errGrantID = refuse(CodeInvalidGrantID, "The grant_id is not that of a grant that this person gave this client.")

// checkGrantManagement looks at what goes together. Whose grant it is, is known when the person is (checkGrantID).
func (s *Server) checkGrantManagement(_ context.Context, req *authorizeRequest) error {
	action, id := req.params["grant_management_action"], req.params["grant_id"]
	if action == "" && id == "" {
		return nil
	}
	if req.client.Public {
		return refuse(CodeUnauthorizedClient, "Grant management is for clients with a secret.")
	}
	switch action {
	case actionCreate:
		if id != "" {
			return refuse(CodeInvalidRequest, "The grant_management_action create goes without grant_id.")
		}
	case actionMerge, actionReplace:
		if id == "" {
			return refuse(CodeInvalidRequest, "The parameter grant_id is missing.")
		}
	default:
		return refuse(CodeInvalidRequest, "The grant_management_action has to be create, merge or replace.")
	}
	return nil
}

// checkGrantID requires that the grant that is named is the one that the person gave the client. Others' grants and those
// that never were get the same answer.
func (req *authorizeRequest) checkGrantID(g *storage.Grant) error {
	if id := req.params["grant_id"]; id == "" || g != nil && g.PublicID() == id {
		return nil
	}
	return errGrantID
}

// merged adds to granted what the grant allows already, where that is asked: what Decide and mayAllow, or checkShareable
// for the host app, let through if it were asked, without a question.
func (s *Server) merged(req *authorizeRequest, g *storage.Grant, granted []string, u storage.User) []string {
	if req.params["grant_management_action"] != actionMerge {
		return granted
	}
	all := slices.Clone(granted)
	for _, scope := range consent.AllowedScopes(g, req.client, s.now()) {
		may := mayAllowScope(scope, u) && (req.givenBy == storage.FamilyID{} || isShareable(req.client, scope))
		if may && !slices.Contains(all, scope) {
			all = append(all, scope)
		}
	}
	return all
}

// manageGrant does with the grant what the code was asked for: merge ends the tokens that there are, and replace also
// forgets what is not asked any more. It happens here and not at authorize, because here the client has proven that it is
// the client: a link that somebody else made changes nothing.
func (s *Server) manageGrant(ctx context.Context, x *exchange) error {
	var keep []string
	switch x.session.Action {
	default:
		return nil
	case actionMerge:
	case actionReplace:
		keep = strings.Fields(x.stored.Scope)
	}
	grant, err := s.currentGrant(ctx, storage.Owner{UserID: x.session.UserID, CompanyID: x.session.CompanyID}, x.client.ID)
	switch {
	case err != nil:
		return err
	case grant == nil || grant.ID != x.session.GrantID: // it has ended since the code was read
		return errGrant.For(ReasonWithdrawn)
	}
	x.session.GrantID = x.saveGrant(consent.Renew(*grant, keep, x.now)).ID
	return nil
}
