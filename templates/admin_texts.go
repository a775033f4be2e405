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
)
