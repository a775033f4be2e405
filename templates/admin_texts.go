package templates

// Keys of what buttons, links, tags and sections of the generic pages say.
const (
	AdminNew      = "admin.new"
	AdminSave     = "account.save"
	AdminVerified = "value.verified"
	AdminVerify   = "admin.verify"
	AdminUnverify = "admin.unverify"
	AdminChange   = "admin.change"
	AdminPerLine  = "admin.per_line"
	AdminDisabled = "admin.disabled"
	AdminDisable  = "admin.disable"
	AdminEnable   = "admin.enable"
	AdminPassword = "admin.password"
	AdminEnd      = "signout.submit"
	AdminRevoke   = "apps.disconnect"
	AdminScopes   = "admin.scopes"
	AdminEmail    = "field.email"
	AdminSearch   = "admin.search"
	AdminAny      = "admin.any"
	AdminState    = "admin.status"
	AdminAppsNone = "admin.apps_none"
	AdminPurposed = "admin.purpose"
	AdminUse      = "field.use"
	AdminNames    = "developer.names"
	AdminTesters  = "developer.people"
	// AdminRevokeRegistration takes a registration access token back (RFC 7592).
	AdminRevokeRegistration = "admin.revoke_registration"
)

// AdminStatus is the tag of the status of a mini app or of a version of it.
func AdminStatus(status string) AdminTag {
	switch status {
	case "draft":
		return AdminTag{Key: "status.draft"}
	case "submitted":
		return AdminTag{Key: "status.submitted", Kind: "warn"}
	case "changes_requested":
		return AdminTag{Key: "status.changes_requested", Kind: "warn"}
	case "approved":
		return AdminTag{Key: "status.approved", Kind: "good"}
	case "rejected":
		return AdminTag{Key: "status.rejected", Kind: "bad"}
	case "suspended":
		return AdminTag{Key: "status.suspended", Kind: "bad"}
	}
	return AdminTag{Key: "status.archived"}
}

// AdminDecided is the tag of a decision about a scope: "allowed", "denied" or "expired", as the API calls them.
func AdminDecided(decision string) AdminTag {
	switch decision {
	case "allowed":
		return AdminTag{Key: "apps.is_allowed", Kind: "good"}
	case "expired":
		return AdminTag{Key: "apps.is_expired", Kind: "warn"}
	}
	return AdminTag{Key: "apps.is_denied", Kind: "bad"}
}
