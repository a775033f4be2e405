// Package api is the REST API for reviewers, operators and the developers of mini apps, /api/v1: the operations of admin.House
// as calls. It reads requests and writes answers, and decides nothing.
//
// What there is stands in one table (calls.go), each call with the capability that it needs, and is described in openapi.json.
// Errors are problem details (RFC 9457), lists are {"items": […], "next": "cursor"}, changes are JSON merge patches (RFC 7396)
// that may be conditional (If-Match, RFC 9110 §13.1.1), and a POST with an Idempotency-Key happens once
// (draft-ietf-httpapi-idempotency-key-header).
package api
