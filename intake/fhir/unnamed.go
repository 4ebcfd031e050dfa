package fhir

// changes reports whether a result changes one that was sent before: it goes
// alone, since that may lie in another report than those it came with.
func changes(status string) bool {
	return status == withdrawn || status == "corrected" || status == "amended"
}

// readUnnamed makes reports of the results that no report names: one for each
// time and category. Each result is a panel with its own order number, so that
// it alone can be corrected later.
func (b *builder) readUnnamed() {
	type group struct {
		sampled  string
		category string
		alone    *observed
	}
	var groups []group
	roots := make(map[group][]*observed)
	add := func(o *observed) {
		at := b.when(o.at, &o.effective)
		g := group{category: categoryOf(o.Category)}
		if !at.IsZero() {
			g.sampled = at.At.UTC().String()
		}
		if changes(o.Status) {
			g.alone = o
		}
		if len(roots[g]) == 0 {
			groups = append(groups, g)
		}
		roots[g] = append(roots[g], o)
	}
	for _, o := range b.observations {
		if !o.named {
			add(o)
		}
	}
	for _, o := range b.unreached() {
		add(o)
	}
	for _, g := range groups {
		for list := roots[g]; len(list) > 0; {
			n := min(len(list), maxPanels)
			b.unnamed(g.category, list[:n])
			list = list[n:]
		}
	}
}

// unreached returns one Observation of each circle of members of one another,
// which no walk from a root would meet.
func (b *builder) unreached() []*observed {
	met := make(map[*observed]bool)
	var meet func(*observed)
	meet = func(o *observed) {
		if !met[o] {
			met[o] = true
			for _, member := range o.members {
				meet(member)
			}
		}
	}
	for _, o := range b.observations {
		if !o.named || o.reported {
			meet(o)
		}
	}
	var list []*observed
	for _, o := range b.observations {
		if !met[o] {
			list = append(list, o)
			meet(o)
		}
	}
	return list
}

// unnamed makes one report of results that no report names.
func (b *builder) unnamed(category string, roots []*observed) {
	s := b.newSheet()
	s.report.Title = first(category, otherCategory)
	if len(roots) == 1 {
		s.report.Title = words(&roots[0].Code)
	}
	keys := make(map[*observed]string)
	for _, o := range roots {
		printed, _ := numbered(o.Identifier)
		asked, order := b.orderNumber(o.at, o.BasedOn)
		code, _, _ := analysis(&o.Code)
		root := &head{code: code, order: first(printed, asked), root: o}
		s.result(o, root)
		names := namesOf(o.at, o.Identifier)
		if len(names) == 0 {
			names = nameByOrder(o.at, order, code)
		}
		key, also := b.claim(o.at, names)
		keys[o], s.also = key, append(s.also, also...)
		s.withdraws = s.withdraws || o.Status == withdrawn
		s.report.Prescriber = first(s.report.Prescriber, b.prescriber(o.at, o.BasedOn))
		for i := range o.Performer {
			s.report.Validator = first(s.report.Validator, b.person(o.at, &o.Performer[i]))
		}
	}
	b.finish(s, roots[0].at.path, func(part *section) string { return keys[part.head.root] })
}
