import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { build, type Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

const root = fileURLToPath(new URL('./webui', import.meta.url))
const daemon = process.env.SUPERVISOR_DEV ?? 'http://127.0.0.1:9001'

/** Text files that the server may send compressed. */
const compressible = new Set(['.html', '.js', '.css', '.svg', '.json', '.webmanifest'])

/**
 * Puts NAME.gz and NAME.br beside each text file of the build, so that the
 * server compresses nothing itself. index.html stays as it is: the server fills
 * in its base address and its boot values.
 */
function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    closeBundle() {
      const dist = join(root, 'dist')
      for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || entry.name === 'index.html') continue
        if (!compressible.has(extname(entry.name))) continue
        const path = join(entry.parentPath, entry.name)
        const plain = readFileSync(path)
        writeFileSync(`${path}.gz`, gzipSync(plain, { level: 9 }))
        writeFileSync(
          `${path}.br`,
          brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
        )
      }
    },
  }
}

/**
 * Builds the page that is shown without a connection, and then the worker that
 * shows it: by themselves, for they come when all else does not. The worker is
 * another one whenever anything of the page is, so that browsers take the new one.
 */
function worker(): Plugin {
  const dist = join(root, 'dist')
  return {
    name: 'worker',
    apply: 'build',
    async writeBundle() {
      await part({ offline: join(root, 'offline.html') })
      const text = readFileSync(join(dist, 'offline.html'), 'utf8')
      const parts = [...text.matchAll(/"\.\/(assets\/[^"]+)"/g)].map(([, name]) => name)
      if (parts.length !== 2) this.error(`offline.html should need a script and a sheet, not ${parts}`)
      const all = readdirSync(join(dist, 'assets')).sort().join('\n') + text
      await part(
        { sw: join(root, 'src/worker/sw.ts') },
        {
          BUILD: JSON.stringify(createHash('sha256').update(all).digest('hex').slice(0, 12)),
          OFFLINE: JSON.stringify(['offline.html', ...parts]),
        },
      )
    },
  }
}

/** Adds an entry of its own to what has been built. */
async function part(input: Record<string, string>, define: Record<string, string> = {}) {
  await build({
    configFile: false,
    root,
    base: './',
    publicDir: false,
    logLevel: 'warn',
    define,
    build: {
      outDir: 'dist',
      emptyOutDir: false,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      target,
      rolldownOptions: {
        input,
        output: {
          // The worker's name stays: browsers look there whether there is another one.
          entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
        },
      },
    },
  })
}

/** The oldest browsers the page is for. */
const target = ['es2022', 'chrome111', 'firefox114', 'safari16.4']

/** What a browser must have before it can draw anything, in compressed bytes. */
const budgets = { js: 60 * 1024, css: 12 * 1024 }

/** Fails the build when the page has grown beyond its budget, and warns before. */
function budget(): Plugin {
  return {
    name: 'budget',
    apply: 'build',
    generateBundle(_, bundle) {
      const needed = new Set<string>()
      const visit = (name: string) => {
        const chunk = bundle[name]
        if (chunk?.type !== 'chunk' || needed.has(name)) return
        needed.add(name)
        chunk.imports.forEach(visit)
      }
      for (const chunk of Object.values(bundle))
        if (chunk.type === 'chunk' && chunk.isEntry) visit(chunk.fileName)
      const size = (text: string | Uint8Array) => gzipSync(text, { level: 9 }).length
      const total = { js: 0, css: 0 }
      const sheets = new Set<string>()
      for (const name of needed) {
        const chunk = bundle[name]
        if (chunk?.type !== 'chunk') continue
        total.js += size(chunk.code)
        for (const sheet of chunk.viteMetadata?.importedCss ?? []) sheets.add(sheet)
      }
      for (const name of sheets) {
        const sheet = bundle[name]
        if (sheet?.type === 'asset') total.css += size(sheet.source)
      }
      if (total.css === 0) this.error('no styles were found to count')
      for (const kind of ['js', 'css'] as const) {
        const said = `${kind}: ${total[kind]} of ${budgets[kind]} bytes, gzip`
        if (total[kind] > budgets[kind]) this.error(`the page is over its budget: ${said}`)
        if (total[kind] > budgets[kind] * 0.85) this.warn(`the page nears its budget: ${said}`)
        else this.info(said)
      }
    },
  }
}

interface Graph {
  getModuleInfo(id: string): { isEntry: boolean; importers: readonly string[] } | null
}

/** Whether an entry needs a module at once: it, or what it imports, imports the module. */
function isFirst(id: string, graph: Graph, seen = new Set<string>()): boolean {
  if (seen.has(id)) return false
  seen.add(id)
  const module = graph.getModuleInfo(id)
  if (!module) return false
  return module.isEntry || module.importers.some((importer) => isFirst(importer, graph, seen))
}

/**
 * What is needed before anything can be drawn is one file and one sheet, not as
 * many as there are sets of lazy parts that share something: each is a request,
 * and a compressed stream of its own.
 */
const firstLoad = {
  name: (id: string, graph: Graph) =>
    graph.getModuleInfo(id)?.isEntry || !isFirst(id, graph) ? null : 'first',
}

export default defineConfig({
  root,
  cacheDir: fileURLToPath(new URL('./node_modules/.vite', import.meta.url)),
  base: './',
  plugins: [svelte(), worker(), precompress(), budget()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target,
    reportCompressedSize: false,
    rolldownOptions: { output: { codeSplitting: { groups: [firstLoad] } } },
  },
  server: {
    proxy: {
      '/api': daemon,
      '/RPC2': daemon,
      '/logtail': daemon,
      '/mainlogtail': daemon,
      '/live': { target: daemon, ws: true },
    },
  },
  resolve: process.env.VITEST ? { conditions: ['browser'] } : {},
  test: {
    include: ['src/**/*.test.ts'],
    environment: 'node',
    testTimeout: 30_000, // ends what hangs; five seconds also end what is compiled on a busy machine
  },
})
