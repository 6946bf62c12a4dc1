// leakyserver is the victim of the demo: a small web shop with three ordinary leaks. It links
// net/http/pprof, as many services do, but nobody asks that endpoint for anything.
//
//	leakyserver                 serve on a free port of 127.0.0.1 and print the address
//	leakyserver -load ADDRESS   send requests to ADDRESS until it answers no more
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	_ "net/http/pprof"
	"strings"
	"sync"
	"time"
)

// pageCache keeps every page ever rendered. The query string is part of its key and nothing is evicted.
type pageCache struct {
	mu    sync.Mutex
	pages map[string][]byte
}

func (c *pageCache) put(key, page string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pages[key] = []byte(page)
}

// sessionStore makes a session for each visitor without a cookie, which is each of them. None expires.
type sessionStore struct {
	mu       sync.Mutex
	sessions map[string]*session
}

type session struct {
	started time.Time
	basket  [500]struct{ article, count int }
}

func (s *sessionStore) open(visitor string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	opened := &session{started: time.Now()}
	s.sessions[visitor] = opened
	return opened
}

// accessLog holds its lines back for a writer that never comes.
type accessLog struct {
	mu    sync.Mutex
	lines []string
}

func (l *accessLog) add(r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf("%s %s %s %s %v", time.Now().Format(time.RFC3339Nano),
		r.RemoteAddr, r.Method, r.URL, r.Header))
}

func serve() {
	cache := &pageCache{pages: map[string][]byte{}}
	sessions := &sessionStore{sessions: map[string]*session{}}
	access := &accessLog{}

	http.HandleFunc("/article", func(w http.ResponseWriter, r *http.Request) {
		opened := sessions.open(r.RemoteAddr + r.URL.RawQuery)
		page := strings.Repeat("<li>an article worth its price</li>\n", 500)
		cache.put(r.URL.String(), page)
		access.add(r)
		fmt.Fprintf(w, "%d articles in the basket\n%s", opened.basket[0].count, page)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr())
	log.Fatal(http.Serve(listener, nil))
}

func load(address string) {
	client := http.Client{Timeout: 5 * time.Second}
	for n := 0; ; n++ {
		answer, err := client.Get(fmt.Sprintf("http://%s/article?visit=%d", address, n))
		if err != nil {
			fmt.Println(n)
			return
		}
		answer.Body.Close()
		time.Sleep(time.Millisecond)
	}
}

func main() {
	address := flag.String("load", "", "send requests to this `address`")
	flag.Parse()
	if *address != "" {
		load(*address)
	} else {
		serve()
	}
}
