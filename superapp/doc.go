// Package superapp is the host app's own API: what its native side asks for a person who opens a mini app, in place of a
// browser. Every call carries an access token of a first-party client with the scope superapp that this person allowed;
// people and sessions, which are the hand-over of people whom the host knows already, the client's own.
//
// Its calls are routes like those of every format (authz.Route), with errors as in RFC 6749 §5.2.
package superapp
