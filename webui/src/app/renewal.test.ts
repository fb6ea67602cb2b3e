// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { renewWhenAside } from './renewal'

let hidden = false
const reload = vi.fn()

beforeEach(() => {
  reload.mockClear()
  hidden = false
  history.replaceState(null, '', '/')
  document.body.replaceChildren()
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden })
  vi.stubGlobal('location', { reload })
})
afterEach(() => vi.unstubAllGlobals())

function hide(): void {
  hidden = true
  document.dispatchEvent(new Event('visibilitychange'))
}

test('the page is renewed when it is put aside, and not before', () => {
  const end = renewWhenAside('1.0', () => true)
  expect(reload).not.toHaveBeenCalled()
  hide()
  expect(reload).toHaveBeenCalledOnce()
  end()
})

test('one that is aside already is renewed at once', () => {
  hidden = true
  renewWhenAside('1.0', () => true)()
  expect(reload).toHaveBeenCalledOnce()
})

test.each([
  ['a dialog is open', '<dialog open></dialog>', true],
  ['something is being typed', '<input>', true],
  ['an order can still be taken back', '', false],
])('it is left alone when %s', (_, markup, free) => {
  document.body.append(new DOMParser().parseFromString(markup, 'text/html').body)
  document.querySelector('input')?.focus()
  const end = renewWhenAside('1.0', () => free)
  hide()
  expect(reload).not.toHaveBeenCalled()
  end()
})

test('a page that comes back the same is not renewed for ever', () => {
  hidden = true
  renewWhenAside('1.0', () => true)()
  renewWhenAside('1.0', () => true)()
  expect(reload).toHaveBeenCalledOnce()
  renewWhenAside('1.1', () => true)()
  expect(reload).toHaveBeenCalledTimes(2)
})

test('nothing happens after the end of the waiting', () => {
  renewWhenAside('1.0', () => true)()
  hide()
  expect(reload).not.toHaveBeenCalled()
})
