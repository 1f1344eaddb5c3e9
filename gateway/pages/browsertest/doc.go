// Package browsertest drives a running Daemun through a real browser, the way citizens do. Its tests are built with the
// tag "browser". They start build/daemun over a new demo by themselves; DAEMUN_URL and DAEMUN_CITIZENS (the demo's
// citizens.csv) name a site that runs already. Pictures of every step go to $DAEMUN_SHOTS when that is set, and
// DAEMUN_CHROME names the browser when it is not found.
package browsertest
