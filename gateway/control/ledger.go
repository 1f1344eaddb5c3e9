package control

import (
	"context"
	"errors"
	"io"
	"net/http"

	"go.uber.org/zap"

	"github.com/daemun/daemun/gateway/upstream"
)

// ledger passes on what the backend streams at a path: the ledger, its checkpoints, passes that expired.
func (c *Control) ledger(path string) func(http.ResponseWriter, *http.Request, operator) error {
	return func(w http.ResponseWriter, r *http.Request, _ operator) error {
		target := path
		if r.URL.RawQuery != "" {
			target += "?" + r.URL.RawQuery
		}
		resp, err := c.backend.Stream(r.Context(), upstream.Request{Method: http.MethodGet, Path: target})
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		w.Header().Set("Content-Type", resp.Header.Get("Content-Type"))
		w.WriteHeader(resp.StatusCode)
		_, err = io.Copy(w, resp.Body)
		if err != nil && !errors.Is(err, context.Canceled) {
			c.log.Warn("ledger cut short", zap.String("path", path), zap.Error(err))
			panic(http.ErrAbortHandler) // the reader must not take a part for the whole
		}
		return nil
	}
}
