package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"guichet/envelope"
	"guichet/fault"
	"guichet/record"
)

// Trend is the course of one analysis, and who reads it.
type Trend struct {
	Person
	Patient *record.Patient
	Trend   record.Trend
}

// ReadTrend returns every current result of one analysis in one's own record;
// fault.NotFound where there is none. The index of the analysis depends on the
// patient, so that the account is asked for first.
func (s *Store) ReadTrend(ctx context.Context, req Request, code record.Code) (*Trend, error) {
	account, err := s.ReadAccount(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("read trend: %w", err)
	}
	if account.Patient == nil {
		return nil, fault.New(fault.NotFound, errors.New("read trend: no record of one's own"))
	}
	index, err := s.analysisIndex(account.Patient.ID.String(), code)
	if err != nil {
		return nil, fmt.Errorf("read trend: %w", err)
	}
	d, err := s.read(ctx, req, question{kind: "trend", code: index})
	if err != nil {
		return nil, fmt.Errorf("read trend: %w", err)
	}
	trend, err := s.openTrend(d)
	return trend, s.opened(ctx, req, d, err)
}

// analysisIndex finds the results of one analysis of one patient.
func (s *Store) analysisIndex(patient string, code record.Code) ([]byte, error) {
	return s.keys.Blind(envelope.Analysis, patient, code.System, code.Value)
}

func (s *Store) openTrend(d *delivery) (*Trend, error) {
	person, patient, key, err := s.begin(d)
	if err != nil {
		return nil, err
	}
	heads, err := openHeads(key, d)
	if err != nil {
		return nil, err
	}
	trend := &Trend{Person: *person, Patient: patient}
	for i := range d.rows {
		row := &d.rows[i]
		if row.Kind != "observation" {
			continue
		}
		o, err := openObservation(key, row)
		if err != nil {
			return nil, err
		}
		head := headOf(heads, row.Report)
		if head == nil {
			return nil, fault.New(fault.Tampered, errors.New("result without its report"))
		}
		trend.Trend.Points = append(trend.Trend.Points, record.TrendPoint{Report: head.ID, Title: head.Title, Laboratory: head.Laboratory, Observation: o})
	}
	points := trend.Trend.Points
	slices.SortStableFunc(points, func(a, b record.TrendPoint) int { return a.Observation.Sampled.At.Compare(b.Observation.Sampled.At) })
	if len(points) > 0 {
		trend.Trend.Code = points[len(points)-1].Observation.Code
	}
	return trend, nil
}
