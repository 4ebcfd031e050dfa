package main

import (
	"bytes"
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"
)

// init waits for SIGUSR1, profiles until the next, and writes the profile to
// the file named by PROFILE.
func init() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	go func() {
		var profile bytes.Buffer
		<-signals
		if err := pprof.StartCPUProfile(&profile); err != nil {
			panic(err)
		}
		<-signals
		pprof.StopCPUProfile()
		if err := os.WriteFile(os.Getenv("PROFILE"), profile.Bytes(), 0o600); err != nil {
			panic(err)
		}
	}()
}
