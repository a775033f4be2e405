package admin

import (
	"slices"
	"strings"

	"gatehouse/storage"
)

// Capability names something that can be done: the kind of record and what is done with it. Audit events and the rights of
// API keys have the same names.
type Capability string

// What can be done. A capability that only reads ends in .read.
const (
	ClientRead           Capability = "client.read"
	ClientCreate         Capability = "client.create"
	ClientUpdate         Capability = "client.update"
	ClientSubmit         Capability = "client.submit"
	ClientApprove        Capability = "client.approve"
	ClientRequestChanges Capability = "client.request-changes"
	ClientReject         Capability = "client.reject"
	ClientSuspend        Capability = "client.suspend"
	ClientReinstate      Capability = "client.reinstate"
	ClientArchive        Capability = "client.archive"
	ClientDelete         Capability = "client.delete"
	ClientDiscard        Capability = "client.discard"
	ClientComment        Capability = "client.comment"
	ClientRotateSecret   Capability = "client.rotate-secret"
	ClientEvaluate       Capability = "client.evaluate"
	// ClientRevokeRegistration takes the registration access token back from the program that has it.
	ClientRevokeRegistration Capability = "client.revoke-registration"
	ReviewRead               Capability = "review.read"
	PublisherRead            Capability = "publisher.read"
	PublisherSave            Capability = "publisher.save"
	PublisherVerify          Capability = "publisher.verify"
	PublisherDelete          Capability = "publisher.delete"
	UserRead                 Capability = "user.read"
	UserCreate               Capability = "user.create"
	UserUpdate               Capability = "user.update"
	UserDisable              Capability = "user.disable"
	UserEnable               Capability = "user.enable"
	UserSetPassword          Capability = "user.set-password"
	TestUserRead             Capability = "test-user.read"
	TestUserCreate           Capability = "test-user.create"
	TestUserSetPassword      Capability = "test-user.set-password"
	TestUserDelete           Capability = "test-user.delete"
	CompanyRead              Capability = "company.read"
	CompanySave              Capability = "company.save"
	CompanyDelete            Capability = "company.delete"
	SessionRead              Capability = "session.read"
	SessionEnd               Capability = "session.end"
	GrantRead                Capability = "grant.read"
	GrantRevoke              Capability = "grant.revoke"
	ScopeRead                Capability = "scope.read"
	ScopeSave                Capability = "scope.save"
	ScopeDelete              Capability = "scope.delete"
	KeyRead                  Capability = "key.read"
	KeyRotate                Capability = "key.rotate"
	AuditRead                Capability = "audit.read"
	DeliveryRead             Capability = "delivery.read"
	DeliveryRetry            Capability = "delivery.retry"
	APIKeyRead               Capability = "api-key.read"
	APIKeyCreate             Capability = "api-key.create"
	APIKeyDelete             Capability = "api-key.delete"
	DashboardRead            Capability = "dashboard.read"
	InitialTokenRead         Capability = "initial-access-token.read"
	InitialTokenCreate       Capability = "initial-access-token.create"
	InitialTokenDelete       Capability = "initial-access-token.delete"
)

// Rule says who may do something.
type Rule struct {
	Capability Capability
	Anyones    []string // roles that may do it to any record
	Own        []string // roles that may do it to what is theirs: a developer's publishers, a company admin's company, one's own API keys
	// Recent says that a person must have signed in within the last RecentFor: what cannot be undone, or opens doors.
	Recent bool
}

var (
	admins    = []string{storage.RoleAdmin}
	reviewers = []string{storage.RoleReviewer, storage.RoleAdmin}
	developer = []string{storage.RoleDeveloper}
	company   = []string{storage.RoleCompanyAdmin}
	// keyHolders make API keys of their own: they get no access token with the scope admin, which is for admins.
	keyHolders = []string{storage.RoleDeveloper, storage.RoleReviewer}
)

// Rules are who may do what. What is not here nobody may.
var Rules = []Rule{
	{Capability: ClientRead, Anyones: reviewers, Own: developer},
	{Capability: ClientCreate, Anyones: admins, Own: developer},
	{Capability: ClientUpdate, Anyones: admins, Own: developer},
	{Capability: ClientSubmit, Anyones: admins, Own: developer},
	{Capability: ClientApprove, Anyones: reviewers, Recent: true},
	{Capability: ClientRequestChanges, Anyones: reviewers},
	{Capability: ClientReject, Anyones: reviewers},
	{Capability: ClientSuspend, Anyones: reviewers, Recent: true},
	{Capability: ClientReinstate, Anyones: reviewers, Recent: true},
	{Capability: ClientArchive, Anyones: admins, Own: developer, Recent: true},
	{Capability: ClientDelete, Anyones: admins, Recent: true},
	{Capability: ClientDiscard, Anyones: admins, Own: developer},
	{Capability: ClientComment, Anyones: reviewers, Own: developer},
	{Capability: ClientRotateSecret, Anyones: admins, Own: developer, Recent: true},
	{Capability: ClientEvaluate, Anyones: reviewers},
	{Capability: ClientRevokeRegistration, Anyones: admins},
	{Capability: ReviewRead, Anyones: reviewers},
	{Capability: PublisherRead, Anyones: reviewers, Own: developer},
	{Capability: PublisherSave, Anyones: admins, Recent: true},
	{Capability: PublisherVerify, Anyones: reviewers, Recent: true},
	{Capability: PublisherDelete, Anyones: admins, Recent: true},
	{Capability: UserRead, Anyones: admins},
	{Capability: UserCreate, Anyones: admins, Recent: true},
	{Capability: UserUpdate, Anyones: admins, Recent: true},
	{Capability: UserDisable, Anyones: admins, Recent: true},
	{Capability: UserEnable, Anyones: admins, Recent: true},
	{Capability: UserSetPassword, Anyones: admins, Recent: true},
	{Capability: TestUserRead, Anyones: admins, Own: developer},
	{Capability: TestUserCreate, Anyones: admins, Own: developer, Recent: true},
	{Capability: TestUserSetPassword, Anyones: admins, Own: developer, Recent: true},
	{Capability: TestUserDelete, Anyones: admins, Own: developer},
	{Capability: CompanyRead, Anyones: admins, Own: company},
	{Capability: CompanySave, Anyones: admins},
	{Capability: CompanyDelete, Anyones: admins, Recent: true},
	{Capability: SessionRead, Anyones: admins},
	{Capability: SessionEnd, Anyones: admins},
	{Capability: GrantRead, Anyones: admins, Own: company},
	{Capability: GrantRevoke, Anyones: admins, Own: company},
	{Capability: ScopeRead, Anyones: []string{storage.RoleDeveloper, storage.RoleReviewer, storage.RoleAdmin}},
	{Capability: ScopeSave, Anyones: admins, Recent: true},
	{Capability: ScopeDelete, Anyones: admins, Recent: true},
	{Capability: KeyRead, Anyones: admins},
	{Capability: KeyRotate, Anyones: admins, Recent: true},
	{Capability: AuditRead, Anyones: admins},
	{Capability: DeliveryRead, Anyones: admins, Own: developer},
	{Capability: DeliveryRetry, Anyones: admins, Own: developer},
	{Capability: APIKeyRead, Anyones: admins, Own: keyHolders},
	{Capability: APIKeyCreate, Anyones: admins, Own: keyHolders, Recent: true},
	{Capability: APIKeyDelete, Anyones: admins, Own: keyHolders},
	{Capability: DashboardRead, Anyones: reviewers},
	{Capability: InitialTokenRead, Anyones: admins},
	{Capability: InitialTokenCreate, Anyones: admins, Recent: true},
	{Capability: InitialTokenDelete, Anyones: admins},
}

// RuleOf returns the rule of a capability, and false for one that there is not.
func RuleOf(c Capability) (Rule, bool) {
	i := slices.IndexFunc(Rules, func(r Rule) bool { return r.Capability == c })
	if i < 0 {
		return Rule{}, false
	}
	return Rules[i], true
}

// Covers reports whether the rights of an API key hold a capability: by its name, by kind.* or by *.
func Covers(rights []string, c Capability) bool {
	kind, _, _ := strings.Cut(string(c), ".")
	return slices.Contains(rights, string(c)) || slices.Contains(rights, kind+".*") || slices.Contains(rights, "*")
}
