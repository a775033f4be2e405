package console

import (
	"time"

	"gatehouse/templates"
)

// The facts of a record. A member without a value has no lines, and is not shown.
func textFact(name, text string) templates.AdminFact {
	return valueFact(name, templates.AdminValue{Text: text})
}

func codeFact(name, text string) templates.AdminFact {
	return valueFact(name, templates.AdminValue{Text: text, Code: true})
}

func linkFact(name, text, path string) templates.AdminFact {
	return valueFact(name, templates.AdminValue{Text: text, Path: path})
}

func timeFact(name string, at time.Time) templates.AdminFact {
	return valueFact(name, templates.AdminValue{At: at})
}

func boolFact(name string, is bool) templates.AdminFact {
	text := "false"
	if is {
		text = "true"
	}
	return codeFact(name, text)
}

func valueFact(name string, v templates.AdminValue) templates.AdminFact {
	if v.Text == "" && v.At.IsZero() {
		return templates.AdminFact{Name: name}
	}
	return templates.AdminFact{Name: name, Lines: []templates.AdminValue{v}}
}

// listFact is a member with many values.
func listFact(name string, texts []string) templates.AdminFact {
	f := templates.AdminFact{Name: name}
	for _, text := range texts {
		f.Lines = append(f.Lines, templates.AdminValue{Text: text})
	}
	return f
}
