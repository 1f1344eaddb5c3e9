package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/gateway/opening"
	"github.com/daemun/daemun/gateway/state"
)

// scheduleText reads the schedule's file: the given one, else the folder's own.
func (f folder) scheduleText(given string) (string, *cohort.Schedule, error) {
	path := given
	if path == "" {
		path = f.path("schedule.yaml")
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && given == "" {
		return "", nil, fmt.Errorf("no schedule: give one with --schedule FILE, or start with --demo (or run daemun seed) to make one in %s: %w", f, err)
	}
	if err != nil {
		return "", nil, fmt.Errorf("read the schedule: %w", err)
	}
	s, err := cohort.Parse(text)
	if err != nil {
		return "", nil, fmt.Errorf("schedule %s: %w", path, err)
	}
	return string(text), s, nil
}

// inForce is the schedule that a gateway begins with: what the shared state says, and at a first start the file.
func (o *gatewayOptions) inForce(ctx context.Context, shared *state.Store, now time.Time, log *zap.Logger) (*cohort.Schedule, state.Schedule, error) {
	text, file, errFile := o.data.scheduleText(o.schedule)
	var current *state.Schedule
	shared.Read(func(m *state.Model) {
		if s := m.Schedules.At(now); s != nil {
			known := *s
			current = &known
		}
	})
	if current == nil {
		if errFile != nil {
			return nil, state.Schedule{}, errFile
		}
		first, err := shared.FirstSchedule(ctx, ofFile(text, file, now))
		if err != nil {
			return nil, state.Schedule{}, err
		}
		current = first.At(now)
	}
	schedule, err := cohort.Parse([]byte(current.Text))
	if err != nil {
		return nil, *current, fmt.Errorf("the schedule in force: %w", err)
	}
	switch {
	case errFile != nil || state.Sum(text) == current.SHA256:
		return schedule, *current, nil
	case file.Version <= current.Version:
		log.Info("going on with the schedule in force; the file is older", zap.Uint32("in_force", current.Version), zap.Uint32("file", file.Version))
		return schedule, *current, nil
	case !over(schedule, shared, now):
		log.Warn("going on with the schedule in force; the file is newer: to put it in force run daemun schedule activate",
			zap.Uint32("in_force", current.Version), zap.Uint32("file", file.Version))
		return schedule, *current, nil
	}
	next := ofFile(text, file, now)
	if err := shared.Commit(ctx, now, current.SHA256, next); err != nil {
		return nil, next, fmt.Errorf("put the file's schedule in force: %w", err)
	}
	log.Info("every opening in force is over: the file's newer schedule is in force", zap.Uint32("before", current.Version), zap.Uint32("file", file.Version))
	return file, next, nil
}

func ofFile(text string, s *cohort.Schedule, now time.Time) state.Schedule {
	return state.Schedule{Text: text, SHA256: state.Sum(text), Version: s.Version, Name: s.Name, From: now}
}

// over tells whether nobody can wait for any opening any more.
func over(s *cohort.Schedule, shared *state.Store, now time.Time) bool {
	closed := true
	shared.Read(func(m *state.Model) {
		for i := range s.Openings {
			o := m.Openings[s.Openings[i].ID]
			standing := o.Standing(opening.Scheduled(&s.Openings[i]), -1)
			closed = closed && standing.Over(now)
		}
	})
	return closed
}
