// Package wait says how long somebody in a line will wait: as a range that is right at least nine times in ten, or not
// at all. It does no I/O; time is passed in.
//
// # Why a timetable
//
// A gateway keeps nothing about a person, so it cannot remember what it told them. The leader therefore publishes, with
// the cursor, a Timetable: for some positions of the line the earliest and the latest wait, in tenths of a second,
// straight lines between them. Positions count people from the head of the line and never change once an epoch is
// sealed, so a person reads the same point of the curve each time. If the leader never raises a point of the curve,
// nobody's range ever moves up, though nobody is remembered:
//
//   - as the cursor moves the curve may only fall, at every position at which somebody may have been told a range;
//   - it may rise only together with an Event, which carries a reason that everybody reads in the next answer;
//   - positions behind the last person are free: nobody has been told anything there.
//
// Both ends obey this, and at every point high ≤ 4 × low + 2 minutes, so that a range cannot be right by being empty.
//
// # How the curve is drawn
//
// The middle is people ahead ÷ measured speed: over some ten seconds for a short wait, minutes for a longer one, and for
// hours the average of the last hours has a say. The width grows with the wait (see Width). The leader notes what the
// timetable says at sampled places, settles each note when the cursor has passed or the latest time is over, and widens
// what misses: conformal inference in its adaptive form (Gibbs and Candès 2021), one factor for each end and horizon.
//
// # Before anything is measured
//
// From the first second the rate that the admission controller starts with is taken with a factor of three to both
// sides, which gives a range to those whose wait is short; who stands further back gets one as soon as the controller
// has found what the backend bears, some seconds later.
package wait
