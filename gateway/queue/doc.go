// Package queue is the line in front of an opening: tickets, epochs, seals, ranks, the cursor and the answer to "how
// far am I". It does no I/O and holds no state per person.
//
// # Who knows what
//
// A ticket is a signed place: the gateway that took the join stamped it with the epoch, and nobody stores it. Until
// the epoch is sealed nobody can know its order. The leader seals an epoch once every gateway has handed in its
// sketch of the people in it; the seal is immutable and is all that is needed to compute every rank of the epoch:
//
//	rank = HMAC-SHA256(HMAC-SHA256(seed, tally), subject)[:8]
//
// seed is the next value of a hash chain whose last value, the anchor, was published before the opening, so the
// leader could not choose it; tally depends on everybody who joined, so whoever knows the chain could not know the
// rank either. A place is (epoch, rank), and the order of places is the order of turns.
//
// # What is decided where
//
// The cursor is moved by the leader alone and never backwards. A ticket's turn has come when its place is below the
// cursor. Everything else a person is shown (people ahead, the wait, when to ask again) is derived here from one
// immutable Line, so that any gateway gives the same answer.
//
// # What can fail
//
// A gateway that dies takes at most a second of its sketch along: the count of an epoch is then an underestimate and
// some waits are shown too short, but every ticket it gave keeps its place, because places depend on seals and not
// on counts. A leader that dies leaves epochs unsealed; the next one seals them with the same seeds. A seal that
// exists is never made again.
package queue
