import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const e2e = fileURLToPath(new URL('../e2e/', import.meta.url))
const table = readFileSync(`${e2e}README.md`, 'utf8')
const rows = [...table.matchAll(/^\| (\d+) \| .+ \| (.+) \|$/gm)].map(([, number, shown]) => ({
  number: Number(number),
  scenes: shown!.split('<br>').map((scene) => /^`([\w./-]+)` (.+)$/.exec(scene)!.slice(1)),
}))

/** The names of the tests of a file, as they are written there. */
function namesIn(file: string): string[] {
  const text = readFileSync(e2e + file, 'utf8')
  return [...text.matchAll(/\b(?:scene|step|test)\(\s*(['`])(.+?)\1/g)].map(([, , name]) => name!)
}

test('the table has the thirty scenes', () => {
  expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1))
})

test.each(rows)('what shows scene $number exists', ({ scenes }) => {
  for (const [file, name] of scenes) expect(namesIn(file!), file).toContain(name)
})

test('every file of scenes is among those that are run', () => {
  const { scripts } = JSON.parse(readFileSync(`${e2e}../../package.json`, 'utf8'))
  const run: string[] = scripts.e2e.replace('node webui/e2e/all.mjs ', '').split(' ')
  const written = readdirSync(e2e).filter(
    (file) => file.endsWith('.mjs') && readFileSync(e2e + file, 'utf8').includes("from 'node:test'"),
  )
  // What the others share says how a scene is played, and has none.
  const files = written.filter((file) => namesIn(file).length > 0)
  expect(run.toSorted()).toEqual(files.map((file) => `webui/e2e/${file}`).toSorted())
})
