// What the page about the API shows, out of its own description (OpenAPI 3.1).

export interface Schema {
  $ref?: string
  type?: string | string[]
  enum?: unknown[]
  oneOf?: Schema[]
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  format?: string
  description?: string
  default?: unknown
  minimum?: number
  maximum?: number
  maxLength?: number
}

interface Parameter {
  $ref?: string
  name: string
  in: string
  required?: boolean
  description?: string
  schema: Schema
}

interface Body {
  required?: boolean
  content?: Record<string, { schema?: Schema }>
}

interface Described {
  summary: string
  description?: string
  tags: string[]
  'x-policy': string
  parameters?: Parameter[]
  requestBody?: Body
  responses: Record<string, { $ref?: string; description?: string; content?: Body['content'] }>
}

export interface Description {
  paths: Record<string, Record<string, Described>>
  components: { schemas: Record<string, Schema>; parameters: Record<string, Parameter> }
  tags: { name: string }[]
}

export interface Operation {
  id: string
  method: string
  path: string
  tag: string
  summary: string
  policy: string
  parameters: Parameter[]
  body: { type: string; schema?: Schema }[]
  answers: { status: string; type: string; schema?: Schema; description: string }[]
}

const contents = (content: Body['content'] = {}) =>
  Object.entries(content).map(([type, { schema }]) => ({ type, schema }))

/** Every operation in the order of the file; those that only Berth's own parts call come last. */
export const operationsOf = (api: Description): Operation[] => {
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]): Operation => {
      const parameters = (described.parameters ?? []).map((each) =>
        each.$ref ? api.components.parameters[each.$ref.split('/').pop()!]! : each,
      )
      return {
        id: `${method}-${path}`.replace(/[^a-z0-9]+/gi, '-'),
        method: method.toUpperCase(),
        path,
        tag: described.tags[0] ?? '',
        summary: described.summary,
        policy: described['x-policy'],
        parameters,
        body: contents(described.requestBody?.content),
        answers: Object.entries(described.responses)
          .filter(([, answer]) => !answer.$ref)
          .flatMap(([status, answer]) => {
            const description = answer.description ?? ''
            const all = contents(answer.content)
            return all.length > 0
              ? all.map((each) => ({ status, description, ...each }))
              : [{ status, description, type: '' }]
          }),
      }
    }),
  )
  const order = api.tags.map(({ name }) => name)
  return operations.sort((a, b) => order.indexOf(a.tag) - order.indexOf(b.tag))
}

/** Those that have all words of a search in their method, path, summary or policy. */
export const found = (operations: Operation[], search: string): Operation[] => {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  return operations.filter(({ method, path, summary, policy, tag }) => {
    const text = `${method} ${path} ${summary} ${policy} ${tag}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

/** A type in a few words: "string | null", "[Deployment]", "one of a, b". */
export const typeOf = (schema: Schema | undefined): string => {
  if (!schema) return 'any'
  if (schema.$ref) return schema.$ref.split('/').pop()!
  if (schema.oneOf) return schema.oneOf.map(typeOf).join(' | ')
  if (schema.enum) return schema.enum.map((each) => JSON.stringify(each)).join(' | ')
  const kinds = [schema.type ?? 'any'].flat()
  return kinds.map((kind) => (kind === 'array' ? `[${typeOf(schema.items)}]` : kind)).join(' | ')
}

export interface Member {
  name: string
  depth: number
  type: string
  required: boolean
  note: string
}

const noteOf = (schema: Schema): string => {
  const { description, default: usual, minimum, maximum, maxLength } = schema
  const notes = [description]
  if (minimum !== undefined && maximum !== undefined) notes.push(`${minimum} to ${maximum}.`)
  else if (maxLength !== undefined) notes.push(`At most ${maxLength}.`)
  if (usual !== undefined) notes.push(`Default: ${JSON.stringify(usual)}.`)
  return notes.filter(Boolean).join(' ')
}

const depthMax = 4 // deeper is in the description itself

/** The members of a schema as lines, nested ones below theirs; a schema inside itself ends there. */
export const membersOf = (
  schema: Schema | undefined,
  schemas: Record<string, Schema>,
  depth = 0,
  inside: string[] = [],
): Member[] => {
  if (!schema || depth > depthMax) return []
  if (schema.$ref) {
    const name = schema.$ref.split('/').pop()!
    return inside.includes(name) ? [] : membersOf(schemas[name], schemas, depth, [...inside, name])
  }
  if (schema.items) return membersOf(schema.items, schemas, depth, inside)
  if (schema.oneOf) return schema.oneOf.flatMap((each) => membersOf(each, schemas, depth, inside))
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) => [
    {
      name,
      depth,
      type: typeOf(member),
      required: schema.required?.includes(name) ?? false,
      note: noteOf(member),
    },
    ...membersOf(member, schemas, depth + 1, inside),
  ])
}

/** The same call at a command line, ready to be filled in. */
export const commandOf = ({ method, path, parameters, body }: Operation): string => {
  const short = path.replace('/api/v1', '').replace(/\{(\w+)\}/g, (_, name) => name.toUpperCase())
  const query = parameters
    .filter((each) => each.in === 'query' && each.required)
    .map((each) => ` -f ${each.name}=…`)
    .join('')
  return `berth api ${method} ${short}${query}${body.length > 0 ? ' --input body.json' : ''}`
}

export const policyWords: Record<string, string> = {
  everybody: 'Everybody',
  signed_in: 'Who is signed in',
  session: 'Who is signed in, in a browser',
  instance_owner: 'Owners of the instance',
  project_read: 'Viewers of the project',
  project_deploy: 'Developers of the project',
  project_write: 'Admins of the project',
  project_own: 'Owners of the project’s team',
  team_read: 'Viewers of the team',
  team_manage: 'Admins of the team',
  team_own: 'Owners of the team',
  worker: 'Workers',
  edge: 'Edges',
  hook_secret: 'Who has the secret',
}
