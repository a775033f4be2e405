// Package consent is what a person decides about a mini app: the page that asks, the records of allow and deny, and the
// list of connected apps.
//
//	Decide       what a request needs: nothing, a question, or a refusal     decide.go
//	Allow, Deny  decisions as units of work                                  record.go
//	Disconnect, Clear                                                        record.go
//	/consent     the page that asks                                          page.go, visit.go, draw.go
//	/account/apps  connected apps                                            apps.go
//
// It knows no protocol: a request comes as a sealed interaction, and the browser goes back with it to where it came from.
package consent
