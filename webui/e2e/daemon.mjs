import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const binary = process.env.SUPERVISORD_BIN ?? fileURLToPath(new URL('../../bin/supervisord', import.meta.url))

/**
 * A real supervisord with the programs of a configuration, on a port and in a
 * folder of its own; more is what its own section says beside that.
 */
export async function supervise(programs, more = '') {
  if (!existsSync(binary))
    throw new Error(`no supervisord at ${binary}; run make build or set SUPERVISORD_BIN`)
  const home = mkdtempSync(join(tmpdir(), 'webui-daemon-'))
  const port = await freePort()
  const config = join(home, 'supervisord.conf')
  const url = `http://127.0.0.1:${port}/`
  let child

  const daemon = {
    url,
    home,
    /** Writes the configuration; supervisord reads it when told to, or when it starts. */
    write(sections) {
      writeFileSync(config, `${frame(home, port, more)}\n${sections}\n`)
    },
    async start() {
      const output = []
      child = spawn(binary, ['-n', '-c', config], {
        cwd: home,
        env: { PATH: process.env.PATH, HOME: home, LANG: 'C.UTF-8', XDG_STATE_HOME: home },
      })
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (data) => output.push(String(data)))
      await answers(url, child, output)
    },
    /** Asks it to end its programs and itself, and waits until it has. */
    async stop() {
      if (!child || child.exitCode !== null) return
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await ended
    },
    async remove() {
      await daemon.stop()
      rmSync(home, { recursive: true, force: true })
    },
  }
  daemon.write(programs)
  await daemon.start()
  return daemon
}

function frame(home, port, more) {
  return `[supervisord]
logfile=${home}/supervisord.log
pidfile=${home}/supervisord.pid
childlogdir=${home}
statedir=${home}/state
identifier=journey
${more}

[inet_http_server]
port=127.0.0.1:${port}
`
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

/** Waits until the page is served; what supervisord said is the reason if it never is. */
async function answers(url, child, output) {
  const until = Date.now() + 20_000
  while (Date.now() < until) {
    if (child.exitCode !== null)
      throw new Error(`supervisord ended with ${child.exitCode}:\n${output.join('')}`)
    const response = await fetch(url).catch(() => undefined)
    if (response) return // also where it asks who is there
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`supervisord does not answer:\n${output.join('')}`)
}
