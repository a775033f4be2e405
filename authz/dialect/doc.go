// Package dialect is what the vendors' wire formats have in common: how a body is read that may be JSON or a form, and
// how paths are found that several vendors share, with prefixes and slashes that nobody promised to leave out.
//
// Each vendor has a room of its own below. A room translates and never decides: it is a list of authz.Route.
package dialect
