// Package consent is what a person decides about a mini app: the page that asks, the records of allow and deny, and the
// list of connected apps.
//
//	Decide                  what a request needs: nothing, a question, a refusal   decide.go
//	SharingWith             what a person shares with an app, in a word            sharing.go
//	Allow, Deny, Withdraw   decisions as units of work                             record.go
//	Disconnect, Clear       the end of them                                        record.go
//	Renew, Revoke           what a client may do to its grant                      manage.go
//	Decision.Purpose        what the person was told                               shown.go
//	Reads                   when an app last read what it may                      reads.go
//	/consent                the page that asks                                     page.go, visit.go, draw.go
//	/account/apps           connected apps                                         apps.go, apps_draw.go
//	/account/export         the person's record as a file                          export.go
//
// It knows no protocol: a request comes as a sealed interaction, and the browser goes back with it to where it came from.
package consent
