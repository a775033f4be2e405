// Package seed brings a database to a declared state.
//
// A seed file is YAML, one document or several, of companies, users, scopes, publishers and clients. Reading is strict:
// an unknown key is an error that names the nearest known one. A Plan checks everything against the file and the
// database before it changes anything, knows what would change, and applying it twice changes nothing the second time.
// What is in the database and in no file stays.
//
// What a file says about a record is the whole record, so a key that is left out has its default. These stay as they are
// instead: passwords and client secrets, what people say about themselves (phone, names, language, attributes, and what
// of it was verified), and what reviewers decided (a client's status, a publisher's verification).
//
// A rotation wins over a file: a secret that the client had until it was rotated is not brought back, one that it never
// had replaces those it has. The sealed copy that GAM's sign-in call sends (dialects.gam.signin_secret) goes with the
// client's secret, where the file does not name another. A password in a file wins over one that its owner has chosen since.
//
// A seed goes to the store itself, under the rules of package registry, and not by way of admin.House: it declares what no
// operation there lets anybody set (hashes of passwords and secrets, an ID, a status without its steps, since when a publisher
// is verified), and each record with all of that in one write.
package seed
