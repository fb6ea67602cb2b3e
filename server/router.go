package server

import (
	"net/http"
	"sync/atomic"

	"github.com/go-chi/chi/v5"

	"supervisor/server/api"
	"supervisor/server/auth"
	"supervisor/server/former"
	"supervisor/server/reply"
	"supervisor/server/scrape"
	"supervisor/server/tail"
)

// router is the route table: everything that can be asked for, and nothing is
// mounted anywhere else. Every route stands behind room auth: what programs use
// asks for credentials and takes no cookie, what browsers use takes both, and
// only the page itself and the way to log in open to who is not known yet.
func (s *Server) router(hub http.Handler) http.Handler {
	r := chi.NewRouter()
	r.Use(s.observe, s.atFront, s.sameOrigin)

	// For programs: XML-RPC, logs and the health probe, as the original has
	// them, where it goes by how a path begins; and our page for Prometheus.
	r.Group(func(r chi.Router) {
		r.Use(plain, auth.RequireWithoutCookie, limit)
		r.Handle("/RPC2*", s.calls)
		r.Get("/ok.html", healthy)
		r.Head("/ok.html", healthy)
		r.Post("/ok.html", healthy)
		r.Method(http.MethodGet, "/metrics", scrape.Handler(s.house.Engine, s.house.Metrics))
		r.Group(func(r chi.Router) {
			r.Use(asStream, s.streaming)
			r.Handle("/logtail*", tail.Process(s.house.Engine, s.house.Trail))
			r.Handle("/mainlogtail*", tail.Main(s.house.Engine, s.house.Trail))
		})
	})

	// For browsers: the page, what it asks and orders, and what it is told.
	r.Group(func(r chi.Router) {
		r.Use(harden)
		r.Route("/api/v1", func(r chi.Router) {
			parts := api.New(api.Options{Engine: s.house.Engine, Metrics: s.house.Metrics, History: s.house.History, Problems: s.problems, Files: s.house.Files, About: s.about, Plugins: s.plugins, Auth: s.auth, Trail: s.house.Trail, Secrets: s.house.Secrets, Address: s.pageAddress, Sign: signOf})
			r.Group(func(r chi.Router) {
				r.Use(auth.Recognise, limit)
				parts.Doorstep(r)
			})
			r.Group(func(r chi.Router) {
				r.Use(auth.Require, limit)
				parts.Routes(r)
			})
			r.Group(func(r chi.Router) {
				r.Use(auth.Require, limit, s.streaming)
				parts.Streams(r)
			})
			r.Group(func(r chi.Router) {
				r.Use(auth.Require, limit, asStream, s.streaming)
				parts.Feeds(r)
			})
		})
		r.With(auth.Require, limit, asStream).Get("/live", hub.ServeHTTP)
		r.With(limit).HandleFunc("/link/*", links)
		old := former.New(former.Options{Engine: s.house.Engine, Calls: s.calls, Trail: s.house.Trail, Page: s.page, Base: baseOf, Closing: s.closing})
		r.Group(func(r chi.Router) {
			r.Use(s.page.greet, limit)
			r.Handle("/", reply.Handler(old.Index))
			r.Handle("/index.html", reply.Handler(old.Index))
			r.Handle("/tail.html", reply.Handler(old.Tail))
			r.HandleFunc("/stylesheets/*", former.Part)
			r.HandleFunc("/images/*", former.Part)
			r.Handle("/*", s.page)
		})
	})

	r.NotFound(func(w http.ResponseWriter, _ *http.Request) { reply.Page(w, http.StatusNotFound) })
	r.MethodNotAllowed(auth.Require(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		reply.Page(w, http.StatusMethodNotAllowed)
	})).ServeHTTP)
	return r
}

// healthy tells a probe that the server answers.
func healthy(w http.ResponseWriter, _ *http.Request) {
	reply.Text(w, http.StatusOK, "OK")
}

// newCounter gives a function that counts from one, for many at once.
func newCounter() func() uint64 {
	var n atomic.Uint64
	return func() uint64 { return n.Add(1) }
}
