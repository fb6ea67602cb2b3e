import { describe, expect, test } from 'vitest'
import { cut, parseLine, plainText } from './ansi'
import { breaksOf } from './columns'
import { contrastOf, legible } from './contrast'

describe('parseLine', () => {
  test.each([
    ['plain text is one span', 'hello', [{ text: 'hello', style: {} }]],
    ['nothing is no span', '', []],
    [
      'a colour lasts until it is reset',
      'a\x1b[31mb\x1b[0mc',
      [
        { text: 'a', style: {} },
        { text: 'b', style: { fg: 1 } },
        { text: 'c', style: {} },
      ],
    ],
    [
      'several codes come at once',
      '\x1b[1;4;92;41mx',
      [{ text: 'x', style: { bold: true, underline: true, fg: 10, bg: 1 } }],
    ],
    ['one code ends what another began', '\x1b[1;3m\x1b[22;39mx', [{ text: 'x', style: { italic: true } }]],
    ['256 colours below sixteen are the named ones', '\x1b[38;5;9mx', [{ text: 'x', style: { fg: 9 } }]],
    ['256 colours are exact', '\x1b[38;5;208;1mx', [{ text: 'x', style: { fg: '#ff8700', bold: true } }]],
    ['greys are exact', '\x1b[48;5;244mx', [{ text: 'x', style: { bg: '#808080' } }]],
    ['true colours are exact', '\x1b[38;2;1;2;255mx', [{ text: 'x', style: { fg: '#0102ff' } }]],
    ['a colour without its numbers is none', '\x1b[38;2;1mx', [{ text: 'x', style: {} }]],
    ['an empty code resets', '\x1b[31m\x1b[mx', [{ text: 'x', style: {} }]],
  ])('%s', (_, line, spans) => {
    expect(parseLine(line)).toEqual(spans)
  })

  test.each([
    ['cursor movements', 'a\x1b[2Jb\x1b[10;5Hc', 'abc'],
    ['titles', '\x1b]0;title\x07x', 'x'],
    ['titles ended the other way', '\x1b]0;title\x1b\\x', 'x'],
    ['links, of which the text stays', '\x1b]8;;javascript:alert(1)\x1b\\text\x1b]8;;\x1b\\', 'text'],
    ['device strings', '\x1bPq#0;2;0;0;0\x1b\\x', 'x'],
    ['character sets', '\x1b(Bx', 'x'],
    ['a sequence without its end', 'x\x1b[31', 'x'],
    ['a lone escape', 'x\x1b', 'x'],
    ['eight-bit sequences', '\u009b31mx', 'x'],
  ])('%s are removed', (_, line, text) => {
    expect(plainText(line)).toBe(text)
  })

  test.each([
    ['a progress bar shows its last writing', '10%\r50%\r100%', '100%'],
    ['a Windows line end is none', 'text\r', 'text'],
    ['tabs go to the next multiple of eight', 'ab\tc', 'ab      c'],
    ['tabs count what colours leave', '\x1b[31mab\x1b[0m\tc', 'ab      c'],
    ['control characters are pictures', 'a\x00b\x7f', 'a\u2400b\u2421'],
    ['bytes that are not UTF-8 are told', 'caf\udce9', 'caf\\xE9'],
    ['marks that turn the direction are told', 'a\u202eb', 'aU+202Eb'],
    ['pictures of two halves stay whole', '\u{1f600}', '\u{1f600}'],
    ['markup is text', '<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
  ])('%s', (_, line, text) => {
    expect(plainText(line)).toBe(text)
  })

  test('whatever comes, it neither fails nor hangs nor loses letters', () => {
    const random = generator(20260131)
    const pieces = [
      '\x1b',
      '[',
      ']',
      ';',
      'm',
      '38',
      '2',
      '31',
      '\x07',
      '\x1b\\',
      '\t',
      '\r',
      '\x00',
      '\udc80',
      '\ud83d',
      'é',
      '\u{1f600}',
      'w',
    ]
    for (let round = 0; round < 20_000; round++) {
      const line = Array.from({ length: random(24) }, () => pieces[random(pieces.length)]).join('')
      const spans = parseLine(line)
      const text = spans.map((span) => span.text).join('')
      expect(text).not.toMatch(/[\x00-\x1f\x7f-\x9f]/)
      expect(text.isWellFormed()).toBe(true)
      if (!/[\x1b\r]/.test(line)) expect(count(text, 'w')).toBe(count(line, 'w'))
    }
  })

  test('a sequence that never ends costs one pass', () => {
    const line = `\x1b]${'x'.repeat(1_000_000)}`
    const began = performance.now()
    expect(plainText(line).length).toBeGreaterThan(900_000)
    expect(performance.now() - began).toBeLessThan(2000)
  })
})

describe('wrapping', () => {
  const wrapped = (text: string, width: number) => {
    const breaks = breaksOf(text, width)
    return [0, ...breaks].map((from, i) => text.slice(from, breaks[i])).join('|')
  }

  test.each([
    ['', 10, ''],
    ['short', 10, 'short'],
    ['exactly te', 10, 'exactly te'],
    ['one two three four', 10, 'one two |three four'],
    ['the space hangs', 9, 'the space |hangs'],
    ['many      spaces', 5, 'many      |space|s'],
    ['averylongwordwithoutend', 8, 'averylon|gwordwit|houtend'],
    ['a averylongword', 8, 'a averyl|ongword'],
    ['привет как дела', 7, 'привет |как |дела'],
    ['日本語の文', 4, '日本|語の|文'],
    ['e\u0301e\u0301e\u0301', 2, 'e\u0301e\u0301|e\u0301'],
    ['\u{1f600}\u{1f600}\u{1f600}', 5, '\u{1f600}\u{1f600}|\u{1f600}'],
    ['x', 0, '|x'],
  ])('%j at %d columns', (text, width, rows) => {
    expect(wrapped(text, width)).toBe(rows)
  })

  test('colours go on across rows, and nothing is lost', () => {
    const line = '\x1b[31mred and \x1b[1mbold red\x1b[0m and plain again'
    const text = plainText(line)
    for (let width = 1; width < 40; width++) {
      const rows = cut(parseLine(line), breaksOf(text, width))
      expect(rows).toHaveLength(breaksOf(text, width).length + 1)
      expect(
        rows
          .flat()
          .map((span) => span.text)
          .join(''),
      ).toBe(text)
      expect(rows.flat().every((span) => span.text !== '')).toBe(true)
    }
    expect(cut(parseLine(line), [4])[1]![0]).toEqual({ text: 'and ', style: { fg: 1 } })
  })

  test('cutting between two spans leaves both whole', () => {
    const spans = parseLine('ab\x1b[31mcd')
    expect(cut(spans, [2]).map((row) => row.map((span) => span.text))).toEqual([['ab'], ['cd']])
  })
})

describe('legible', () => {
  test('every colour can be read on both backgrounds', () => {
    const levels = ['00', '33', '66', '99', 'cc', 'ff']
    for (const background of ['#fbfcfd', '#0a0e14']) {
      for (const r of levels) {
        for (const g of levels) {
          for (const b of levels) {
            expect(contrastOf(legible(`#${r}${g}${b}`, background), background)).toBeGreaterThanOrEqual(4.5)
          }
        }
      }
    }
  })

  test('a colour that can be read already stays', () => {
    expect(legible('#0a58ca', '#fbfcfd')).toBe('#0a58ca')
  })
})

function count(text: string, letter: string): number {
  return text.split(letter).length - 1
}

/** The same numbers each time, so that a failure can be had again. */
function generator(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
