package registry

import (
	"slices"

	"gatehouse/storage"
)

// reserved are the parts of a registration that no version changes: an admin does, and at once.
var reserved = []string{"first_party", "resource_server"}

// asked returns a live registration with what a version asks to be changed: the parts in which it differs from what it was made
// from, and of a list or an object the elements. What is changed of the live one meanwhile stays so.
func asked(v storage.ClientVersion, live storage.Client) storage.Client {
	c := live
	for _, f := range fields {
		switch {
		case slices.Contains(reserved, f.name):
		case v.Base == nil:
			f.copy(&c, v.Client)
		case !same(f.of(*v.Base), f.of(v.Client)):
			f.set(&c, f.merge(live, *v.Base, v.Client))
		}
	}
	return c
}

// reworked returns an open version for which somebody who saw was wants is. What they leave alone is asked for, or not, as
// before; what they change is from now on made from what is live.
func reworked(v storage.ClientVersion, was, is, live storage.Client) storage.ClientVersion {
	if v.Base == nil {
		v.Client = is
		return v
	}
	base := *v.Base
	for _, f := range fields {
		if !same(f.of(was), f.of(is)) {
			f.copy(&v.Client, is)
			f.copy(&base, live)
		}
	}
	v.Base = &base
	return v
}
