// Package browsertest takes citizens through the pages of a running site with a real browser: every state of every page in
// both languages, on a phone and at a desk, with JavaScript and without, each asked by axe-core what is wrong with it; whole
// journeys by mouse, by keyboard alone and by people in a hurry. It starts the program that make builds, over a demo of its
// own; DAEMUN_SHOTS names a folder for what visitors saw.
package browsertest
