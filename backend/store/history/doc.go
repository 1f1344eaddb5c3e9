// Package history holds a booking store against what one careful clerk with one book would answer: it has several people
// do things at once, some of whom go away before they are answered, does harm to the store meanwhile, writes down who asked
// what when and was told what, and lets porcupine look for an order in which the clerk could have given those very answers.
//
// Each history plays in an opening of its own, of a few slots, people and doses. An opening is judged as a whole and not
// slot by slot: a change touches two slots and every booking the stock, and what is in order for the whole opening is so
// for each of its slots.
//
// An operation that was not answered surely may have happened at any time since it was asked for, or never. The clerk's
// order may put it last, after everything that anybody was told, which is as good as never; so it needs no case of its own.
package history
