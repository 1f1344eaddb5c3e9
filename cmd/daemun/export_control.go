package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/daemun/daemun/gateway/api"
)

// export makes a bundle of what the servers say.
func (r *remote) export(ctx context.Context, out bundle, now time.Time) error {
	if err := r.writeKeys(ctx, out); err != nil {
		return err
	}
	// In this order: the ledger is at least as long as what was signed of it, and what is published is at least what was
	// recorded.
	if err := r.writeAll(ctx, out, checkpointsFile, "/control/v1/ledger/checkpoints"); err != nil {
		return err
	}
	until, err := r.writeLedger(ctx, out)
	if err != nil {
		return err
	}
	var lacks []string
	if r.public == "" {
		lacks = append(lacks, "published seals and sketches: give --public http://… to fetch them")
	} else if err := r.writeDraws(ctx, out); err != nil {
		return err
	}
	err = out.write(passesFile, func(w io.Writer) error {
		_, err := r.pages(ctx, w, "/control/v1/ledger/passes", 0, passNumber)
		return err
	})
	var no *refused
	if errors.As(err, &no) && no.status == http.StatusForbidden {
		lacks = append(lacks, "expired passes: they need a supervisor's certificate")
		err = os.Remove(out.path(passesFile))
	}
	if err != nil {
		return err
	}
	return out.seal(manifest{Source: "running servers at " + r.control, Until: until, Lacks: lacks}, now)
}

func (r *remote) writeKeys(ctx context.Context, out bundle) error {
	var keys api.PublicKeys
	if err := r.json(ctx, r.inside, r.control+"/control/v1/keys", &keys); err != nil {
		return fmt.Errorf("ask for the public keys: %w", err)
	}
	for family, byNumber := range map[string]map[string]string{"pass": keys.Pass, "ledger": keys.Ledger} {
		parsed := map[byte]ed25519.PublicKey{}
		for number, text := range byNumber {
			id, err := strconv.ParseUint(number, 10, 8)
			key, wrong := hex.DecodeString(text)
			if err != nil || wrong != nil || len(key) != ed25519.PublicKeySize {
				return fmt.Errorf("ask for the public keys: %s %s is none", family, number)
			}
			parsed[byte(id)] = key
		}
		if err := out.writeKeys(family, parsed); err != nil {
			return err
		}
	}
	return nil
}

// pageOf is how many lines are asked for at once.
const pageOf = 20_000

// recordSeq reads the number alone: a record that says nothing else that can be read is evidence too.
func recordSeq(line []byte) (uint64, error) {
	number, _, _ := bytes.Cut(bytes.TrimPrefix(line, []byte(`{"seq":`)), []byte(","))
	return strconv.ParseUint(string(number), 10, 64)
}

func passNumber(line []byte) (uint64, error) {
	p, err := asJSON[api.SpentPass](line)
	return p.Number, err
}

// settling is how long a seal or a move of the cursor may be on its way to the ledger.
const settling = 1500 * time.Millisecond

// writeLedger copies the whole ledger. What people did up to the record until is proven by what came behind it.
func (r *remote) writeLedger(ctx context.Context, out bundle) (until uint64, err error) {
	err = out.write(ledgerFile, func(w io.Writer) error {
		if until, err = r.pages(ctx, w, "/control/v1/ledger", 0, recordSeq); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(settling):
		}
		_, err := r.pages(ctx, w, "/control/v1/ledger", until, recordSeq)
		return err
	})
	return until, err
}

// pages copies lines page by page; number tells what to ask after.
func (r *remote) pages(ctx context.Context, w io.Writer, path string, after uint64, number func([]byte) (uint64, error)) (uint64, error) {
	for {
		resp, err := r.get(ctx, r.inside, fmt.Sprintf("%s%s?after=%d&limit=%d", r.control, path, after, pageOf))
		if err != nil {
			return after, err
		}
		n, last, err := copyLines(w, resp.Body, number)
		resp.Body.Close()
		if err != nil {
			return after, fmt.Errorf("%s after %d: %w", path, after, err)
		}
		if n < pageOf { // what comes meanwhile is for the next time
			return max(after, last), nil
		}
		after = last
	}
}

func copyLines(w io.Writer, body io.Reader, number func([]byte) (uint64, error)) (n int, last uint64, err error) {
	s := bufio.NewScanner(body)
	s.Buffer(make([]byte, 1<<20), longestLine)
	for s.Scan() {
		if n++; number != nil {
			if last, err = number(bytes.Clone(s.Bytes())); err != nil {
				return n, last, err
			}
		}
		if _, err := w.Write(append(s.Bytes(), '\n')); err != nil {
			return n, last, err
		}
	}
	return n, last, s.Err()
}

func (r *remote) writeAll(ctx context.Context, out bundle, name, path string) error {
	return out.write(name, func(w io.Writer) error {
		resp, err := r.get(ctx, r.inside, r.control+path)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		_, _, err = copyLines(w, resp.Body, nil)
		return err
	})
}

// writeDraws fetches what is published of each opening.
func (r *remote) writeDraws(ctx context.Context, out bundle) error {
	var openings []api.Opening
	if err := r.json(ctx, r.outside, r.public+"/v1/openings", &openings); err != nil {
		return fmt.Errorf("ask for the openings: %w", err)
	}
	if err := out.writeJSON(openingsFile, openings); err != nil {
		return err
	}
	for _, o := range openings {
		seals, err := r.seals(ctx, o.ID)
		if err != nil {
			return fmt.Errorf("ask for the seals of %s: %w", o.ID, err)
		}
		err = out.writeDraw(o.ID, seals, func(epoch uint32) ([]byte, error) {
			resp, err := r.get(ctx, r.outside, fmt.Sprintf("%s/v1/openings/%s/sketches/%d", r.public, o.ID, epoch))
			var no *refused
			if errors.As(err, &no) && no.status == http.StatusNotFound {
				return nil, errNoSketches
			}
			if err != nil {
				return nil, err
			}
			defer resp.Body.Close()
			return io.ReadAll(resp.Body)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *remote) seals(ctx context.Context, opening string) ([]api.Seal, error) {
	all := []api.Seal{}
	for from := uint64(0); ; {
		var some []api.Seal
		if err := r.json(ctx, r.outside, fmt.Sprintf("%s/v1/openings/%s/seals?from=%d", r.public, opening, from), &some); err != nil {
			return nil, err
		}
		if len(some) == 0 {
			return all, nil
		}
		next := uint64(some[len(some)-1].Epoch) + 1
		if next <= from {
			return nil, fmt.Errorf("asked from epoch %d, the answer goes back to %d", from, next-1)
		}
		all, from = append(all, some...), next
	}
}
