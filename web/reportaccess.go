package web

import (
	"strconv"

	"guichet/record"
)

// ReportAccessPage asks what is wrong with a line of the access log.
type ReportAccessPage struct {
	Base
	Patient *record.Patient
	Access  record.Access
}

type reportAccess struct {
	patient *identityLine
	Line    *accessLine
	Path    string
}

func (r reportAccess) section() (string, *identityLine) { return "access-log", r.patient }

func (p ReportAccessPage) view(l *language) (string, Base, any) {
	line := l.newAccessLine(&p.Access)
	line.When, line.Did = upperFirst(line.When), upperFirst(line.Did)
	return "report-access", p.Base, reportAccess{l.newIdentityLine(p.Patient, p.Now), line, linePath(p.Access.Entry) + "/report"}
}

// AccessReportedPage says that the hospital has been told, and who answers. It
// names nobody: nothing was read for it.
type AccessReportedPage struct {
	Base
	Reference int64 // the number of the entry that the hospital finds it by
}

func (p AccessReportedPage) view(*language) (string, Base, any) {
	return "access-reported", p.Base, strconv.FormatInt(p.Reference, 10)
}
