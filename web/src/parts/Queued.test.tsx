// @vitest-environment jsdom

import { act } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { World } from '../../mock/world'
import type { Deployment } from '../api/types'
import { Queued } from './Queued'

const now = 1_790_000_000_000
const world = new World()
world.fill()
const some = world.projects.flatMap((row) => row.runs)[0]!.deployment

let root: Root
let page: HTMLElement

const show = (change: Partial<Deployment>) => {
  const deployment: Deployment = {
    ...some,
    state: 'queued',
    queue_position: 1,
    queue_reason: null,
    queue_begin_ms: null,
    usual_ms: null,
    ...change,
  }
  return act(() => root.render(<Queued deployment={deployment} />))
}

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true)
  vi.useFakeTimers({ now })
  page = document.createElement('div')
  document.body.append(page)
  root = createRoot(page)
})
afterEach(async () => {
  await act(() => root.unmount())
  page.remove()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('a deployment that waits', () => {
  it('says why, how many go first and when its turn is likely to come', async () => {
    await show({
      queue_position: 4,
      queue_reason: 'slot',
      queue_begin_ms: now + 95_000,
      usual_ms: 41_500,
    })
    expect(page.textContent).toContain('Waiting for a free slot')
    expect(page.textContent).toContain(
      '3 before it · begins in about 2 min · usually takes 41.5 s.',
    )
  })

  it('counts down, and stops where the estimate is over', async () => {
    await show({ queue_reason: 'memory', queue_begin_ms: now + 5_000 })
    expect(page.textContent).toContain('begins in about 5 s')
    await act(() => vi.advanceTimersByTime(2_000))
    expect(page.textContent).toContain('begins in about 3 s')
    await act(() => vi.advanceTimersByTime(4_000))
    expect(page.textContent).toContain('its turn is near')
  })

  it('names its project, its team, or that nobody is there', async () => {
    await show({ queue_reason: 'project' })
    expect(page.textContent).toContain('behind another deployment of this project')
    await show({ queue_reason: 'team' })
    expect(page.textContent).toContain("its team's turn")
    await show({ queue_reason: 'worker' })
    expect(page.textContent).toContain('No worker is connected')
    expect(page.textContent).not.toContain('before it')
  })

  it('is next when it waits for nothing', async () => {
    await show({})
    expect(page.textContent).toContain('A worker is about to take it')
  })
})
