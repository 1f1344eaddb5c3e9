package versus

import (
	"context"
	"fmt"
	"time"
)

// poolSizes are what a peer's pool is tried with.
var poolSizes = []int32{4, 8, 16, 32, 64}

// tune leaves a peer with the pool that it is fastest with in these slots, and says so in the contender's name.
func (p *peer) tune(ctx context.Context, c *contender, slots []string) error {
	var best int32
	var fastest float64
	for _, size := range poolSizes {
		if err := p.connect(ctx, size); err != nil {
			return err
		}
		o, err := c.peak(ctx, slots, time.Second)
		if err != nil {
			return err
		}
		if o.rate() > fastest {
			best, fastest = size, o.rate()
		}
	}
	c.name += fmt.Sprintf(", %d connections, the best of %v", best, poolSizes)
	return p.connect(ctx, best)
}
