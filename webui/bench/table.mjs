// The rows of the table: what is measured, what it may be at most (or must be at
// least), and which of them end the run with a failure. Budgets are those of the
// design of the page; a figure without one is told for its own sake.

/**
 * Where a figure comes from: the files that were built; a real supervisord with a
 * thousand real programs; or a pretended one that speaks the same wire, for what no
 * real one can be told to do, such as to change two hundred rows at once.
 */
const files = 'files'
const real = 'real'
const pretended = 'pretended'

/**
 * Budgets of thread time are exceeded only by half as much again: the same build
 * differs by a third from one run to the next where other work shares the caches.
 */
const ofThread = 1.5

export const rows = [
  row('bytes.js', 'JavaScript before the first row', 'KiB', files, { most: 60, gate: 1 }),
  row('bytes.css', 'styles before the first row', 'KiB', files, { most: 12, gate: 1 }),
  row('bytes.ru', 'Russian words before the first row', 'KiB', files, { most: 8, gate: 1 }),
  row('bytes.charts', 'charts, when they are opened', 'KiB', files, { most: 24 }),
  row('bytes.icons', 'icons of the tab', 'KiB', files, { most: 4 }),
  row('load.requests', 'requests before the first row', '', real, { most: 5 }),
  row('load.fcp', 'first paint with content, slowed down', 'ms', real, { most: 600, clock: true }),
  row('load.rows', 'rows painted, slowed down', 'ms', real, { most: 1000, clock: true }),
  row('load.interactive', 'the last long task over, slowed down', 'ms', real, { clock: true }),
  row('load.long', 'long tasks while it loads, slowed down', '', real, { clock: true }),
  row('boot.cpu', 'thread time until it has loaded', 'ms', real, { most: 200 }),
  row('nodes.processes', 'nodes of the list of 1,000 processes', '', real, { most: 2500, gate: 1 }),
  row('nodes.log', 'nodes of a log of 100,000 lines', '', pretended, { most: 2500, gate: 1 }),
  row('idle.bytes', 'sent to a page that only stands open', 'KiB/s', real, { most: 6 }),
  row('flush.feed', 'thread time, 200 of 1,000 rows changed', 'ms', pretended, { most: 6, gate: ofThread }),
  row('flush.log', 'thread time, 500 lines', 'ms', pretended, { most: 9, gate: ofThread }),
  row('heap.full', 'heap with 1,000 processes and 100,000 lines', 'MiB', pretended, { most: 60, gate: 1 }),
  row('heap.hour', 'heap after another 3,600,000 lines', 'MiB', pretended, {
    most: 60,
    gate: 1,
    quick: false,
  }),
  row('heap.growth', 'of that, grown since the middle', 'MiB', pretended, { most: 2, gate: 1, quick: false }),
  row('search.task', 'longest piece of a search in 100,000 lines', 'ms', pretended, { most: 16 }),
  row('search.all', 'all of it, slowed down', 'ms', pretended, { most: 400, clock: true }),
  row('fps.table', 'pictures a second, 50 changes a second', '1/s', real, { least: 55, clock: true }),
  row('fps.log', 'the same, a log of 10,000 lines a second', '1/s', real, { least: 55, clock: true }),
  row('fps.both', 'the same, both at once', '1/s', real, { least: 55, clock: true }),
  row('long.table', 'long tasks meanwhile', '', real, { most: 1, clock: true }),
  row('long.log', 'long tasks meanwhile', '', real, { most: 1, clock: true }),
  row('long.both', 'long tasks meanwhile', '', real, { most: 1, clock: true }),
  row('input.dialog', 'from a press to the dialog, slowed down', 'ms', real, { most: 100, clock: true }),
  row('input.filter', 'from a key to the rows it leaves', 'ms', real, { most: 100, clock: true }),
  row('input.toggle', 'from a press to a group folded', 'ms', real, { most: 100, clock: true }),
]

function row(
  name,
  what,
  unit,
  source,
  { most, least, gate, quick = gate !== undefined, clock = false } = {},
) {
  return { name, what, unit, source, most, least, gate, quick, clock }
}

/** What a figure is worth: within its budget or not, and whether the run fails by it. */
export function judge({ most, least, gate }, value) {
  const within = (most === undefined || value <= most) && (least === undefined || value >= least)
  const fails = gate !== undefined && !(value <= most * gate)
  return { within, fails }
}

/** The figures as a table for people, and the names of the gates that were not passed or not measured. */
export function report(figures, wanted) {
  const lines = ['| row | | unit | figure | budget | met | from |', '|---|---|---|---:|---:|---|---|']
  const failed = []
  for (const of of rows.filter((of) => wanted(of))) {
    const value = figures.get(of.name)
    if (value === undefined) {
      failed.push(of.name)
      lines.push(
        `| ${[of.name, of.what, of.unit, 'none', budgetOf(of), '**not measured**', of.source].join(' | ')} |`,
      )
      continue
    }
    const { within, fails } = judge(of, value)
    if (fails) failed.push(of.name)
    const met = budgetOf(of) === '' ? '' : fails ? '**no, fails**' : within ? 'yes' : 'no'
    lines.push(`| ${[of.name, of.what, of.unit, short(value), budgetOf(of), met, of.source].join(' | ')} |`)
  }
  return { text: `${lines.join('\n')}\n`, failed }
}

function budgetOf({ most, least, gate }) {
  if (least !== undefined) return `at least ${least}`
  if (most === undefined) return ''
  if (gate === undefined) return `${most}`
  return gate === 1 ? `${most}, gate` : `${most}, gate ${short(most * gate)}`
}

function short(value) {
  return Number.isInteger(value) || Math.abs(value) >= 1000 ? String(Math.round(value)) : value.toPrecision(3)
}
