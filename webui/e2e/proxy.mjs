import { connect, createServer } from 'node:net'

/**
 * A way between a browser and a server that can be cut, and that can fall silent:
 * then the connections stay, and nothing comes through them any more.
 */
export async function between(target) {
  const { hostname, port } = new URL(target)
  const pairs = new Set()
  let refusing = false
  let silent = false
  const server = createServer((near) => {
    if (refusing) return near.destroy()
    const far = connect({ host: hostname, port })
    const pair = [near, far]
    pairs.add(pair)
    const forget = () => {
      pairs.delete(pair)
      for (const end of pair) end.destroy()
    }
    const pass = (from, to) => {
      from.on('data', (data) => {
        if (!silent) to.write(data)
      })
      from.on('end', () => to.end())
      from.on('error', forget)
      from.on('close', forget)
    }
    pass(near, far)
    pass(far, near)
  })
  await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const drop = () => {
    for (const [near, far] of [...pairs]) {
      near.resetAndDestroy()
      far.destroy()
    }
  }
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    /** Ends every connection, and lets no new one through until it is mended. */
    cut() {
      refusing = true
      drop()
    },
    /** Ends every connection; those who come again get through. */
    drop,
    /** Lets what is sent disappear, in either direction. */
    silence() {
      silent = true
    },
    mend() {
      refusing = false
      if (silent) drop() // what was swallowed is missing in the middle
      silent = false
    },
    async close() {
      drop()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
