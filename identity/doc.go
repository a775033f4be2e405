// Package identity knows who a person is: accounts, passwords, signed-in browsers, and the pages for sign-in, sign-up,
// sign-out and /account.
//
//	People     accounts: create, sign in, sign up, change and set passwords, disable
//	Passwords  argon2id in a bounded amount of memory; imported bcrypt hashes are verified and replaced
//	Sessions   the cookie (gorilla/sessions) and the server-side record behind it
//	Pages      the handlers; what they draw is in package templates
//
// Sign-in is one step of an authorization request and knows none of the others: it opens the interaction that was
// sealed for it, does its work, and sends the browser back to where the request came from.
package identity
