// Package api is the JSON interface behind /api/v1: what the page, and anybody
// with curl, asks and orders. Shapes are server/wire's, errors are server/reply's,
// rights are server/auth's; here is only what connects them to the engine.
//
// A handler's body is decode, authorise, ask, encode. What somebody may not see
// answers as if it did not exist.
//
// Orders are POST and answer 202 with a change number: what comes of the order
// has a higher one, on the live socket or in the next list. They are carried out
// even if whoever sent them goes away meanwhile. A browser that repeats an order
// with the same Idempotency-Key, up to a minute after it was carried out, gets
// the first answer again, so that a phone in a tunnel restarts a program once.
//
// An update answers 200 when it is done, with what became of each group: one
// that fails says why and how it was left, and the others are brought in line all
// the same. Updates take turns.
//
// A search answers with one JSON object a line while it finds them (NDJSON, and
// not server-sent events: a page reads it with fetch and ends it by aborting that,
// a shell with curl and jq). Whoever searches, or downloads what has to be made
// first, has one place, and there are few in all: 429 and 503 say when to come
// again.
//
// Browsers attach passwords to requests of foreign pages too. An order must
// therefore be JSON or carry the header X-CSRF: neither can be sent across sites
// by a form, nor by a script without a permission that is never given. (The
// router's middleware checks Origin and Sec-Fetch-Site besides.)
//
//	GET  identity
//	GET  processes              processes/{name}
//	POST processes/{name}/{start|stop|restart|signal|stdin|clear-logs}
//	POST groups/{group}/{start|stop|restart}   all/{start|stop|restart}
//	GET  log/{name}/{channel}   ?before= ?after= ?around= ?tail= &max= &epoch=
//	GET  log/{name}/{channel}   ?at=TIME, to begin at what came then
//	GET  log/{name}/{channel}/files
//	GET  log/{name}/{channel}/raw              ?from= &to=, or ?file=N, with Range
//	GET  log/{name}/{channel}/search           ?q= &regex= &case= &invert= &from= &to= &dir= &limit= &budget=
//	GET  log/{name}/{channel}/filtered         likewise, the lines as a file
//	GET  log/{name}/archive                    all files as .tar.gz; name may be group:*
//	GET  mainlog                mainlog/{files|raw|search|filtered|archive}
//	POST mainlog/clear
//	GET  merged                 ?source=NAME/CHANNEL[@OFFSET] &source=mainlog &dir= &at= &max=
//	GET  processes/{name}/settings         POST processes/{name}/reveal
//	GET  processes/{name}/metrics              ?since=
//	GET  audit                  ?since= &until= &user= &program= &before= &limit=
//	GET  audit/verify
//	GET  activity               ?type= and as audit
//	GET  events                 ?type= &program= &after=, server-sent events
//	GET  config/files           config/preview
//	GET  about
//	GET  openapi.json           reference
//	POST config/reread          config/update
//	POST shutdown               reload
package api
