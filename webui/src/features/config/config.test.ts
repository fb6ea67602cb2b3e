import { describe, expect, test } from 'vitest'
import { ApiError, Client } from '../../api/client'
import { Change } from '../../store/change.svelte'
import type { ConfigFinding, GroupPreview } from '../../wire/wire.gen'
import { byWeight, countLines, numbersOf, piecesOf } from './lines'

describe('a file', () => {
  test('is cut where a line is marked, and keeps its numbers', () => {
    const pieces = piecesOf('a\nb\nc\nd\n', new Set([2, 4]))
    expect(pieces.map((p) => [p.first, p.text, p.marked])).toEqual([
      [1, 'a', false],
      [2, 'b', true],
      [3, 'c', false],
      [4, 'd', true],
    ])
    expect(numbersOf(piecesOf('a\nb\nc', new Set([0]))[0]!)).toBe('1\n2\n3')
  })

  test.each([
    ['', 0],
    ['a', 1],
    ['a\n', 1],
    ['a\n\n', 2],
  ])('%j has %d lines', (text, lines) => {
    expect(countLines(text)).toBe(lines)
  })
})

test('what nobody reads, or may not be meant, is told apart from what is only different here', () => {
  const finding = (verdict: ConfigFinding['verdict'], line: number): ConfigFinding => ({
    verdict,
    file: 'a.conf',
    line,
    text: '',
  })
  const lines = (findings: ConfigFinding[]) => findings.map((f) => f.line)
  const sorted = byWeight([
    finding('new', 1),
    finding('warning', 2),
    finding('error', 3),
    finding('differs', 4),
    finding('ignored', 5),
  ])
  expect(lines(sorted.wrong)).toEqual([3])
  expect(lines(sorted.doubtful)).toEqual([2, 5])
  expect(lines(sorted.rest)).toEqual([1, 4])
})

describe('a change', () => {
  const group = (name: string): GroupPreview => ({
    group: name,
    action: 'changed',
    options: [],
    stops: [],
    starts: [],
    gone: [],
    new: [],
  })

  function changeOf(answers: Record<string, () => Response>) {
    const asked: string[] = []
    const fetch = async (url: RequestInfo | URL, init?: RequestInit) => {
      const path = String(url).replace('http://host/api/v1/', '')
      asked.push(`${path} ${init?.body ?? ''}`.trim())
      return answers[path]?.() ?? Response.json({ files: [], findings: [] })
    }
    const client = new Client({ fetch: fetch as typeof globalThis.fetch, base: 'http://host/' })
    return { change: new Change(client), asked }
  }
  const failure = (status: number, name: string) =>
    Response.json({ error: { code: 0, name, detail: 'no' } }, { status })

  test('that cannot be applied is no failure to look', async () => {
    const { change } = changeOf({ 'config/preview': () => failure(422, 'CANT_REREAD') })
    await change.load()
    expect(change.phase).toBe('ready')
    expect(change.broken).toBeInstanceOf(ApiError)
  })

  test.each([
    [403, 'forbidden'],
    [500, 'failed'],
  ])('answered with %d is %s', async (status, phase) => {
    const { change } = changeOf({ 'config/preview': () => failure(status, 'X') })
    await change.load()
    expect(change.phase).toBe(phase)
  })

  test('is applied whole, or only what was chosen, and looked at again', async () => {
    const { change, asked } = changeOf({
      'config/preview': () => Response.json({ seen: 'abc', groups: [group('a'), group('b')] }),
      'config/update': () => Response.json({ steps: [{ group: 'a', action: 'changed' }] }),
    })
    await change.load()
    await change.apply(change.groups, 'because')
    await change.apply([change.groups[0]!], '')
    expect(asked.filter((a) => a.startsWith('config/update'))).toEqual([
      'config/update {"seen":"abc","reason":"because"}',
      'config/update {"seen":"abc","groups":["a"]}',
    ])
    expect(change.steps).toEqual([{ group: 'a', action: 'changed' }])
    expect(asked.at(-1)).toBe('config/preview')
  })

  test('that is refused says why', async () => {
    const { change } = changeOf({
      'config/preview': () => Response.json({ seen: 'abc', groups: [group('a')] }),
      'config/update': () => failure(503, 'SHUTDOWN_STATE'),
    })
    await change.load()
    await change.apply(change.groups, '')
    expect(change.refusal?.code).toBe('SHUTDOWN_STATE')
    expect(change.applying).toEqual([])
  })
})
