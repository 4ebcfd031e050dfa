package fhir

import (
	"regexp"
	"slices"
	"strings"
)

// index finds the resources of a message by what references call them.
type index struct {
	byURL  map[string]*resource
	byName map[name][]*resource // on each server
	any    map[string][]*resource
}

// name is Type/id on a server, whose address may be unknown.
type name struct{ base, local string }

// several is as many of one name as need to be told apart from one.
const several = 2

func newIndex(list []*resource) index {
	x := index{byURL: make(map[string]*resource), byName: make(map[name][]*resource), any: make(map[string][]*resource)}
	for _, one := range list {
		if one.fullURL != "" {
			x.byURL[one.fullURL] = one
		}
		if one.id == "" || one.isNumberless() {
			continue
		}
		n := name{one.base(), one.kind + "/" + one.id}
		x.byName[n] = atMost(several, x.byName[n], one)
		x.any[n.local] = atMost(several, x.any[n.local], one)
	}
	return x
}

func atMost(n int, list []*resource, one *resource) []*resource {
	if len(list) < n {
		list = append(list, one)
	}
	return list
}

// isNumberless reports whether the id of a resource names nothing: it is
// posted, and known in its Bundle by a urn.
func (r *resource) isNumberless() bool {
	return r.request != nil && r.request.Method == "POST" && r.fullURL != "" && !isAddress(r.fullURL)
}

var relative = regexp.MustCompile(`^[A-Za-z]+/[A-Za-z0-9.-]{1,64}$`)

// find returns the resource of the message that a reference within from means,
// or says why there is none (FHIR R4, 2.36.4.1, resolving references in
// Bundles). A reference to another server is to a resource that is not here,
// even if one here has the same type and id.
func (x index) find(from *resource, ref string) (*resource, Reason) {
	root := from
	if from.container != nil {
		root = from.container
	}
	if id, ok := strings.CutPrefix(ref, "#"); ok {
		if id == "" {
			return root, ""
		}
		if one := root.contained[id]; one != nil {
			return one, ""
		}
		return nil, ReasonReference
	}
	ref, _, _ = strings.Cut(ref, "/_history/")
	if one := x.byURL[ref]; one != nil {
		return one, ""
	}
	if !relative.MatchString(ref) {
		return nil, ReasonReference
	}
	base := root.base()
	if one := x.byURL[base+ref]; one != nil && base != "" {
		return one, ""
	}
	found := x.any[ref]
	if base != "" { // not what is of another server
		found = append(slices.Clone(x.byName[name{base, ref}]), x.byName[name{"", ref}]...)
	}
	switch len(found) {
	case 0:
		return nil, ReasonReference
	case 1:
		return found[0], ""
	}
	return nil, ReasonAmbiguous
}

// base is the address of the server that a resource says it is from.
func (r *resource) base() string {
	if !isAddress(r.fullURL) {
		return ""
	}
	base, ok := strings.CutSuffix(r.fullURL, r.kind+"/"+r.id)
	if !ok {
		return ""
	}
	return base
}

// context reads the resource of a type that a reference means, if it is here.
// What is context may be missing, and is where it was entered in error.
func (r *reader) context(from *resource, ref *reference, kind string, into any) *resource {
	if ref == nil || ref.Reference == "" {
		return nil
	}
	one, reason := r.index.find(from, ref.Reference)
	if reason != "" || one.kind != kind || one.status == withdrawn {
		return nil
	}
	if r.work += len(one.raw); r.work > maxWork {
		r.problems.add(ReasonTooManyItems, from.path)
		return nil
	}
	if !one.decode(into, &r.problems) {
		return nil
	}
	return one
}

// isWithdrawn reports whether a reference means what was entered in error:
// what the reference says of it is not shown either.
func (r *reader) isWithdrawn(from *resource, ref *reference) bool {
	one, reason := r.index.find(from, ref.Reference)
	return reason == "" && one.status == withdrawn
}

// person is the name of whom a reference means, as people write it; nothing
// where that is an organisation.
func (r *reader) person(from *resource, ref *reference) string {
	if ref == nil || r.isOrganization(from, ref) {
		return ""
	}
	var role practitionerRole
	name := ""
	if one := r.context(from, ref, "PractitionerRole", &role); one != nil && role.Practitioner != nil {
		name = first(r.practitioner(one, role.Practitioner), line(role.Practitioner.Display))
	}
	return first(name, r.practitioner(from, ref), line(ref.Display))
}

func (r *reader) practitioner(from *resource, ref *reference) string {
	var p practitioner
	if r.context(from, ref, "Practitioner", &p) == nil {
		return ""
	}
	for _, name := range p.Name {
		if printed := printName(name); printed != "" {
			return printed
		}
	}
	return ""
}

func (r *reader) isOrganization(from *resource, ref *reference) bool {
	if ref.Type == "Organization" || strings.HasPrefix(ref.Reference, "Organization/") {
		return true
	}
	one, reason := r.index.find(from, ref.Reference)
	return ref.Reference != "" && reason == "" && one.kind == "Organization"
}

func printName(name humanName) string {
	if name.Use == "old" {
		return ""
	}
	words := append(append(append([]string{}, name.Prefix...), name.Given...), name.Family)
	return first(line(strings.Join(words, " ")), line(name.Text))
}

// organization is the name of the organisation that a reference means.
func (r *reader) organization(from *resource, ref *reference) string {
	if ref == nil {
		return ""
	}
	var role practitionerRole
	if one := r.context(from, ref, "PractitionerRole", &role); one != nil && role.Organization != nil {
		var o organization
		if r.context(one, role.Organization, "Organization", &o) != nil && o.Name != "" {
			return line(o.Name)
		}
		return line(role.Organization.Display)
	}
	var o organization
	if r.context(from, ref, "Organization", &o) != nil {
		return first(line(o.Name), line(ref.Display))
	}
	if r.isOrganization(from, ref) {
		return line(ref.Display)
	}
	return ""
}
