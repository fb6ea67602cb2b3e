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
// Browsers attach passwords to requests of foreign pages too. An order must
// therefore be JSON or carry the header X-CSRF: neither can be sent across sites
// by a form, nor by a script without a permission that is never given. (The
// router's middleware checks Origin and Sec-Fetch-Site besides.)
//
//	GET  identity
//	GET  processes              processes/{name}
//	POST processes/{name}/{start|stop|restart|signal|clear-logs}
//	POST groups/{group}/{start|stop|restart}   all/{start|stop|restart}
//	GET  log/{name}/{channel}   ?before= ?after= ?around= ?tail= &max= &epoch=
//	GET  log/{name}/{channel}/raw              ?from= &to=, with Range
//	GET  mainlog                mainlog/raw
//	GET  processes/{name}/settings         POST processes/{name}/reveal
//	GET  processes/{name}/metrics              ?since=
//	GET  audit                  ?since= &until= &user= &program= &before= &limit=
//	GET  audit/verify
//	POST config/reread          config/update
//	POST shutdown               reload
package api
