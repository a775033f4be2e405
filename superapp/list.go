package superapp

import (
	"context"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"gatehouse/authz"
	"gatehouse/storage"
)

// How many mini apps a page has where the call does not say, and at most.
const (
	defaultPage = 100
	maxPage     = 500
)

// appsRoute is GET /superapp/v1/apps: the mini apps that there are for this person, a page at a time.
func (a *API) appsRoute() authz.Route {
	return authz.Route{
		Methods: reading, Path: "/superapp/v1/apps",
		Endpoint: a.Authz.API(a.apps), Decode: decodePage, Encode: encodeMembers, Fail: fail,
	}
}

var reading = []string{http.MethodGet, http.MethodHead}

func encodeMembers(_ *authz.Request, answer *authz.Answer) authz.Response {
	return authz.Response{Body: answer.Members}
}

// apps reads the person's grants at once and everything else from the registry's cache: the database is asked as often for
// a page of five hundred as for one.
func (a *API) apps(ctx context.Context, req *authz.Request) (*authz.Answer, error) {
	who, err := a.Authz.HostPerson(ctx, req)
	if err != nil {
		return nil, err
	}
	visits, next, err := a.page(ctx, who.User, req.Params)
	if err != nil {
		return nil, err
	}
	publishers, err := a.Registry.Publishers(ctx)
	if err != nil {
		return nil, err
	}
	apps := make([]map[string]any, len(visits))
	for i, v := range visits {
		var by *publisher
		if p, known := publishers[v.client.PublisherID]; known {
			by = publisherOf(p)
		}
		if apps[i], err = a.describe(ctx, req, v, by); err != nil {
			return nil, err
		}
	}
	members := map[string]any{"apps": apps}
	if next != "" {
		members["next"] = next
	}
	return &authz.Answer{Members: members}, nil
}

// page returns the mini apps of a page in the order of their IDs, and the cursor of the next one, empty at the end.
func (a *API) page(ctx context.Context, person storage.User, params authz.Params) (visits []*visit, next string, err error) {
	limit, after, err := readPage(params)
	if err != nil {
		return nil, "", err
	}
	grants, err := a.Store.Grants(ctx, storage.Owner{UserID: person.ID})
	if err != nil {
		return nil, "", err
	}
	byClient := make(map[string]*storage.Grant, len(grants))
	for i := range grants {
		byClient[grants[i].ClientID] = &grants[i]
	}
	clients, err := a.Registry.Clients(ctx)
	if err != nil {
		return nil, "", err
	}
	for _, c := range clients {
		grant := byClient[c.ID]
		if c.ID <= after || !authz.IsMiniApp(c, grant != nil) || !person.MayMeet(c) {
			continue
		}
		if len(visits) == limit {
			return visits, cursorAfter(visits[limit-1].client.ID), nil
		}
		v := &visit{person: person, client: c}
		a.found(v, grant)
		visits = append(visits, v)
	}
	return visits, "", nil
}

// decodePage is decodeCall, and the parameters limit and cursor.
func decodePage(r *http.Request) (*authz.Request, error) {
	req, err := decodeCall(r)
	query := r.URL.Query()
	req.Params["limit"], req.Params["cursor"] = query.Get("limit"), query.Get("cursor")
	return req, err
}

// readPage returns how many mini apps are asked for at most, and after which ID.
func readPage(params authz.Params) (limit int, after string, err error) {
	limit = defaultPage
	if sent := params["limit"]; sent != "" {
		if limit, err = strconv.Atoi(sent); err != nil || limit < 1 || limit > maxPage {
			return 0, "", authz.Refuse(authz.CodeInvalidRequest, "The parameter limit has to be a number from 1 to 500.")
		}
	}
	if params["cursor"] == "" {
		return limit, "", nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(params["cursor"])
	after, ours := strings.CutPrefix(string(raw), cursorPrefix)
	if err != nil || !ours {
		return 0, "", authz.Refuse(authz.CodeInvalidRequest, "The parameter cursor has to be the member next of the page before. Begin again without it.")
	}
	return limit, after, nil
}

// cursorPrefix is what every cursor begins with, so that what is none is refused.
const cursorPrefix = "after "

// cursorAfter names the page that begins after a mini app, which need not be there any more by then.
func cursorAfter(id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(cursorPrefix + id))
}
