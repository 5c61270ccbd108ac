import type { CDPSession, Page } from 'playwright-core'

import { type Mock, startMock } from '../mock/server'
import { launch, openContext } from './browser'

interface Measured {
  name: string
  fps: number
  frame_p95_ms: number
  frame_max_ms: number
  lines_per_second: number
  heap_mb: number
  /** While the whole log passes by in three seconds. */
  scroll_fps: number
  lines: number
  /** The end was in view when it came. */
  followed: boolean
}

/** Notes the time between frames from now on; `stop` answers the gaps. */
const watchFrames = (page: Page) =>
  page.evaluate(() => {
    const gaps: number[] = []
    let last = performance.now()
    let on = true
    const tick = (now: number) => {
      gaps.push(now - last)
      last = now
      if (on) requestAnimationFrame(tick)
    }
    requestAnimationFrame(tick)
    Object.assign(window, {
      stopFrames: () => {
        on = false
        return gaps.slice(2)
      },
    })
  })

const heap = async (cdp: CDPSession) => {
  await cdp.send('HeapProfiler.collectGarbage')
  const { metrics } = await cdp.send('Performance.getMetrics')
  return (metrics.find((each) => each.name === 'JSHeapUsedSize')?.value ?? 0) / 1e6
}

const rate_of = (gaps: number[]) =>
  Math.round((10_000 * gaps.length) / gaps.reduce((sum, gap) => sum + gap, 0)) / 10

const stopFrames = (page: Page): Promise<number[]> =>
  page.evaluate(() => (window as unknown as { stopFrames: () => number[] }).stopFrames())

/** From the first line to the last, a step at each frame. */
const scrolled = async (page: Page): Promise<number> => {
  await watchFrames(page)
  await page.locator('[data-testid=log] .log-scroll').evaluate(async (view) => {
    const frames = 180
    for (let n = 0; n <= frames; n++) {
      view.scrollTop = ((view.scrollHeight - view.clientHeight) * n) / frames
      await new Promise((drawn) => requestAnimationFrame(drawn))
    }
  })
  return rate_of(await stopFrames(page))
}

const measure = async (
  page: Page,
  mock: Mock,
  name: string,
  count: number,
  rate: number,
  during?: () => Promise<void>,
): Promise<Measured> => {
  const row = mock.world.find('harbour-site')!
  const run = mock.world.loud(row, count, rate)
  await page.goto(`http://localhost:${mock.port}/login`)
  await page.evaluate(() => document.fonts.ready)
  // Through the router, so that the page itself is there when the lines begin.
  await page.goto(`http://localhost:${mock.port}/p/harbour-site/d/${run.deployment.id}`)
  await page.locator('[data-testid=log]:not([data-connection=connecting])').waitFor()
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable')
  await watchFrames(page)
  const begin = Date.now()
  await during?.()
  await page.locator('[data-testid=log][data-connection=ended]').waitFor({ timeout: 180_000 })
  const took = (Date.now() - begin) / 1000
  const gaps = await stopFrames(page)
  await page.waitForTimeout(500)
  const last = await page.locator('.log-number').last().textContent()
  const lines = Number(await page.getByTestId('log').getAttribute('data-lines'))
  const sorted = [...gaps].sort((a, b) => a - b)
  return {
    name,
    fps: rate_of(gaps),
    frame_p95_ms: Math.round((sorted[Math.floor(sorted.length * 0.95)] ?? 0) * 10) / 10,
    frame_max_ms: Math.round(sorted.at(-1) ?? 0),
    lines_per_second: Math.round(lines / took),
    heap_mb: Math.round((await heap(cdp)) * 10) / 10,
    lines,
    followed: Number(last) === lines,
    scroll_fps: await scrolled(page),
  }
}

/** Prints one JSON object a line, of the trials whose names have BERTH_LOG_ONLY; fails below 55 frames a second, or when a line is lost. */
export const run = async (): Promise<number> => {
  const count = Number(process.env.BERTH_LOG_LINES ?? 100_000)
  const rate = Number(process.env.BERTH_LOG_RATE ?? 10_000)
  const browser = await launch()
  const mock = await startMock({ port: 4730, dist: 'dist' })
  const context = await openContext(browser, { scheme: 'light', width: 1280 })
  await context.addCookies([
    { name: 'mock-session', value: '1', url: `http://localhost:${mock.port}` },
  ])
  const page = await context.newPage()
  let bad = 0
  const only = process.env.BERTH_LOG_ONLY ?? ''
  const trial = async (
    how: string,
    lines_per_second: number,
    least_fps: number,
    during?: () => Promise<void>,
  ) => {
    const name = `${count} lines ${how}`
    if (!name.includes(only)) return
    const measured = await measure(page, mock, name, count, lines_per_second, during)
    const complete = measured.lines === count
    const smooth = !(measured.fps < least_fps)
    if (!complete || !smooth || !measured.followed) bad++
    console.log(JSON.stringify({ ...measured, complete, smooth }))
  }
  await trial(`at ${rate} lines/s, followed`, rate, 55)
  await trial('at once', 0, 0)
  await trial(`at ${rate} lines/s, dropped five times`, rate, 0, async () => {
    for (let i = 0; i < 5; i++) {
      await page.waitForTimeout(1_200)
      mock.dropSockets()
    }
  })
  await page.evaluate(() => sessionStorage.setItem('berth.log.transport', 'events'))
  await trial(`at ${rate} lines/s, server-sent events`, rate, 0)
  await browser.close()
  await mock.close()
  return bad === 0 ? 0 : 1
}
