import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

import {
  commandOf,
  type Description,
  found,
  membersOf,
  operationsOf,
  policyWords,
} from './reference'

const api = JSON.parse(readFileSync('../src/api/openapi.json', 'utf8')) as Description
const operations = operationsOf(api)
const one = (method: string, path: string) =>
  operations.find((each) => each.method === method && each.path === path)!

describe('the description of the API', () => {
  it('becomes operations, all of them once', () => {
    const count = Object.values(api.paths).reduce((sum, path) => sum + Object.keys(path).length, 0)
    expect(operations).toHaveLength(count)
    expect(new Set(operations.map(({ id }) => id)).size).toBe(count)
    expect(operations.at(-1)!.tag).toBe('internal')
  })

  it('says of each who may call it, in words', () => {
    for (const { policy, path } of operations) expect(policyWords[policy], path).toBeDefined()
  })

  it('is searched by all words, whatever the case', () => {
    const hits = found(operations, 'PROMOTE project')
    expect(hits.map(({ path }) => path)).toContain('/api/v1/projects/{project}/production')
    expect(found(operations, 'promote nothing-has-this')).toEqual([])
    expect(found(operations, '  ')).toHaveLength(operations.length)
  })

  it('resolves what parameters and schemas refer to', () => {
    const deploy = one('POST', '/api/v1/projects/{project}/deployments')
    expect(deploy.parameters.map(({ name }) => name)).toContain('Idempotency-Key')
    const members = membersOf(deploy.body[0]!.schema, api.components.schemas)
    expect(members.map(({ name }) => name)).toContain('use_caches')
    const answer = deploy.answers.find(({ status }) => status === '201')!
    const names = membersOf(answer.schema, api.components.schemas)
    expect(names.find(({ name }) => name === 'steps')).toMatchObject({ depth: 0, type: '[Step]' })
    expect(names.some(({ name, depth }) => name === 'begin_ms' && depth === 1)).toBe(true)
  })

  it('ends at a schema that is inside itself', () => {
    const schemas = { Node: { properties: { next: { $ref: '#/components/schemas/Node' } } } }
    expect(membersOf({ $ref: '#/components/schemas/Node' }, schemas)).toHaveLength(1)
  })

  it('gives a command to begin with', () => {
    expect(commandOf(one('GET', '/api/v1/deployments/{deployment}'))).toBe(
      'berth api GET /deployments/DEPLOYMENT',
    )
    expect(commandOf(one('PATCH', '/api/v1/projects/{project}'))).toContain('--input body.json')
  })
})
