package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/daemun/daemun/backend/sheet"
)

// intake are the flags of everything that takes a table in, and its report.
type intake struct {
	data     folder
	encoding string
	rejects  string
	dryRun   bool
	strict   bool
	live     liveOptions

	cmd      *cobra.Command // nil: nobody listens
	rejected int
	report   *csv.Writer // nil: none was asked for
}

func (in *intake) flags(cmd *cobra.Command) {
	cmd.SetOut(stdout)
	dataFlag(cmd, &in.data)
	f := cmd.Flags()
	f.StringVar(&in.encoding, "encoding", string(sheet.Auto), "how the `file` is written: auto, utf-8 or cp949 (EUC-KR)")
	f.StringVar(&in.rejects, "rejects", "", "CSV `file` for the rows left out: line,field,code,reason_ko,reason_en; never what stood in them")
	f.BoolVar(&in.dryRun, "dry-run", false, "read and report, change nothing")
	f.BoolVar(&in.strict, "strict", false, "take nothing in if any row cannot be read")
	in.live.flags(cmd)
}

// importMemory is about how much memory taking a table in uses at most, in bytes, beside what the table itself needs.
const importMemory = 512 << 20

// begin checks the flags and starts the report of rows left out.
func (in *intake) begin(cmd *cobra.Command) (end func() error, err error) {
	if !slices.Contains(sheet.Encodings, sheet.Encoding(in.encoding)) {
		return nil, fmt.Errorf("--encoding %s: want auto, utf-8 or cp949", in.encoding)
	}
	if err := in.live.check(in.dryRun); err != nil {
		return nil, err
	}
	if err := in.data.open(); err != nil {
		return nil, err
	}
	debug.SetGCPercent(50)
	debug.SetMemoryLimit(importMemory)
	in.cmd = cmd
	if in.rejects == "" {
		return func() error { return nil }, nil
	}
	file, err := os.OpenFile(in.rejects, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("--rejects: %w", err)
	}
	in.report = csv.NewWriter(file)
	in.report.Write([]string{"line", "field", "code", "reason_ko", "reason_en"}) // its error comes with Flush
	return func() error {
		in.report.Flush()
		if err := errors.Join(in.report.Error(), file.Close()); err != nil {
			return fmt.Errorf("--rejects: %w", err)
		}
		return nil
	}, nil
}

// rejectsShown is how many of the rows left out are told one by one where no file takes them.
const rejectsShown = 20

func (in *intake) reject(r sheet.Rejection) {
	in.rejected++
	switch {
	case in.cmd == nil:
	case in.report != nil:
		in.report.Write([]string{strconv.Itoa(r.Line), r.Field, r.Code, r.Ko, r.En})
	case in.rejected <= rejectsShown:
		in.cmd.PrintErrln(r)
	case in.rejected == rejectsShown+1:
		in.cmd.PrintErrln("… 나머지는 --rejects FILE로 볼 수 있습니다. / --rejects FILE tells the others")
	}
}

// verdict refuses a table as a whole, where it is not what was wanted.
func (in *intake) verdict(path string, accepted int) error {
	switch {
	case accepted == 0:
		return fmt.Errorf("%s: no row could be read (%d rejected); nothing was changed", path, in.rejected)
	case in.strict && in.rejected > 0:
		return fmt.Errorf("%s: %d rows could not be read; nothing was changed, because of --strict", path, in.rejected)
	}
	return nil
}

// source is a table being read, which tells how far it is.
type source struct {
	*os.File
	in    *intake
	size  int64
	read  int64
	began time.Time
	told  time.Time
}

// open opens a table.
func (in *intake) open(path string) (*source, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the table: %w", err)
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a folder; name a CSV file", path)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	now := time.Now()
	return &source{File: file, in: in, size: info.Size(), began: now, told: now}, nil
}

// tellEvery is how often a table that takes long says how far it is.
const tellEvery = time.Second

func (s *source) Read(p []byte) (int, error) {
	n, err := s.File.Read(p)
	s.read += int64(n)
	if now := time.Now(); now.Sub(s.told) >= tellEvery && s.size > 0 && s.in.cmd != nil {
		s.told = now
		share := 100 * s.read / max(s.size, s.read)
		s.in.cmd.PrintErrf("daemun: %s %d%% (%.0fs)\n", s.Name(), share, now.Sub(s.began).Seconds())
	}
	return n, err
}

var _ io.Reader = (*source)(nil)
