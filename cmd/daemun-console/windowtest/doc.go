// Package windowtest drives the console's real window, on a screen that nobody sees, against a real server. Its test is
// built with the tag "window" and needs build/daemun and build/daemun-console (make test-window builds both), Xvfb,
// xdotool and ImageMagick. Pictures of every step go to $DAEMUN_SHOTS when that is set.
package windowtest
