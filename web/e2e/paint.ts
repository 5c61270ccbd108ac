// How soon the list of projects is there in a browser that knows nothing, against a real Berth:
// BERTH_URL, BERTH_EMAIL, BERTH_PASSWORD; BERTH_ROUNDS of each line (4). One JSON object a line.
import type { BrowserContext } from 'playwright-core'

import { launch, looks, openContext } from './browser'

interface Line {
  line: string
  /** Bytes per second, and milliseconds to the answer's first byte. */
  down?: number
  latency?: number
  slower?: number
}

const lines: Line[] = [
  { line: 'LAN' },
  { line: '9 Mbit', down: 9e6 / 8, latency: 40 },
  { line: 'slow 4G, processor × 4', down: 1.6e6 / 8, latency: 150, slower: 4 },
]

interface Paint {
  lcp_ms: number
  bytes: number
  requests: number
}

const paint = async (context: BrowserContext, url: string, line: Line): Promise<Paint> => {
  const page = await context.newPage()
  const devtools = await context.newCDPSession(page)
  await devtools.send('Network.enable')
  await devtools.send('Network.setCacheDisabled', { cacheDisabled: true })
  if (line.down)
    await devtools.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: line.latency ?? 0,
      downloadThroughput: line.down,
      uploadThroughput: line.down,
    })
  if (line.slower) await devtools.send('Emulation.setCPUThrottlingRate', { rate: line.slower })
  let bytes = 0
  let requests = 0
  devtools.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength
    requests++
  })
  await page.addInitScript(() => {
    new PerformanceObserver((list) => {
      Object.assign(window, { __lcp: list.getEntries().at(-1)!.startTime })
    }).observe({ type: 'largest-contentful-paint', buffered: true })
  })
  await page.goto(`${url}/`)
  await page
    .getByRole('link', { name: /^bench-web/ })
    .first()
    .waitFor()
  await page.waitForTimeout(500)
  const lcp_ms = await page.evaluate(() => (window as unknown as { __lcp: number }).__lcp)
  await page.close()
  return { lcp_ms: Math.round(lcp_ms), bytes, requests }
}

export const run = async (): Promise<number> => {
  const { BERTH_URL, BERTH_EMAIL, BERTH_PASSWORD, BERTH_ROUNDS = '4' } = process.env
  if (!BERTH_URL || !BERTH_EMAIL || !BERTH_PASSWORD)
    throw new Error('BERTH_URL, BERTH_EMAIL or BERTH_PASSWORD is not set')
  const browser = await launch()
  const context = await openContext(browser, looks[0]!)
  const page = await context.newPage()
  await page.goto(`${BERTH_URL}/login`)
  await page.getByLabel('E-mail').fill(BERTH_EMAIL)
  await page.getByLabel('Password', { exact: true }).fill(BERTH_PASSWORD)
  await page.keyboard.press('Enter')
  await page
    .getByRole('link', { name: /^bench-web/ })
    .first()
    .waitFor()
  await page.close()
  for (const line of lines) {
    const paints: Paint[] = []
    for (let i = 0; i < Number(BERTH_ROUNDS); i++)
      paints.push(await paint(context, BERTH_URL, line))
    const { bytes, requests } = paints.at(-1)!
    console.log(
      JSON.stringify({
        line: line.line,
        lcp_ms: paints.map(({ lcp_ms }) => lcp_ms),
        bytes,
        requests,
      }),
    )
  }
  await browser.close()
  return 0
}
