import { expect, test } from 'vitest'
import { csvOf } from './save'

test('entries are lines of a table, and no text of theirs is a formula', () => {
  const act = {
    n: 1,
    time: '',
    user: '=cmd()',
    verb: 'stop',
    target: 'a,"b"',
    result: 'ok',
    reason: 'two\nlines',
  }
  const event = {
    kind: 'state',
    seq: 2,
    at: 0,
    type: 'PROCESS_STATE_EXITED',
    group: 'web',
    name: 'api',
    to: 'EXITED',
  } as const
  const csv = csvOf([
    { at: 0, act },
    { at: 1000, event: { ...event, exit: 3 } },
    { at: 1000, event: { ...event, signal: 'SIGKILL' } },
  ])
  expect(csv.split('\r\n')).toEqual([
    'time,kind,person,what,target,programs,result,detail,reason',
    `1970-01-01T00:00:00.000Z,act,'=cmd(),stop,"a,""b""",,ok,,"two\nlines"`,
    '1970-01-01T00:00:01.000Z,state,,PROCESS_STATE_EXITED,web:api,web:api,EXITED,exit status 3,',
    '1970-01-01T00:00:01.000Z,state,,PROCESS_STATE_EXITED,web:api,web:api,EXITED,SIGKILL,',
    '',
  ])
})
