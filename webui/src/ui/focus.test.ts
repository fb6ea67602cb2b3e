// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FocusPlace, focusTitle } from './focus'

/** Builds elements: each is its tag and attributes, and what is inside. */
type Tree = [string, ...Tree[]]
function build([head, ...inside]: Tree): HTMLElement {
  const [tag, ...attributes] = head.split(' ')
  const element = document.createElement(tag!)
  for (const attribute of attributes) {
    const [name, value = ''] = attribute.split('=')
    element.setAttribute(name!, value)
  }
  element.append(...inside.map(build))
  return element
}

const get = (id: string) => document.getElementById(id)!
const here = () => document.activeElement?.id

beforeEach(() => {
  document.body.append(
    build([
      'main id=main tabindex=-1',
      ['h1 id=title tabindex=-1'],
      [
        'div role=table id=table tabindex=-1',
        ['div role=row', ['span role=rowheader', ['button id=group']]],
        ['div role=row id=row1', ['a id=one href=#']],
        ['div role=row id=row2', ['a id=two href=#']],
      ],
      ['div', ['header', ['h1 id=name tabindex=-1'], ['button id=act']]],
    ]),
  )
})
afterEach(() => document.body.replaceChildren())

describe('where the focus was', () => {
  const placeOf = (id: string) => {
    get(id).focus()
    return new FocusPlace(get(id))
  }

  test('is gone back to', () => {
    const place = placeOf('one')
    get('act').focus()
    expect(place.gone).toBe(false)
    place.back()
    expect(here()).toBe('one')
  })

  test('is its group when the row is gone', () => {
    const place = placeOf('two')
    get('row2').remove()
    expect(place.gone).toBe(true)
    place.back()
    expect(here()).toBe('group')
  })

  test('is the table when the group is gone, too', () => {
    const place = placeOf('one')
    get('table').replaceChildren()
    place.back()
    expect(here()).toBe('table')
  })

  test('is the title beside which a button stood', () => {
    const place = placeOf('act')
    get('act').remove()
    place.back()
    expect(here()).toBe('name')
  })

  test('is the page where nothing is left of it', () => {
    const place = new FocusPlace(document.body)
    place.back()
    expect(here()).toBe('main')
  })
})

describe('a new page', () => {
  test('is begun at its title', () => {
    focusTitle()
    expect(here()).toBe('title')
  })

  test('that is still being loaded is begun at its title when it has one', async () => {
    get('main').replaceChildren()
    focusTitle()
    expect(here()).toBe('main')
    get('main').append(build(['section', ['h1 id=late tabindex=-1']]))
    await Promise.resolve()
    expect(here()).toBe('late')
  })

  test('leaves those alone who have gone on meanwhile', async () => {
    get('main').replaceChildren(build(['button id=other']))
    focusTitle()
    get('other').focus()
    get('main').append(build(['h1 id=late tabindex=-1']))
    await Promise.resolve()
    expect(here()).toBe('other')
  })
})
