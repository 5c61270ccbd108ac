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
            modules: Object.keys(file.modules),
            styles: [...(file.viteMetadata?.importedCss ?? [])],
          }
        : { file: file.fileName, name: '', entry: false, lazy: false, imports: [], modules: [] },
    )
    mkdirSync('node_modules/.cache/berth', { recursive: true })
    writeFileSync('node_modules/.cache/berth/chunks.json', JSON.stringify(notes, null, 1))
  },
})

const shell =
  /src\/(ui\/(Menu|Toast|Panel|Field|Time)|parts\/(Shell|StateBadge|StateMark|keys|live|liveState|theme|Logo|Commit)|format|api\/states)\.|react-query\/.*\/(useQuery|useBaseQuery)\.|query-core\/.*\/queryObserver\./

const api = process.env.BERTH_URL ?? 'http://127.0.0.1:4700'

export default defineConfig({
  plugins: [react(), tailwindcss(), chunkNotes()],
  // React has this hook itself; the shim for React 16 and 17 would be the same again.
  resolve: {
    alias: {
      'use-sync-external-store/shim/with-selector': 'use-sync-external-store/with-selector',
    },
  },
  build: {
    target: 'esnext', // light-dark() and popovers already ask for a browser of 2024
    rolldownOptions: {
      treeshake: { propertyReadSideEffects: false },
      output: {
        codeSplitting: {
          // Fewer requests, and larger files compress better: what every page needs is one file, what
          // every page behind the sign-in needs another.
          groups: [
            { name: 'index', tags: ['$initial'], priority: 2 },
            { name: 'shell', test: shell, priority: 1, includeDependenciesRecursively: false },
          ],
        },
      },
    },
    assetsInlineLimit: 0, // data: addresses are not within our content policy
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { port: 4710, proxy: { '/api': { target: api, ws: true } } },
  test: { include: ['src/**/*.test.{ts,tsx}'], environment: 'node' },
})
