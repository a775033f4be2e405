package templates

// The parts of the console for what operators run.
const (
	AdminCataloguePart = "admin.catalogue"
	AdminKeysPart      = "admin.keys"
	AdminAPIKeysPart   = "admin.api_keys"
	// AdminInitialTokensPart is about what lets programs register mini apps.
	AdminInitialTokensPart = "admin.initial_tokens"
	AdminAuditPart         = "admin.audit"
	AdminDeliveriesPart    = "admin.deliveries"
)

// Keys of what their buttons, hints and tags say.
const (
	AdminDelete       = "admin.delete"
	AdminExport       = "admin.export"
	AdminRotate       = "admin.rotate"
	AdminRotateHint   = "admin.rotate_hint"
	AdminRetry        = "admin.retry"
	AdminLanguageHint = "admin.language_hint"
	AdminBuiltIn      = "admin.built_in"
	AdminSensitive    = "consent.sensitive"
	AdminExpired      = "apps.is_expired"
	AdminSealed       = "admin.sealed"
	AdminUnsealed     = "admin.unsealed"
	AdminKeyActive    = "admin.key_active"
	AdminKeyNext      = "admin.key_next"
	AdminKeyRetired   = "admin.key_retired"
	AdminPending      = "admin.delivery_pending"
	AdminDelivered    = "admin.delivery_delivered"
	AdminDead         = "admin.delivery_dead"
)

// seen is a scope as the consent page has it, of no mini app.
func seen(i ConsentItem) sharing { return sharing{ConsentItem: i, Identifier: identifies(i)} }
