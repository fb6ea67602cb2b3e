// Package former answers at the addresses of the original's page (web.py), which
// people have in bookmarks, dashboards and scripts. Those that show something lead
// to where the page shows it now. Those that change something were a GET, which any
// link on any site can make a browser send; they are refused with a page that says
// what to use, unless the listener's section says legacy_actions=true.
//
//	/, /index.html   Index: the list; with action= an order
//	/tail.html       Tail: the end of a log
//	/stylesheets, /images   Part: what the original's page was made of
//
// What is done, is done by XML-RPC, as in the original's page: the rules, the words
// and the trail are those of a call. Nothing here draws today's page, and nothing
// here knows who may come in.
package former
