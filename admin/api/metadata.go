package api

import (
	"errors"
	"reflect"
	"strings"

	"gatehouse/storage"
)

// ReadMembers reads a body that is one JSON object, as every call of the API does. The error says what is wrong with it.
func ReadMembers(body []byte) (map[string]any, error) {
	o, err := readObject(body)
	return o, plain(err)
}

// ClientOf is the registration that members describe, under the names of RFC 7591 §2; what is no part of a registration is
// passed over (§2). registry.Problems, under the members' names, for members of another kind.
func ClientOf(m map[string]any) (storage.Client, error) {
	known := make(object, len(m))
	for name, value := range m {
		if isMetadata(name) {
			known[name] = value
		}
	}
	c, err := clientOf(known, storage.Client{})
	return c, plain(err)
}

// metadataFields are the members of a registration, with their types.
var metadataFields = fieldsOf(reflect.TypeFor[clientFields]())

// isMetadata reports whether a member is one of a registration that its mini app may choose.
func isMetadata(name string) bool {
	switch name {
	case "client_id", "publisher", "status", "first_party", "resource_server":
		return false
	}
	return strings.HasPrefix(name, namePrefix) || metadataFields[name] != nil
}

// plain is an error without what only the API's answers have.
func plain(err error) error {
	var p *problem
	switch {
	case !errors.As(err, &p):
		return err
	case len(p.Errors) > 0:
		return p.Errors
	}
	return errors.New(p.Detail)
}
