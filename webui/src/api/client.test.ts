import { describe, expect, test } from 'vitest'
import { ApiError, Client } from './client'

type Answer = (url: string, init: RequestInit) => Promise<Response>

const lost: Answer = () => Promise.reject(new TypeError('Failed to fetch'))

/** An answer whose connection breaks after its head. */
const torn: Answer = async () =>
  new Response(new ReadableStream({ start: (body) => body.error(new TypeError('network error')) }))

const fine =
  (body: unknown): Answer =>
  async () =>
    new Response(JSON.stringify(body))

const refused: Answer = async () =>
  new Response(JSON.stringify({ error: { code: 60, name: 'ALREADY_STARTED', detail: 'web:api' } }), {
    status: 409,
    headers: { 'X-Request-Id': 'r7' },
  })

/** Never answers, and gives up when the client does. */
const silent: Answer = (_, { signal }) =>
  new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))

/** A client of a server that answers as told, and what it asked. */
function clientOf(...answers: Answer[]) {
  return impatientClientOf(20_000, ...answers)
}

function impatientClientOf(timeout: number, ...answers: Answer[]) {
  const asked: { url: string; init: RequestInit }[] = []
  const fetch = (url: string, init: RequestInit) => {
    const answer = answers[asked.length] ?? lost
    asked.push({ url, init })
    return answer(url, init)
  }
  const client = new Client({ fetch: fetch as typeof globalThis.fetch, base: 'http://host/', timeout })
  const keys = () => asked.map(({ init }) => new Headers(init.headers).get('Idempotency-Key'))
  return { client, asked, keys }
}

const failure = (request: Promise<unknown>) => request.then(() => undefined).catch((e: ApiError) => e)

describe('an order', () => {
  test.each([
    ['before its answer', lost],
    ['in the middle of its answer', torn],
  ])('whose connection is lost %s is given once more, with the same key', async (_, loss) => {
    const t = clientOf(loss, fine({ seq: 9 }))
    expect(await t.client.act('web:api', 'restart')).toEqual({ seq: 9 })
    expect(t.asked.map(({ url }) => url)).toEqual(
      Array(2).fill('http://host/api/v1/processes/web%3Aapi/restart'),
    )
    const [first, second] = t.keys()
    expect(first).toMatch(/^[0-9a-f]{32}$/)
    expect(second).toBe(first)
  })

  test('that is lost twice has failed', async () => {
    const t = clientOf(lost, lost, fine({ seq: 9 }))
    expect(await failure(t.client.actOnAll('stop'))).toMatchObject({ kind: 'network', status: 0 })
    expect(t.asked).toHaveLength(2)
  })

  test('that is refused is not given again', async () => {
    const t = clientOf(refused, fine({ seq: 9 }))
    const error = await failure(t.client.actOnGroup('web', 'start'))
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({
      kind: 'answer',
      status: 409,
      code: 'ALREADY_STARTED',
      detail: 'web:api',
      requestId: 'r7',
    })
    expect(t.asked).toHaveLength(1)
  })

  test('that takes too long is not given again', async () => {
    const t = impatientClientOf(1, silent, fine({ seq: 9 }))
    expect(await failure(t.client.actOnAll('stop'))).toMatchObject({ kind: 'timeout' })
    expect(t.asked).toHaveLength(1)
  })

  test('has a key of its own', async () => {
    const t = clientOf(fine({ seq: 1 }), fine({ seq: 2 }))
    await t.client.act('web:api', 'start')
    await t.client.act('web:api', 'start')
    expect(new Set(t.keys()).size).toBe(2)
  })
})

test('an update may take as long as the programs take to stop', async () => {
  const t = clientOf(fine({ steps: [] }))
  expect(await t.client.update()).toEqual({ steps: [] })
  expect(t.asked[0]!.init.signal ?? undefined).toBeUndefined()
})

describe('the end of a session', () => {
  const status =
    (status: number): Answer =>
    async () =>
      new Response('{"error":{"name":"BAD_NAME"}}', { status })

  test.each([
    ['a session', 404, (c: Client) => c.endSession('s1')],
    ['my own session', 401, (c: Client) => c.endSession('s1')],
    ['all of my sessions', 401, (c: Client) => c.logOutEverywhere()],
  ])('of %s is done when only the answer was lost', async (_, answer, end) => {
    const t = clientOf(lost, status(answer))
    expect(await failure(end(t.client))).toBeUndefined()
    expect(t.asked).toHaveLength(2)
  })

  test.each([
    ['a session', 404, (c: Client) => c.endSession('s1')],
    ['all of my sessions', 401, (c: Client) => c.logOutEverywhere()],
  ])('of %s has failed when that is the first answer', async (_, answer, end) => {
    const t = clientOf(status(answer))
    expect(await failure(end(t.client))).toMatchObject({ kind: 'answer', status: answer })
  })

  test('has failed when the second answer says so', async () => {
    const t = clientOf(lost, status(403))
    expect(await failure(t.client.endSession('s1'))).toMatchObject({ status: 403 })
  })
})

test('a question that is lost is not asked again, and carries no key', async () => {
  const t = clientOf(lost)
  expect(await failure(t.client.identity())).toMatchObject({ kind: 'network' })
  expect(t.keys()).toEqual([null])
})

test('an answer that is not JSON is no success', async () => {
  const t = clientOf(async () => new Response('<html>a proxy says hello</html>'))
  expect(await failure(t.client.actOnAll('stop'))).toMatchObject({ kind: 'answer', status: 200 })
})
