package overload

import (
	"context"
	"errors"
)

var errLater = errors.New("not there yet")

func startHAProxy(context.Context, *Lab) (*system, error) { return nil, errLater }
func startNginx(context.Context, *Lab) (*system, error)   { return nil, errLater }
func startCaddy(context.Context, *Lab) (*system, error)   { return nil, errLater }
func startLimiter(string) func(context.Context, *Lab) (*system, error) {
	return func(context.Context, *Lab) (*system, error) { return nil, errLater }
}
