package templates

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// funcs are what the templates call, in the language of c.
func (p *Pages) funcs(c catalog) template.FuncMap {
	return template.FuncMap{
		"t": c.t, "text": c.plain,
		"bdi": bdi, "quote": quote, "strong": strong, "initial": initial, "web": webAddress,
		"link": link, "asset": asset, "icon": icon,
		"brand":   func() string { return p.brand.Name },
		"date":    c.date,
		"ago":     func(t time.Time) (template.HTML, error) { return c.ago(t, p.now()) },
		"minutes": p.minutes,
		"claim":   c.claim, "field": c.field,
		"given": given, "missing": missing, "long": long,
		"problem": c.problem, "problemOf": problemOf, "described": described,
		"saved":   c.saved,
		"explain": c.explain, "headline": c.headline,
		"address": actionURL, "item": item, "seen": seen, "allowed": allowed, "about": about, "plaintext": plainText,
		"control": control, "posted": posted, "rows": rows, "moment": moment, "status": AdminStatus, "own": own,
	}
}

// t is a text of the catalog as HTML. Its arguments are names and values in turn: strings come from outside and are
// isolated, HTML is taken as it is.
func (c catalog) t(key string, pairs ...any) (template.HTML, error) {
	args := map[string]template.HTML{}
	for i := 0; i+1 < len(pairs); i += 2 {
		switch v := pairs[i+1].(type) {
		case template.HTML:
			args[pairs[i].(string)] = v
		case string:
			args[pairs[i].(string)] = bdi(v)
		case int:
			args[pairs[i].(string)] = template.HTML(strconv.Itoa(v))
		default:
			return "", fmt.Errorf("text %q: cannot show a %T", key, v)
		}
	}
	s, err := c.messages[key].html(args)
	if _, ok := c.messages[key]; !ok || err != nil {
		return "", fmt.Errorf("text %q in %q is missing or lacks an argument: %w", key, c.tag, err)
	}
	return s, nil
}

// plain is a text of the catalog for places that take no markup.
func (c catalog) plain(key string, pairs ...string) (string, error) {
	args := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		args[pairs[i]] = clean(pairs[i+1])
	}
	s, err := c.messages[key].text(args)
	if _, ok := c.messages[key]; !ok || err != nil {
		return "", fmt.Errorf("text %q in %q is missing or lacks an argument: %w", key, c.tag, err)
	}
	return s, nil
}

// first is the first of the keys that the catalog has and that args fill. Keys that come from other packages go through
// here: one that is not in the catalog costs a person a precise text, not the page.
func (c catalog) first(args map[string]string, keys ...string) (template.HTML, error) {
	filled := map[string]template.HTML{}
	for name, value := range args {
		filled[name] = bdi(value)
	}
	for _, key := range keys {
		if m, ok := c.messages[key]; ok {
			if s, err := m.html(filled); err == nil {
				return s, nil
			}
		}
	}
	return "", fmt.Errorf("none of the texts %q is in %q", keys, c.tag)
}

func (c catalog) problem(p Problem) (template.HTML, error) {
	return c.first(p.Args, p.Key, "problem."+p.Key, "problem.other")
}

func (c catalog) saved(key string) (template.HTML, error) {
	return c.first(nil, key, "saved."+key, "saved.other")
}

func (c catalog) headline(e *Error) (template.HTML, error) {
	return c.first(e.Args, "error."+e.Key+".title", "error."+e.Code+".title", "error.other.title")
}

func (c catalog) explain(e *Error) (template.HTML, error) {
	args := map[string]string{}
	if e.App != nil {
		args["app"] = e.App.Name
	}
	for name, value := range e.Args {
		args[name] = value
	}
	return c.first(args, e.Key, "error."+e.Key, "error."+e.Code, "error.other")
}

// claim is what people call a claim.
func (c catalog) claim(name string) template.HTML { return c.named("claim.", name) }

// field is what the label of a control says.
func (c catalog) field(name string) template.HTML { return c.named("field.", name) }

func (c catalog) named(kind, name string) template.HTML {
	if s, err := c.first(nil, kind+name); err == nil {
		return s
	}
	name = strings.ReplaceAll(name, "_", " ")
	first, size := utf8.DecodeRuneInString(name)
	return bdi(string(unicode.ToUpper(first)) + name[size:])
}

// moment is a time to the second, in UTC, as machines write it: for who compares it with a log.
func moment(t time.Time) template.HTML {
	t = t.UTC()
	return template.HTML(`<time datetime="` + t.Format(time.RFC3339) + `">` + t.Format("2006-01-02 15:04:05") + `Z</time>`)
}

// date is a day, as people write it in the language of c.
func (c catalog) date(t time.Time) (template.HTML, error) {
	t = t.UTC()
	months, err := c.plain("date.months")
	if err != nil {
		return "", err
	}
	names := strings.Split(months, "|")
	if len(names) != 12 {
		return "", fmt.Errorf("text %q in %q has %d months", "date.months", c.tag, len(names))
	}
	s, err := c.plain("date.format", "day", strconv.Itoa(t.Day()), "month", names[t.Month()-1], "year", strconv.Itoa(t.Year()))
	if err != nil {
		return "", err
	}
	return template.HTML(`<time datetime="` + t.Format(time.DateOnly) + `">` + template.HTMLEscapeString(s) + `</time>`), nil
}

// ago says how long before now t was, for the last day; a day before that.
func (c catalog) ago(t, now time.Time) (template.HTML, error) {
	var words template.HTML
	var err error
	switch past := now.Sub(t); {
	case past >= 24*time.Hour:
		return c.date(t)
	case past >= time.Hour:
		words, err = c.t("ago.hours", "hours", int(past/time.Hour))
	case past >= time.Minute:
		words, err = c.t("ago.minutes", "minutes", int(past/time.Minute))
	default:
		words, err = c.t("ago.now")
	}
	return template.HTML(`<time datetime="`+t.UTC().Format(time.RFC3339)+`">`) + words + "</time>", err
}

// minutes is how many are left until t, at least one.
func (p *Pages) minutes(t time.Time) int {
	return max(1, int(math.Ceil(t.Sub(p.now()).Minutes())))
}

// problemOf is the first problem of a field, nil when it has none.
func problemOf(problems []Problem, field string) *Problem {
	for i := range problems {
		if problems[i].Field == field {
			return &problems[i]
		}
	}
	return nil
}

// described are the attributes that lead from a control to its hint, if it has one, and to its problem (WCAG 3.3.1).
func described(problems []Problem, field string, hint ...string) template.HTMLAttr {
	ids, invalid := hint, ""
	if problemOf(problems, field) != nil {
		ids, invalid = append(ids, field+"-problem"), ` aria-invalid="true"`
	}
	if len(ids) == 0 {
		return ""
	}
	return template.HTMLAttr(`aria-describedby="` + strings.Join(ids, " ") + `"` + invalid)
}

// given are the values that a person has.
func given(values []Value) []Value { return having(values, true) }

// missing are the values that a person lacks.
func missing(values []Value) []Value { return having(values, false) }

func having(values []Value, text bool) []Value {
	var out []Value
	for _, v := range values {
		if (clean(v.Text) != "") == text {
			out = append(out, v)
		}
	}
	return out
}

// long says whether a value is folded away until the person asks for it.
func long(s string) bool { return len([]rune(s)) > 120 || strings.Count(s, "\n") > 4 }

// actionURL is a form's target exactly as registered; only web addresses come this far.
func actionURL(s string) template.URL { return template.URL(webAddress(s)) }

// sharing is one item with what it needs from the page around it.
type sharing struct {
	ConsentItem
	App        App
	Identifier bool // what is shared is an identifier: its value says nothing to people
	Pairwise   bool
}

func item(page *Consent, i ConsentItem) sharing {
	return sharing{ConsentItem: i, App: page.App, Identifier: identifies(i), Pairwise: page.Pairwise}
}

// allowed is one item of a connected app in the same way.
func allowed(app ConnectedApp, i SharedItem) sharing {
	return sharing{ConsentItem: i.ConsentItem, App: app.App, Identifier: identifies(i.ConsentItem), Pairwise: app.Pairwise}
}

// appOf is a connected app with what its forms need from the page around it.
type appOf struct {
	ConnectedApp
	Interaction string
}

func about(page *Apps, app ConnectedApp) appOf {
	return appOf{ConnectedApp: app, Interaction: page.Interaction}
}

func identifies(i ConsentItem) bool { return i.Scope == "openid" || i.Scope == "unionid" }
