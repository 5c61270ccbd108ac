import { mkdirSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })

export interface Look {
  scheme: 'light' | 'dark'
  width: number
}

export const looks: Look[] = [
  { scheme: 'light', width: 1280 },
  { scheme: 'dark', width: 1280 },
  { scheme: 'light', width: 360 },
  { scheme: 'dark', width: 360 },
]

export const openContext = (browser: Browser, look: Look): Promise<BrowserContext> =>
  browser.newContext({
    colorScheme: look.scheme,
    viewport: { width: look.width, height: look.width < 600 ? 740 : 860 },
    reducedMotion: 'reduce',
    ignoreHTTPSErrors: true,
  })

/** What the page complained about: scripts that threw, and everything the content policy refused. */
export const complaints = (page: Page): string[] => {
  const list: string[] = []
  page.on('pageerror', (error) => list.push(`threw: ${error.message}`))
  page.on('console', (message) => {
    const text = message.text()
    if (message.type() === 'error' && /Content Security Policy|Refused to|violates/.test(text))
      list.push(text.slice(0, 200))
  })
  return list
}

export const out = () => {
  const folder = process.env.BERTH_E2E_OUT ?? 'e2e/out'
  mkdirSync(folder, { recursive: true })
  return folder
}

/** Pixels that stick out to the right of the window. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
