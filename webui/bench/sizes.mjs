// What the built files weigh, as they are sent: compressed.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const dist = fileURLToPath(new URL('../dist/', import.meta.url))

/** Kibibytes of what the page needs first, of some parts, and of every part that is loaded later. */
export function sizes() {
  const html = readFileSync(join(dist, 'index.html'), 'utf8')
  const first = reach([...html.matchAll(/assets\/[^"']+\.(?:js|css)/g)].map(([path]) => path))
  const all = readdirSync(join(dist, 'assets'))
    .filter((name) => /\.(js|css)$/.test(name))
    .map((name) => `assets/${name}`)
  const later = all
    .filter((path) => !first.has(path))
    .map((path) => ({ name: nameOf(path), size: size(path) }))
  const sum = (paths) => paths.reduce((total, path) => total + size(path), 0)
  const part = (pattern) => {
    const found = later.filter(({ name }) => pattern.test(name))
    if (found.length === 0) throw new Error(`no file of the build is ${pattern}`)
    return found.reduce((total, { size }) => total + size, 0)
  }
  return {
    figures: new Map([
      ['bytes.js', sum([...first].filter((path) => path.endsWith('.js')))],
      ['bytes.css', sum([...first].filter((path) => path.endsWith('.css')))],
      ['bytes.ru', part(/^ru\.js$/)],
      ['bytes.charts', part(/^Charts\.(js|css)$/)],
      ['bytes.icons', sum(readdirSync(dist).filter((name) => name.endsWith('.svg')))],
    ]),
    later: later.sort((a, b) => b.size - a.size),
  }
}

/** The files that some files need at once, and they themselves. */
function reach(paths) {
  const found = new Set()
  const visit = (path) => {
    if (found.has(path)) return
    found.add(path)
    if (!path.endsWith('.js')) return
    const code = readFileSync(join(dist, path), 'utf8')
    for (const [, name] of code.matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g))
      visit(`assets/${name}`)
  }
  paths.forEach(visit)
  return found
}

/** "assets/LogPane-B4pf-7xT.js" is LogPane.js: eight characters of the name are of what is in it. */
function nameOf(path) {
  return path.replace(/^assets\//, '').replace(/-[\w-]{8}(\.\w+)$/, '$1')
}

function size(path) {
  return statSync(join(dist, `${path}.gz`)).size / 1024
}
