package store

import (
	"bytes"
	"slices"
	"time"

	"guichet/record"

	"github.com/google/uuid"
)

// standing is the place that a result has in its report, whatever its version:
// the order, the analysis, and what tells apart two of one analysis.
type standing struct {
	order string
	code  record.Code
	subID string
}

const orderSize = 32 // bytes of the index of an order, which that of a panel begins with

func standingOf(row *handover, o *record.Observation) standing {
	return standing{string(row.Order[:min(len(row.Order), orderSize)]), analysis(o.Code), o.SubID}
}

// replacements are the results of earlier versions of a report by the place
// they had.
type replacements map[standing][]superseded

type superseded struct {
	id uuid.UUID
	record.Replaced
}

func (r replacements) add(row *handover, was *record.Observation) {
	at := standingOf(row, was)
	var shown time.Time
	if row.At != nil {
		shown = *row.At
	}
	r[at] = append(r[at], superseded{*row.ID, record.Replaced{Deposited: shown, Value: was.Value, Unit: was.Unit, Reference: was.Reference, Flags: was.Flags}})
}

// by returns what o took the place of, where its version before said something
// else. Where one version held several results in one place, nothing tells
// which was which.
func (r replacements) by(row *handover, o *record.Observation) *record.Replaced {
	all := r[standingOf(row, o)]
	if len(all) == 0 {
		return nil
	}
	last := slices.MaxFunc(all, func(a, b superseded) int { return bytes.Compare(a.id[:], b.id[:]) })
	for _, other := range all {
		if other.id != last.id && other.Deposited.Equal(last.Deposited) {
			return nil
		}
	}
	if last.Value.Kind == record.NoValue || last.Value == o.Value && last.Unit == o.Unit && slices.Equal(last.Flags, o.Flags) {
		return nil
	}
	return &last.Replaced
}
