// Writes src/api/schema.ts out of the schemas of src/api/openapi.json, which a test of the back end holds
// against its router and its answers. With --check it only says whether the file is current.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const from = fileURLToPath(new URL('../../src/api/openapi.json', import.meta.url))
const to = fileURLToPath(new URL('../src/api/schema.ts', import.meta.url))

const plain = {
  string: 'string',
  integer: 'number',
  number: 'number',
  boolean: 'boolean',
  null: 'null',
}
const columns = 100

const orNull = (type, nullable) => (nullable && !/\bnull$/.test(type) ? `${type} | null` : type)

/** The TypeScript of one schema; `indent` is that of the line it stands in. */
const typeOf = (schema, indent) => {
  if (schema.$ref) return schema.$ref.split('/').pop()
  if (schema.oneOf) return schema.oneOf.map((each) => typeOf(each, indent)).join(' | ')
  const kinds = [schema.type].flat()
  const nullable = kinds.includes('null')
  if (schema.enum) {
    const values = schema.enum.filter((value) => value !== null)
    return orNull(values.map((value) => `'${value}'`).join(' | '), nullable)
  }
  const kind = kinds.find((each) => each !== 'null') ?? 'null'
  if (kind === 'array') {
    const item = typeOf(schema.items, indent)
    const union = schema.items.type !== 'object' && item.includes(' | ')
    return orNull(union ? `(${item})[]` : `${item}[]`, nullable)
  }
  if (kind === 'object') return orNull(`{\n${membersOf(schema, `${indent}  `)}${indent}}`, nullable)
  const known = plain[kind]
  if (!known) throw new Error(`no type for ${JSON.stringify(schema)}`)
  return orNull(known, nullable)
}

/** One union a line when all do not fit beside their name. */
const folded = (line, type, indent) => {
  if (line.length <= columns || type.includes('{')) return line
  const lines = (union, deeper) =>
    union
      .split(' | ')
      .map((each) => `\n${deeper}| ${each}`)
      .join('')
  const list = /^\((.*)\)\[\]$/.exec(type)
  if (list) return line.replace(type, `(${lines(list[1], `${indent}  `)}\n${indent})[]`)
  return line.replace(` ${type}`, lines(type, `${indent}  `))
}

const membersOf = (schema, indent) => {
  if (schema.additionalProperties !== false) throw new Error('only closed objects are described')
  const required = new Set(schema.required)
  return Object.entries(schema.properties)
    .map(([name, value]) => {
      const type = typeOf(value, indent)
      const comment = value.description ? `${indent}/** ${value.description} */\n` : ''
      return (
        comment +
        folded(`${indent}${name}${required.has(name) ? '' : '?'}: ${type}\n`, type, indent)
      )
    })
    .join('')
}

const { schemas } = JSON.parse(readFileSync(from, 'utf8')).components
const text = `// Written by tools/types.mjs (npm run schema) out of src/api/openapi.json: change it there.
${Object.entries(schemas)
  .map(([name, schema]) => `\nexport interface ${name} {\n${membersOf(schema, '  ')}}\n`)
  .join('')}`

if (process.argv.includes('--check')) {
  if (readFileSync(to, 'utf8') !== text) {
    console.error('web/src/api/schema.ts is not what src/api/openapi.json says: npm run schema')
    process.exit(1)
  }
} else {
  writeFileSync(to, text)
}
