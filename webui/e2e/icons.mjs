// Draws the icons of the installed page from webui/public/icon.svg, into the same
// folder: npm run icons. What it draws is committed, so that no build needs Chromium.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { openBrowser } from './browser.mjs'

const folder = fileURLToPath(new URL('../public/', import.meta.url))
const svg = readFileSync(`${folder}icon.svg`, 'utf8')
/**
 * The sign on a ground without corners, for systems that cut the shape themselves.
 * Whatever they cut, a circle of four fifths of the width stays: the sign is within it.
 */
const whole = svg.replace(/rx="\d+" /, '')

const drawings = [
  { name: 'icon-192.png', size: 192, svg },
  { name: 'icon-512.png', size: 512, svg },
  { name: 'icon-maskable-192.png', size: 192, svg: whole },
  { name: 'icon-maskable-512.png', size: 512, svg: whole },
  { name: 'icon-180.png', size: 180, svg: whole },
]

const browser = await openBrowser()
try {
  for (const { name, size, svg: drawn } of drawings) {
    const { page, close } = await browser.open({ viewport: { width: size, height: size } })
    await page.setContent(
      `<style>body{margin:0;overflow:hidden}svg{display:block;width:100vw;height:100vw}</style>${drawn}`,
    )
    writeFileSync(folder + name, await page.screenshot({ omitBackground: true }))
    await close()
  }
} finally {
  await browser.close()
}
