// @vitest-environment jsdom
import { afterEach, describe, expect, test } from 'vitest'
import { keyboard as english } from '../text/keyboard'
import { isSingle, keycaps, type Scope, StrokeReader, shortcutOf, shortcuts, strokeOf, told } from './keys'

const press = (init: KeyboardEventInit, target: Element = document.body) => {
  const event = new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...init })
  target.dispatchEvent(event)
  return event
}

afterEach(() => document.body.replaceChildren())

describe('a stroke', () => {
  test.each<[string, KeyboardEventInit, string]>([
    ['a letter', { key: 'j', code: 'KeyJ' }, 'j'],
    ['a capital letter', { key: 'N', code: 'KeyN', shiftKey: true }, 'N'],
    ['a letter with Caps Lock', { key: 'N', code: 'KeyN', modifierCapsLock: true }, 'n'],
    ['a sign that needs Shift', { key: '?', code: 'Slash', shiftKey: true }, '?'],
    ['a letter with Ctrl', { key: 'k', code: 'KeyK', ctrlKey: true }, 'Mod+k'],
    ['a capital letter of a keyboard that has no Shift', { key: 'N', code: '' }, 'N'],
    ['a letter with Cmd', { key: 'k', code: 'KeyK', metaKey: true }, 'Mod+k'],
    ['a letter with Option, which makes another', { key: '†', code: 'KeyT', altKey: true }, 'Alt+t'],
    ['the same letter in Russian', { key: 'о', code: 'KeyJ' }, 'j'],
    ['a capital letter in Russian', { key: 'Т', code: 'KeyN', shiftKey: true }, 'N'],
    ['Ctrl+K in Russian', { key: 'л', code: 'KeyK', ctrlKey: true }, 'Mod+k'],
    ['the key of the slash in Russian', { key: '.', code: 'Slash' }, '/'],
    ['the key of the question in Russian', { key: ',', code: 'Slash', shiftKey: true }, '?'],
    ['the key of a bracket in Russian', { key: 'х', code: 'BracketLeft' }, '['],
    ['a full stop', { key: '.', code: 'Period' }, '.'],
    ['the space', { key: ' ', code: 'Space' }, 'Space'],
    ['an arrow with Shift', { key: 'ArrowDown', code: 'ArrowDown', shiftKey: true }, 'Shift+ArrowDown'],
    [
      'a bracket by AltGr',
      { key: '[', code: 'Digit8', ctrlKey: true, altKey: true, modifierAltGraph: true },
      '[',
    ],
    ['a part of a word being composed', { key: 'j', code: 'KeyJ', isComposing: true }, ''],
  ])('of %s', (_, init, stroke) => {
    expect(strokeOf(press(init))).toBe(stroke)
  })
})

describe('a shortcut', () => {
  const field = (markup: string) => {
    const element = document.createElement(markup)
    document.body.append(element)
    return element
  }

  test('is found where it belongs', () => {
    expect(shortcutOf(press({ key: 'e', code: 'KeyE' }), 'log', true)).toBe('nextError')
    expect(shortcutOf(press({ key: 'e', code: 'KeyE' }), 'list', true)).toBeUndefined()
  })

  test('may be two strokes, the second soon after the first', () => {
    const at = (ms: number, key: string) => {
      const event = press({ key, code: `Key${key.toUpperCase()}` })
      Object.defineProperty(event, 'timeStamp', { value: ms })
      return event
    }
    const read = (...events: [number, string][]) => {
      const reader = new StrokeReader()
      return events.map(([ms, key]) => reader.read(at(ms, key), true))
    }
    expect(read([0, 'g'], [400, 'p'])).toEqual(['begun', 'processes'])
    expect(read([0, 'g'], [2_000, 'p'])).toEqual(['begun', undefined])
    expect(read([0, 'g'], [400, 'x'], [800, 'p'])).toEqual(['begun', undefined, undefined])
    expect(read([0, 'p'])).toEqual([undefined])
    expect(new StrokeReader().read(at(0, 'g'), false)).toBeUndefined()
  })

  test.each(['input', 'textarea', 'select'])('is not stolen from %s', (name) => {
    const target = field(name)
    expect(shortcutOf(press({ key: 's', code: 'KeyS' }, target), 'list', true)).toBeUndefined()
    expect(shortcutOf(press({ key: 'Home' }, target), 'list', true)).toBeUndefined()
    expect(shortcutOf(press({ key: 'k', ctrlKey: true }, target), 'page', true)).toBe('palette')
  })

  test('works on a box that is ticked, which takes no letters', () => {
    const box = field('input') as HTMLInputElement
    box.type = 'checkbox'
    expect(shortcutOf(press({ key: 'j', code: 'KeyJ' }, box), 'list', true)).toBe('next')
  })

  test('is not stolen from a dialog', () => {
    const dialog = field('dialog')
    dialog.setAttribute('open', '')
    expect(shortcutOf(press({ key: 'k', ctrlKey: true }), 'page', true)).toBeUndefined()
  })

  test('of one sign is off for those who want it so, and others are not', () => {
    expect(shortcutOf(press({ key: '/', code: 'Slash' }), 'list', false)).toBeUndefined()
    expect(shortcutOf(press({ key: 'ArrowDown' }), 'list', false)).toBe('next')
  })

  test('with a key held that it does not ask for is another', () => {
    expect(shortcutOf(press({ key: 's', code: 'KeyS', ctrlKey: true }), 'list', true)).toBeUndefined()
    expect(shortcutOf(press({ key: 'ArrowLeft', altKey: true }), 'list', true)).toBeUndefined()
  })

  test('that somebody else has taken is taken', () => {
    const event = press({ key: 'j', code: 'KeyJ' })
    event.preventDefault()
    expect(shortcutOf(event, 'list', true)).toBeUndefined()
  })
})

describe('the registry', () => {
  const scopes: Scope[] = ['page', 'list', 'process', 'log']

  test.each(scopes)('has each stroke once in %s, and none that every page has', (scope) => {
    const strokes = shortcuts.filter((one) => one.scope === scope).flatMap((one) => [...one.strokes])
    expect(new Set(strokes).size).toBe(strokes.length)
    if (scope === 'page') return
    const everywhere = shortcuts.filter((one) => one.scope === 'page').flatMap((one) => [...one.strokes])
    expect(strokes.filter((stroke) => (everywhere as string[]).includes(stroke))).toEqual([])
  })

  test('is told whole', () => {
    const all = scopes.flatMap((scope) => told(scope).flatMap((one) => one.strokes))
    expect(all).toHaveLength(shortcuts.flatMap((one) => [...one.strokes]).length)
    for (const one of shortcuts) expect(english.keys.says[one.says]).toBeTruthy()
  })

  test('draws keys as they are held', () => {
    expect(['Mod+k', 'Shift+ArrowDown', 'Space', 'N'].map((stroke) => keycaps(stroke, 'Leertaste'))).toEqual([
      ['Ctrl', 'K'],
      ['⇧', '↓'],
      ['Leertaste'],
      ['N'],
    ])
  })

  test('knows which of them write something', () => {
    expect(['j', '?', 'g p', 'Space', 'Mod+k', 'Home'].map(isSingle)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ])
  })
})
