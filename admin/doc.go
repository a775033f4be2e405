// Package admin is what reviewers, operators and the developers of mini apps may do. Its operations are methods of House:
// each asks first whether its caller may (see Capabilities), then does it, and leaves an event in the audit log. What people
// and programs hold in their hands are faces of it that decide nothing: admin/api (REST), admin/console (the pages /admin),
// admin/portal (the pages /developer), and the commands.
package admin
