// Parses dumps with prometheus/procfs and prints what it saw and how long the parsing took:
//
//	procfs FOLDER
//	rows=2000000 tx=.. rx=.. ports=.. states=760000,.. seconds=2.9
//
// procfs reads one dump a file and stops at a marker, so FOLDER holds a folder a snapshot with
// net/tcp and net/tcp6 in it, as split.awk leaves them. Only its calls are timed; it reads the files
// (from the page cache) and decodes 10 of the 17 columns.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"time"

	"github.com/prometheus/procfs"
)

func main() {
	folders, err := filepath.Glob(filepath.Join(os.Args[1], "*"))
	check(err)
	sort.Strings(folders)

	var rows, tx, rx, ports uint64
	var states [11]uint64
	var spent time.Duration
	for _, folder := range folders {
		fs, err := procfs.NewFS(folder)
		check(err)
		for _, read := range []func() (procfs.NetTCP, error){fs.NetTCP, fs.NetTCP6} {
			begin := time.Now()
			table, err := read()
			spent += time.Since(begin)
			check(err)
			for _, socket := range table {
				rows++
				tx += socket.TxQueue
				rx += socket.RxQueue
				ports += socket.LocalPort
				states[socket.St-1]++
			}
		}
	}

	fmt.Printf("rows=%d tx=%d rx=%d ports=%d states=", rows, tx, rx, ports)
	for i, count := range states {
		if i > 0 {
			fmt.Print(",")
		}
		fmt.Print(count)
	}
	fmt.Printf(" seconds=%.6f\n", spent.Seconds())
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
