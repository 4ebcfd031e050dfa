// Package e2e tests the running system from outside. It builds the programs,
// starts the demo as people do, and speaks to it over HTTPS, over MLLP and
// through a browser. It imports nothing of Guichet, so that it shares no mistake
// with what it tests. It has tests only.
//
// The browser's part is written for Node and lies in browser/; it needs Chromium
// and `npm ci --prefix e2e/browser`. Pictures of every page are taken by
//
//	GUICHET_SHOTS=1 go test -run TestShots ./e2e
//
// and written to shots/ at the root of the repository.
package e2e
