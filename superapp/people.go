package superapp

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"gatehouse/authz"
	"gatehouse/identity"
	"gatehouse/storage"
)

// People keeps those whom the host makes known.
type People interface {
	Receive(ctx context.Context, issuer, subject string, said identity.Profile) (storage.User, error)
}

// peopleRoute is POST /superapp/v1/people: the host's backend makes a person known, or says what has changed about them.
// What is not sent stays as it is.
func (a *API) peopleRoute() authz.Route {
	return authz.Route{
		Methods: []string{http.MethodPost}, Path: "/superapp/v1/people",
		Endpoint: a.Authz.API(a.receive), Decode: decodePerson, Encode: encodeMembers, Fail: fail,
	}
}

func (a *API) receive(ctx context.Context, req *authz.Request) (*authz.Answer, error) {
	if err := a.Authz.HostClient(ctx, req); err != nil {
		return nil, err
	}
	said, err := profileOf(req.Params)
	if err != nil {
		return nil, err
	}
	u, err := a.People.Receive(ctx, authz.HostIssuer(req), req.Params["external_id"], said)
	if err != nil {
		return nil, refusalOf(err)
	}
	return &authz.Answer{Members: map[string]any{"id": u.ID, "external_id": req.Params["external_id"]}}, nil
}

// refusalOf says to the host why a person cannot be what it says, and what to do.
func refusalOf(err error) error {
	conflict := func(description string) error {
		return &authz.Error{Code: "conflict", Description: description, Status: http.StatusConflict, Cause: err}
	}
	switch {
	case errors.Is(err, identity.ErrEmailTaken):
		return conflict("The e-mail address belongs to another account. Leave it out, or send another one; to use that account, the person signs in to it.")
	case errors.Is(err, identity.ErrPhoneTaken):
		return conflict("The phone number belongs to another account. Leave it out, or send another one; to use that account, the person signs in to it.")
	case errors.Is(err, identity.ErrDisabled):
		return authz.ErrDisabled()
	}
	if problems := identity.Invalids(err); len(problems) > 0 {
		field := problems[0].Field
		if field == "subject" {
			field = "external_id"
		}
		return authz.Refuse(authz.CodeInvalidRequest, "The member "+field+" cannot be accepted: "+problems[0].Text+".")
	}
	return err
}

var (
	personTexts = []string{"external_id", "email", "phone", "first_name", "last_name"}
	personFlags = []string{"email_verified", "phone_verified"}
)

// maxAttributes bounds what a person's own values take as JSON, in bytes: they are read with every answer about them.
const maxAttributes = 16 << 10

// decodePerson reads a person as the host describes them. A parameter is there for each member that was sent, also for one
// that is empty; flags are true or false, and attributes JSON.
func decodePerson(r *http.Request) (*authz.Request, error) {
	req, body, err := decodeObject(r)
	if err != nil {
		return req, err
	}
	for _, name := range personTexts {
		if body.Raw(name) == nil {
			continue
		}
		if req.Params[name], err = body.Text(name); err != nil {
			return req, err
		}
	}
	for _, name := range personFlags {
		switch flag := string(body.Raw(name)); flag {
		case "":
		case "true", "false":
			req.Params[name] = flag
		default:
			return req, authz.Refuse(authz.CodeInvalidRequest, "The member "+name+" has to be true or false.")
		}
	}
	if raw := body.Raw("attributes"); raw != nil {
		req.Params["attributes"] = string(raw)
		_, err = readAttributes(req.Params["attributes"])
	}
	return req, err
}

// readAttributes reads a JSON object; its numbers are json.Number, so that none loses a digit.
func readAttributes(raw string) (map[string]any, error) {
	decoder := json.NewDecoder(strings.NewReader(raw))
	decoder.UseNumber()
	var values map[string]any
	if len(raw) > maxAttributes || decoder.Decode(&values) != nil || values == nil {
		return nil, authz.Refuse(authz.CodeInvalidRequest, "The member attributes has to be an object of at most 16 KiB.")
	}
	if hasNUL(values) {
		return nil, authz.Refuse(authz.CodeInvalidRequest, "The member attributes has NUL in it.")
	}
	return values, nil
}

// hasNUL reports whether there is a NUL, which no database keeps, in a text or name within a decoded JSON value.
func hasNUL(value any) bool {
	switch v := value.(type) {
	case string:
		return strings.ContainsRune(v, 0)
	case []any:
		return slices.ContainsFunc(v, hasNUL)
	case map[string]any:
		for name, member := range v {
			if hasNUL(name) || hasNUL(member) {
				return true
			}
		}
	}
	return false
}

// profileOf is what decodePerson has read.
func profileOf(params authz.Params) (identity.Profile, error) {
	text := func(name string) *string {
		if value, sent := params[name]; sent {
			return &value
		}
		return nil
	}
	flag := func(name string) *bool {
		if value, sent := params[name]; sent {
			yes := value == "true"
			return &yes
		}
		return nil
	}
	said := identity.Profile{
		Email: text("email"), EmailVerified: flag("email_verified"), Phone: text("phone"), PhoneVerified: flag("phone_verified"),
		FirstName: text("first_name"), LastName: text("last_name"),
	}
	var err error
	if raw, sent := params["attributes"]; sent {
		said.Attributes, err = readAttributes(raw)
	}
	return said, err
}
