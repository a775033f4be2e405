// Package outbound calls other people's servers: mini-app sign-in, webhooks, jwks_uri and upstreams. Their URLs come from
// others, so a call must not reach what only this machine or its network may reach, nor keep us waiting.
//
//   - The URL is checked before anything is resolved (check.go), and every address at the moment it is connected to
//     (guard.go), so a name that resolves to something else the second time gains nothing.
//   - No redirect is followed, no proxy is asked, no cookie is kept.
//   - An exchange takes at most 5 seconds, and an answer has at most 64 KiB.
//   - An error names the host and never the path, the query, a header or a word of the answer: those may be secrets, or
//     secrets that the other side sends back.
package outbound
