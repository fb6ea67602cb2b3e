// What is measured of a page that is open, for access.mjs.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What WCAG 2.2 AA forbids, and what is only bad manners. */
export const brokenRules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** What the checker has against a page. */
export async function faults(page, runOnly) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe)
  return page.evaluate(async (runOnly) => {
    // Colours that follow the theme are worked out anew with the next picture only.
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
    const { violations } = await window.axe.run(document, { runOnly, resultTypes: ['violations'] })
    return violations.flatMap((v) =>
      v.nodes.map((n) => `${v.id} ${n.target}: ${n.any[0]?.message ?? v.help}`),
    )
  }, runOnly)
}

/**
 * Changes the language where the page stands, with all that is open on it. xx is no
 * language: every word of the catalogue in ⟦brackets⟧, and half as long again.
 */
export async function speak(page, language) {
  await page.evaluate(async (language) => {
    const addresses = performance
      .getEntriesByType('resource')
      .map((entry) => entry.name)
      .filter((name) => /\/assets\/[^/]+\.js$/.test(name))
    const modules = await Promise.all([...new Set(addresses)].map((address) => import(address)))
    const exported = modules.flatMap((module) => Object.values(module))
    const words = exported.find((one) => one && typeof one.use === 'function' && 't' in one)
    if (!words) throw new Error('no module of this page has its words')
    document.documentElement.lang = language === 'xx' ? 'en' : language
    await words.use(language === 'xx' ? 'ru' : language)
    if (language === 'xx') {
      const whole = { ...words.loaded, ...words.more }
      words.loaded = undefined
      words.more = undefined
      const english = exported
        .filter((one) => one && typeof one === 'object' && Object.getOwnPropertyDescriptor(one, 't')?.get)
        .map((one) => one.t)
      words.loaded = lengthen([words.t, ...english].reduce(merge, whole))
      words.more = words.loaded
    }
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))

    function merge(below, above) {
      if (typeof above !== 'object' || above === null) return above
      return Object.fromEntries(
        [...new Set([...Object.keys(below ?? {}), ...Object.keys(above)])].map((key) => [
          key,
          key in above ? merge(below?.[key], above[key]) : below[key],
        ]),
      )
    }

    /** Figures are no longer in any language. */
    function lengthen(value, longer = true) {
      if (typeof value === 'string') return value && `⟦${value}${longer ? padding(value) : ''}⟧`
      if (typeof value === 'function') return (...given) => lengthen(value(...given), longer)
      if (Array.isArray(value) || typeof value !== 'object' || value === null) return value
      return Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [
          key,
          key === 'locale' ? inner : lengthen(inner, longer && key !== 'format'),
        ]),
      )
    }

    function padding(text) {
      const letters = text.replace(/[⟦⟧~]/g, '').length
      return '~'.repeat(Math.max(0, Math.ceil(letters * 0.4) - (text.length - letters)))
    }
  }, language)
}

/** What a thumb can hit that is too small for it, or lies over something else that it can hit. */
export function crowded(page) {
  return page.evaluate(() => {
    const least = 44 - 0.01
    const root = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body
    const targets = [
      ...new Set(
        [
          ...root.querySelectorAll(
            'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"][role=separator]',
          ),
        ].map((element) => element.closest('label') ?? element),
      ),
    ]
      .filter((element) => element.checkVisibility({ visibilityProperty: true }))
      .filter((element) => !element.matches('.skip, .visually-hidden'))
      .map((element) => ({ element, box: element.getBoundingClientRect() }))
    const small = targets
      .filter(({ box }) => box.width < least || box.height < least)
      .map(({ element, box }) => `${called(element)} is ${round(box.width)} x ${round(box.height)}`)
    const seen = targets
      .map(({ element }) => ({ element, box: cut(element), layer: layer(element) }))
      .filter(({ box }) => box.right - box.left > 1 && box.bottom - box.top > 1)
    const over = seen.flatMap((one, i) =>
      seen
        .slice(i + 1)
        .filter(
          (other) =>
            one.layer === other.layer &&
            !one.element.contains(other.element) &&
            !other.element.contains(one.element) &&
            Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left) > 1 &&
            Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top) > 1,
        )
        .map((other) => `${called(one.element)} lies over ${called(other.element)}`),
    )
    return [...small, ...over]

    function called(element) {
      return `${element.tagName} "${(element.ariaLabel || element.textContent || element.title).trim().slice(0, 60)}"`
    }

    function round(n) {
      return Math.round(n * 10) / 10
    }

    /** What of an element is to be seen within all that it is scrolled in. */
    function cut(element) {
      const { left, right, top, bottom } = element.getBoundingClientRect()
      const box = { left, right, top, bottom }
      for (let outer = element.parentElement; outer; outer = outer.parentElement) {
        if (getComputedStyle(outer).overflow === 'visible') continue
        const around = outer.getBoundingClientRect()
        box.left = Math.max(box.left, around.left)
        box.right = Math.min(box.right, around.right)
        box.top = Math.max(box.top, around.top)
        box.bottom = Math.min(box.bottom, around.bottom)
      }
      return box
    }

    /** What stays while the page is scrolled lies over whatever comes along below it. */
    function layer(element) {
      for (let outer = element; outer; outer = outer.parentElement)
        if (/fixed|sticky/.test(getComputedStyle(outer).position)) return outer
      return undefined
    }
  })
}

/** What makes the page wider than the screen, and words that stick out of what they stand in or are cut off there. */
export async function narrow(page, size) {
  const before = page.viewportSize()
  if (size === 'phone') await page.setViewportSize({ ...before, width: 320 })
  const found = await page.evaluate(async () => {
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
    const wide = document.documentElement.scrollWidth - innerWidth
    const out = []
    if (wide > 0) out.push(`the page is ${wide} px too wide`)
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    const range = document.createRange()
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement
      if (!node.data.trim() || !element.checkVisibility()) continue
      if (element.closest('.visually-hidden, .skip, [role=log], script, style, option, canvas, noscript'))
        continue
      range.selectNodeContents(node)
      const text = range.getBoundingClientRect()
      if (text.width <= 1) continue
      const sticks = beyond(element, text)
      if (sticks) out.push(`"${node.data.trim().slice(0, 50)}" ${sticks}`)
    }
    return out

    /** How a text leaves what it stands in; nothing where it may be scrolled to, or ends in dots. */
    function beyond(element, text) {
      for (let outer = element; outer && outer !== document.body; outer = outer.parentElement) {
        const style = getComputedStyle(outer)
        if (style.clipPath !== 'none') return ''
        if (style.display === 'inline' || style.display === 'contents') continue
        const box = outer.getBoundingClientRect()
        const right = text.right - box.right > 1.5
        const below = text.bottom - box.bottom > 3.5
        const left = box.left - text.left > 1.5
        const hidden = /hidden|clip/
        if (/auto|scroll/.test(style.overflowX) || style.textOverflow === 'ellipsis') return ''
        if (right || left) {
          if (hidden.test(style.overflowX)) return `is cut off by ${name(outer)}`
          if (outer.matches('button, a, label, li, td, th, dialog, section, [role=cell], [role=row]'))
            return `sticks out of ${name(outer)} by ${Math.round(Math.max(text.right - box.right, box.left - text.left))} px`
        }
        if (/auto|scroll/.test(style.overflowY)) return ''
        if (below && hidden.test(style.overflowY)) return `is cut off below by ${name(outer)}`
      }
      return ''
    }

    function name(element) {
      return `${element.tagName}.${element.className}`
    }
  })
  if (size === 'phone') await page.setViewportSize(before)
  return found
}

/**
 * What can be read or heard and is in no catalogue, while the page speaks xx. What
 * programs are called and write, figures and paths are nobody's to translate.
 */
export function strangeWords(page, data) {
  return page.evaluate(
    ({ source }) => {
      // What was said aloud was said in the language of its time.
      const silent =
        '.visually-hidden[role=status], script, style, noscript, pre, code, kbd, textarea, [translate=no]'
      const data = new RegExp(source, 'gu')
      const found = []
      const read = (where, text) => {
        let rest = text
        for (let before; before !== rest; ) {
          before = rest
          rest = rest.replace(/⟦[^⟦⟧]*⟧/g, ' ')
        }
        const words = rest.replace(data, ' ').match(/\p{L}{2,}.*/u)
        if (words) found.push(`${where} "${words[0].slice(0, 80)}"`)
      }
      read('title', document.title)
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const { parentElement: element } = node
        if (element.closest(`${silent}, :not(html)[lang]`)) continue
        if (node.data.trim()) read(`<${element.localName} class="${element.className}">`, node.data)
      }
      for (const element of document.querySelectorAll(
        '[aria-label], [title], [placeholder], [alt], [aria-description], [aria-valuetext], [aria-roledescription]',
      ))
        for (const attribute of [
          'aria-label',
          'title',
          'placeholder',
          'alt',
          'aria-description',
          'aria-valuetext',
          'aria-roledescription',
        ])
          if (element.hasAttribute(attribute) && !element.closest(silent))
            read(`${element.localName} ${attribute}`, element.getAttribute(attribute))
      return found
    },
    { source: data.source },
  )
}

/** What still moves for somebody who wants nothing to move. */
export function moving(page) {
  return page.evaluate(() =>
    document
      .getAnimations()
      .map((one) => ({ one, timing: one.effect.getComputedTiming() }))
      .filter(({ timing }) => timing.activeDuration > 50)
      .map(({ one }) => `${one.animationName ?? one.transitionProperty} of ${one.effect.target.className}`),
  )
}
