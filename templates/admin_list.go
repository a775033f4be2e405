package templates

// AdminList is the page of records of one kind: form#find searches by GET at Path, and each record is a row. The address of
// the next part is Next, which has the filter in it too.
type AdminList struct {
	AdminCommon
	Title    string // key of its title: that of the part of the console
	Path     string
	Lead     string       // key of a sentence below the title; empty: none
	Ways     []AdminWay   // to a page for a new one, to an export
	Filters  []AdminInput // none: there is nothing to search by
	Rows     []AdminRow
	Nothing  string // key of what to do where there is nothing at all yet; empty: that there is nothing is said
	Next     string // the path of the next part; empty: this is the last
	Saved    string // key of what was just done; empty: nothing was
	Problems []Problem
	SignIn   string // as in AdminRecord
}

func (*AdminList) name() string      { return "admin_list" }
func (l *AdminList) address() string { return l.Path }
