import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import type { Plugin } from 'vite'
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

export default defineConfig({
  root,
  base: './',
  plugins: [svelte(), precompress()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: ['es2022', 'chrome111', 'firefox114', 'safari16.4'],
    reportCompressedSize: false,
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
  },
})
