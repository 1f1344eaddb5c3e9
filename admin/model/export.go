package model

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/daemun/daemun/admin/words"
	"github.com/daemun/daemun/gateway/api"
)

// Export is the file that a control room hands on after an incident.
type Export struct {
	ExportedAt time.Time       `json:"exported_at"`
	By         api.WhoAmI      `json:"by"`
	Log        []ExportedEntry `json:"log"`       // oldest first
	Snapshots  []*api.Snapshot `json:"snapshots"` // the last five minutes, oldest first
}

// ExportedEntry is a line of the log in both languages.
type ExportedEntry struct {
	At       time.Time `json:"at"`
	Severity string    `json:"severity"`
	Text     string    `json:"text"`
	TextEn   string    `json:"text_en"`
}

// Export writes what happened as JSON.
func (c *Console) Export(w io.Writer, now time.Time) error {
	c.mu.Lock()
	e := Export{ExportedAt: now, By: c.who, Snapshots: c.snapshots.all()}
	entries := c.log.all()
	c.mu.Unlock()
	ko, en := words.Load(words.Ko), words.Load(words.En)
	for _, l := range entries {
		e.Log = append(e.Log, ExportedEntry{l.At, l.Severity.String(), ko.Say(l.Message), en.Say(l.Message)})
	}
	out := json.NewEncoder(w)
	out.SetIndent("", " ")
	if err := out.Encode(e); err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	return nil
}
