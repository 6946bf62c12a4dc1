// busy is what watching a Go program is measured with: a server, what loads it, and a loop that only allocates.
//
//	busy flat                 for each line "MS" on standard input: for so many milliseconds allocate objects of
//	                          48 bytes, which are garbage at once; answers "OBJECTS WALL-NS CPU-NS"
//	busy serve                a server with pages, orders and sessions
//	busy load PORT SECONDS    asks it from 8 connections; answers "REQUESTS WALL-NS CPU-NS P50-NS P99-NS", the CPU
//	                          time being the server's
//	busy poll PORT MS         fetches its heap profile every MS milliseconds, until killed
//
// CPU time is that of the process which is measured, of all its threads. The first two serve net/http/pprof, too,
// and print their port first.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	connections = 8
	articles    = 1009
	sessions    = 5003
)

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "busy:", err)
		os.Exit(1)
	}
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	fail(err)
	return n
}

func cpu() int64 {
	var usage syscall.Rusage
	fail(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return usage.Utime.Nano() + usage.Stime.Nano()
}

var sink *[48]byte

//go:noinline
func allocate(n int) {
	for i := 0; i < n; i++ {
		sink = new([48]byte)
	}
}

func listen() net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	fail(err)
	fmt.Println(l.Addr().(*net.TCPAddr).Port)
	return l
}

func flat() {
	l := listen()
	go func() { fail(http.Serve(l, nil)) }()
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		n, spent, start := 0, cpu(), time.Now()
		for end := start.Add(time.Duration(number(lines.Text())) * time.Millisecond); time.Now().Before(end); {
			allocate(1000)
			n += 1000
		}
		fmt.Println(n, time.Since(start).Nanoseconds(), cpu()-spent)
	}
}

type article struct {
	ID    int    `json:"id"`
	Name  string `json:"name"`
	Cents int    `json:"cents"`
}

type position struct {
	Article int `json:"article"`
	Count   int `json:"count"`
}

type order struct {
	Session   string     `json:"session"`
	Positions []position `json:"positions"`
}

type receipt struct {
	Session string    `json:"session"`
	Lines   []article `json:"lines"`
	Cents   int       `json:"cents"`
}

type server struct {
	catalogue map[int]*article
	lock      sync.Mutex
	sessions  map[string]*receipt // the newest; the oldest goes when there are too many
	order     []string
}

var page = template.Must(template.New("page").Parse(`<html><body><h1>{{.Session}}</h1><table>
{{range .Lines}}<tr><td>{{.ID}}</td><td>{{.Name}}</td><td>{{.Cents}}</td></tr>
{{end}}</table><p>{{.Cents}}</p></body></html>`))

func (s *server) keep(r *receipt) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.sessions[r.Session] == nil {
		s.order = append(s.order, r.Session)
	}
	s.sessions[r.Session] = r
	if len(s.order) > sessions {
		delete(s.sessions, s.order[0])
		s.order = s.order[1:]
	}
}

func (s *server) buy(w http.ResponseWriter, request *http.Request) {
	var o order
	if err := json.NewDecoder(request.Body).Decode(&o); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r := &receipt{Session: o.Session}
	for _, p := range o.Positions {
		if a := s.catalogue[p.Article]; a != nil {
			r.Lines = append(r.Lines, *a)
			r.Cents += a.Cents * p.Count
		}
	}
	s.keep(r)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(r)
}

func (s *server) show(w http.ResponseWriter, request *http.Request) {
	s.lock.Lock()
	r := s.sessions[strings.TrimPrefix(request.URL.Path, "/page/")]
	s.lock.Unlock()
	if r == nil {
		http.NotFound(w, request)
		return
	}
	_ = page.Execute(w, r)
}

func serve() {
	s := &server{catalogue: map[int]*article{}, sessions: map[string]*receipt{}}
	for i := 0; i < articles; i++ {
		s.catalogue[i] = &article{i, fmt.Sprint("article ", i), i * 7}
	}
	http.HandleFunc("/buy", s.buy)
	http.HandleFunc("/page/", s.show)
	http.HandleFunc("/cpu", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, cpu()) })
	fail(http.Serve(listen(), nil))
}

func fetch(client *http.Client, url string, body []byte) []byte {
	var response *http.Response
	var err error
	if body == nil {
		response, err = client.Get(url)
	} else {
		response, err = client.Post(url, "application/json", bytes.NewReader(body))
	}
	fail(err)
	text, err := io.ReadAll(response.Body)
	fail(err)
	response.Body.Close()
	return text
}

// One order and a look at it, over and over; returns how long each request took.
func customer(name int, url string, end time.Time) (took []int64) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}}
	for i := 0; time.Now().Before(end); i++ {
		session := fmt.Sprintf("%d-%d", name, i)
		o := order{Session: session}
		for p := 0; p < 11; p++ {
			o.Positions = append(o.Positions, position{(i*13 + p*17) % articles, p})
		}
		body, err := json.Marshal(o)
		fail(err)
		start := time.Now()
		fetch(client, url+"/buy", body)
		middle := time.Now()
		fetch(client, url+"/page/"+session, nil)
		took = append(took, middle.Sub(start).Nanoseconds(), time.Since(middle).Nanoseconds())
	}
	return took
}

func load(port, seconds int) {
	var all sync.WaitGroup
	var lock sync.Mutex
	var took []int64
	url := fmt.Sprintf("http://127.0.0.1:%d", port)
	before := number(string(fetch(http.DefaultClient, url+"/cpu", nil)))
	start := time.Now()
	end := start.Add(time.Duration(seconds) * time.Second)
	for c := 0; c < connections; c++ {
		all.Add(1)
		go func(c int) {
			defer all.Done()
			mine := customer(c, url, end)
			lock.Lock()
			defer lock.Unlock()
			took = append(took, mine...)
		}(c)
	}
	all.Wait()
	wall := time.Since(start)
	spent := number(string(fetch(http.DefaultClient, url+"/cpu", nil))) - before
	sort.Slice(took, func(i, j int) bool { return took[i] < took[j] })
	fmt.Println(len(took), wall.Nanoseconds(), spent, took[len(took)/2], took[len(took)*99/100])
}

func poll(port, every int) {
	for {
		fetch(http.DefaultClient, fmt.Sprintf("http://127.0.0.1:%d/debug/pprof/heap", port), nil)
		time.Sleep(time.Duration(every) * time.Millisecond)
	}
}

func main() {
	switch words := os.Args; {
	case len(words) == 2 && words[1] == "flat":
		flat()
	case len(words) == 2 && words[1] == "serve":
		serve()
	case len(words) == 4 && words[1] == "load":
		load(number(words[2]), number(words[3]))
	case len(words) == 4 && words[1] == "poll":
		poll(number(words[2]), number(words[3]))
	default:
		fail(fmt.Errorf("flat, serve, load PORT SECONDS or poll PORT MS"))
	}
}
