package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/daemun/daemun/gateway/clock"
	"github.com/daemun/daemun/gateway/porch"
)

// Limits of the listeners of the control room and the backend.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 20 * time.Second
	writeTimeout  = 60 * time.Second
	idleTimeout   = 2 * time.Minute
	maxHeader     = 16 << 10
	drainTimeout  = 10 * time.Second
)

// newLog writes JSON lines to standard error.
func newLog(part string) *zap.Logger {
	cfg := zap.NewProductionEncoderConfig()
	cfg.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	core := zapcore.NewCore(zapcore.NewJSONEncoder(cfg), zapcore.Lock(os.Stderr), zap.InfoLevel)
	return zap.New(core).With(zap.String("part", part))
}

// steady is the server's time, with a word in the log when the host's clock is set.
func steady(log *zap.Logger) *clock.Clock {
	return clock.New(clock.System(func(off time.Duration) {
		if off == 0 {
			log.Info("the host's clock is back where it was")
			return
		}
		log.Warn("the host's clock was set; the server's time goes on as before until the next start", zap.Duration("ahead", off))
	}))
}

// listen opens a listener; an address that cannot be had is said in a way that helps.
func listen(flag, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s %s is in use by another program; stop that one or choose another address with %s", flag, address, flag)
	case err != nil:
		return nil, fmt.Errorf("%s %s: %w; want HOST:PORT such as 127.0.0.1:8080", flag, address, err)
	}
	return l, nil
}

// serve answers on a listener until ctx ends, then lets what is being answered finish.
func serve(ctx context.Context, p *porch.Porch, l net.Listener, h http.Handler, secured *tls.Config, d porch.Drain, log *zap.Logger) error {
	return p.Serve(ctx, l, &http.Server{
		Handler: h, TLSConfig: secured, ErrorLog: quietly(log),
		ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader,
	}, d)
}

// serveInside is serve for a listener that only parts of the site reach and that nobody waits for.
func serveInside(ctx context.Context, name string, l net.Listener, h http.Handler, secured *tls.Config, log *zap.Logger) error {
	p, err := newInsidePorch(name, log)
	if err != nil {
		return err
	}
	return serve(ctx, p, l, h, secured, porch.Drain{Finish: drainTimeout}, log)
}

// quietly keeps remarks on single connections out of the log unless somebody looks for them: a flood of clients would be a
// flood of lines. What is cut is counted.
func quietly(log *zap.Logger) *stdlog.Logger {
	l, err := zap.NewStdLogAt(log, zap.DebugLevel)
	if err != nil { // the level is no level
		return zap.NewStdLog(log)
	}
	return l
}

// together runs parts until one fails or ctx ends, then waits for all.
func together(ctx context.Context, parts ...func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, len(parts))
	for _, part := range parts {
		go func() {
			err := part(ctx)
			if err != nil {
				cancel()
			}
			ended <- err
		}()
	}
	var errs []error
	for range parts {
		errs = append(errs, <-ended)
	}
	return errors.Join(errs...)
}
