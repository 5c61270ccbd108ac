import { QueryClient } from '@tanstack/react-query'
import { describe, expect, it } from 'vitest'

import { pages } from './paths'
import { makeRouter } from './routes'

describe('the addresses', () => {
  it('are those of the routes, no more and no fewer', () => {
    const { routesByPath } = makeRouter(new QueryClient())
    const routes = Object.keys(routesByPath).map((path) => path.replace(/(.)\/$/, '$1'))
    expect([...new Set(routes)].sort()).toEqual(Object.values(pages).sort())
  })
})
