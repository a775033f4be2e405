// Package gam is GeneXus GAM as a mini app's server speaks it to its super app. README.md has the format in tables.
//
//	endpoint                              file
//	POST     /oauth/gam/v2.0/access_token token.go
//	GET,POST /oauth/gam/v2.0/userinfo     userinfo.go
//	GET      /oauth/gam/signin            authorize.go
//
// What goes wrong is written by failure.go. How parameters are read, in names of whatever case, is in parameters.go. The
// other side of the format, a mini app's server that is called by its super app, is superapp/partner.
package gam
