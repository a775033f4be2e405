// Package claims is the one place that turns a person, a client and granted scopes into values: userinfo answers, ID
// tokens, the consent page, the host app's API and the vendors' formats all show what this package says.
//
// It also gives people the names by which a client knows them: the pairwise subject identifier (OIDC Core §8.1) and the
// publisher-wide unionid.
package claims
