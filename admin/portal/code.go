package portal

import (
	"net/http"
	"strings"

	"gatehouse/admin/samplecode"
	"gatehouse/templates"
)

// showCode draws a program that signs people in to a mini app, in the language that is asked for.
func (p *Pages) showCode(v *visit) error {
	w, err := p.House.Client(v.r.Context(), v.caller, v.clientID())
	if err != nil {
		return err
	}
	lang := v.query.Get("lang")
	if lang == "" {
		lang = samplecode.Languages[0].ID
	}
	page := &templates.DeveloperCode{
		Common: v.common(), App: templates.DeveloperApp{ClientID: w.Live.ID, Name: w.Live.Name, Status: w.Live.Status}, Lang: lang,
	}
	for _, l := range samplecode.Languages {
		page.Languages = append(page.Languages, templates.DeveloperLanguage{ID: l.ID, Name: l.Name})
	}
	program, err := p.House.ClientCode(v.r.Context(), v.caller, v.clientID(), lang)
	missing, _, is := problemsOf(err, nowhere)
	if err != nil && !is {
		return err
	}
	page.Problems = missing
	page.File, page.Run, page.Variable = program.Language.File, program.Language.Run, program.Variable
	page.Code = strings.ReplaceAll(program.Code, "\t", "    ") // a page shows no control characters but line ends
	p.Pages.Render(v.w, v.r, http.StatusOK, page)
	return nil
}
