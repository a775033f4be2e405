package console

import (
	"strings"

	"gatehouse/admin"
	"gatehouse/internal/rim"
	"gatehouse/templates"
)

// named is how many rows a page has whose people are looked up one by one.
const named = 20

// names are how the people, companies and mini apps on one page are called, each looked up once.
type names struct {
	pages *Pages
	v     *visitor
	known map[string]string
}

func (p *Pages) names(v *visitor) *names { return &names{p, v, map[string]string{}} }

// of is the name of a record, or its ID where it is gone or cannot be read: a page about something else is not lost for it.
func (n *names) of(kind, id string, read func() (string, error)) string {
	if name, is := n.known[kind+id]; is {
		return name
	}
	name, err := read()
	if err != nil || name == "" {
		name = id
	}
	n.known[kind+id] = name
	return name
}

// user is a member that names a person; nothing without an ID.
func (n *names) user(member, id string) templates.AdminFact {
	if id == "" {
		return templates.AdminFact{}
	}
	name := n.of("user", id, func() (string, error) {
		u, err := n.pages.House.Store.User(n.v.ctx, id)
		return rim.Person(u).Name, err
	})
	if !n.v.Sees(admin.UserRead) {
		return textFact(member, name)
	}
	return linkFact(member, name, personPath(id))
}

// company is a member that names a company; nothing without an ID.
func (n *names) company(member, id string) templates.AdminFact {
	if id == "" {
		return templates.AdminFact{}
	}
	name := n.of("company", id, func() (string, error) {
		c, err := n.pages.House.Store.Company(n.v.ctx, id)
		return c.Name, err
	})
	return linkFact(member, name, companyPath(id))
}

func (n *names) clientName(id string) string {
	return n.of("client", id, func() (string, error) {
		app, err := n.pages.Apps(n.v.ctx, id)
		if err != nil {
			return "", err
		}
		return app.Name, nil
	})
}

func joined(texts []string) string { return strings.Join(texts, " ") }
