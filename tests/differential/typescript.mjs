/** Lets Node load a package that is published as TypeScript: imported before it, for its effect. */
import { readFileSync } from 'node:fs'
import { registerHooks, stripTypeScriptTypes } from 'node:module'
import { fileURLToPath } from 'node:url'

const published = /\/node_modules\/pages-parser\//

registerHooks({
  resolve(specifier, context, next) {
    const relative = specifier.startsWith('.') && published.test(context.parentURL ?? '')
    return next(relative ? `${specifier}.ts` : specifier, context)
  },
  load(url, context, next) {
    if (!published.test(url) || !url.endsWith('.ts')) return next(url, context)
    const source = stripTypeScriptTypes(readFileSync(fileURLToPath(url), 'utf8'))
    return { format: 'module', source, shortCircuit: true }
  },
})
