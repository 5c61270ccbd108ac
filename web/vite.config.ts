import { mkdirSync, writeFileSync } from 'node:fs'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

/** Notes which chunk imports which, outside of dist, for tools/budget.mjs. */
const chunkNotes = (): Plugin => ({
  name: 'berth-chunk-notes',
  apply: 'build',
  writeBundle(_, bundle) {
    const notes = Object.values(bundle).map((file) =>
      file.type === 'chunk'
        ? {
            file: file.fileName,
            name: file.name,
            entry: file.isEntry,
            lazy: file.isDynamicEntry,
            imports: file.imports,
          }
        : { file: file.fileName, name: '', entry: false, lazy: false, imports: [] },
    )
    mkdirSync('node_modules/.cache/berth', { recursive: true })
    writeFileSync('node_modules/.cache/berth/chunks.json', JSON.stringify(notes, null, 1))
  },
})

const api = process.env.BERTH_URL ?? 'http://127.0.0.1:4700'

export default defineConfig({
  plugins: [react(), tailwindcss(), chunkNotes()],
  build: {
    target: 'es2023',
    assetsInlineLimit: 0, // data: addresses are not within our content policy
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { port: 4710, proxy: { '/api': { target: api, ws: true } } },
  test: { include: ['src/**/*.test.{ts,tsx}'], environment: 'node' },
})
