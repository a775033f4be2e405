// Package registry knows the mini apps: their metadata and its rules, their publishers, their secrets, and the catalogue
// of scopes.
//
// Reads come from a cache of immutable records that are shared by everybody; nobody may change what a method returned a
// pointer to. A write in this process is seen at once, one of another process within a second (Run).
//
// There is one set of rules for a client's metadata, CheckClient, whoever writes it: a seed file, the command line, the
// developer portal or the API. It answers with Problems, each of which names the field and the fix.
package registry
