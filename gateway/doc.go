// Package gateway holds no code: its packages are the front gate. The test beside this file holds which package may
// import which, over the whole module.
package gateway
