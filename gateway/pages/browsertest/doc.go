// Package browsertest drives a running Daemun through a real browser, the way citizens do. Its tests are built with the
// tag "browser" and need DAEMUN_URL (where "daemun up --demo" listens) and DAEMUN_CITIZENS (the demo's citizens.csv);
// pictures of every step go to $DAEMUN_SHOTS when that is set, and DAEMUN_CHROME names the browser when it is not found.
package browsertest
