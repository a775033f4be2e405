package templates

import "html/template"

// paths are line icons on a 24 × 24 grid.
func paths(name string) string {
	switch name {
	case "openid", "unionid", "id":
		return `<rect x="3" y="5" width="18" height="14" rx="3"/><circle cx="9" cy="11" r="2"/><path d="M6 16c.6-1.6 1.7-2.2 3-2.2s2.4.6 3 2.2M15 10h3M15 14h3"/>`
	case "profile", "user":
		return `<circle cx="12" cy="8" r="4"/><path d="M4.5 20c1-4 4-5.5 7.5-5.5s6.5 1.5 7.5 5.5"/>`
	case "email":
		return `<rect x="3" y="5" width="18" height="14" rx="3"/><path d="m4 8 8 5.5L20 8"/>`
	case "phone":
		return `<rect x="7" y="2.5" width="10" height="19" rx="2.5"/><path d="M11 18.5h2"/>`
	case "address":
		return `<path d="M12 21.5c4.5-4.6 6.8-8.2 6.8-11.2a6.8 6.8 0 1 0-13.6 0c0 3 2.3 6.6 6.8 11.2Z"/><circle cx="12" cy="10" r="2.5"/>`
	case "offline_access":
		return `<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3.5 2"/>`
	case "user_session", "company":
		return `<rect x="5" y="3" width="14" height="18" rx="2"/><path d="M9 8h1M14 8h1M9 12h1M14 12h1M10 21v-4h4v4"/>`
	case "return":
		return `<path d="M14 5h5v5M19 5l-8 8M18 14v4a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2h4"/>`
	case "verified":
		return `<path d="M12 2.5 19.5 5v6c0 5-3.2 8.6-7.5 10.5C7.7 19.6 4.5 16 4.5 11V5Z"/><path d="m8.5 12 2.5 2.5 4.5-5"/>`
	case "unverified", "problem":
		return `<circle cx="12" cy="12" r="9"/><path d="M12 7.5v5.5M12 16.3v.2"/>`
	case "yes":
		return `<path d="m5 12.5 4.5 4.5L19 7.5"/>`
	case "no":
		return `<path d="m6 6 12 12M18 6 6 18"/>`
	case "device":
		return `<rect x="3" y="4" width="18" height="12" rx="2"/><path d="M8 20h8"/>`
	case "language":
		return `<circle cx="12" cy="12" r="9"/><path d="M3 12h18M12 3c3 3 3.6 6 3.6 9S15 18 12 21c-3-3-3.6-6-3.6-9S9 6 12 3Z"/>`
	}
	return `<path d="M12 3.5 14.6 9l6 .7-4.5 4.1 1.2 5.9L12 16.8l-5.3 2.9 1.2-5.9L3.4 9.7l6-.7Z"/>`
}

// icon is a small picture beside a text that says the same: it is hidden from screen readers.
func icon(name string) template.HTML {
	return template.HTML(`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">` + paths(name) + `</svg>`)
}
