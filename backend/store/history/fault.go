package history

import (
	"errors"
	"sync/atomic"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/store/group"
)

// Fault is what happens to one write on its way to the disk.
type Fault int32

// Faults.
const (
	None   Fault = iota
	Lost         // it fails and did not take effect
	Landed       // it fails and took effect all the same
)

var errFault = errors.New("a fault of the test")

// Faults makes writes fail.
type Faults struct {
	next  atomic.Int32 // the fault
	after atomic.Int32 // how many writes go well before it
	Hit   atomic.Int64 // how many writes failed
}

// Arm makes the write fail that comes after so many that go well.
func (f *Faults) Arm(kind Fault, after int) {
	f.after.Store(int32(after))
	f.next.Store(int32(kind))
}

// Armed tells whether a write is still to fail.
func (f *Faults) Armed() bool { return Fault(f.next.Load()) != None }

// Between stands between a writer and its disk.
func (f *Faults) Between(d group.Disk) group.Disk { return &faultyDisk{d, f} }

type faultyDisk struct {
	group.Disk
	faults *Faults
}

// Write implements group.Disk.
func (d *faultyDisk) Write(effects []*booking.Effect) error {
	f := d.faults
	if !f.Armed() || f.after.Add(-1) >= 0 {
		return d.Disk.Write(effects)
	}
	kind := Fault(f.next.Swap(int32(None)))
	f.Hit.Add(1)
	if kind == Landed {
		return errors.Join(d.Disk.Write(effects), errFault)
	}
	return errFault
}
