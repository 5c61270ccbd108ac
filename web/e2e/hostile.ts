// A deployed site attacks the dashboard of the person who looks at it. The site is same-site with the
// dashboard (shop.localhost and localhost), so SameSite cookies alone do not help.
//
//   BERTH_URL, BERTH_EMAIL, BERTH_PASSWORD   a real Berth and its owner
//   BERTH_SITE   address of the hostile site; its page tries, then puts its results into the title
//
// Prints what the page could do, one line each; answers 1 when anything worked.
import { launch } from './browser'

export const run = async (): Promise<number> => {
  const { BERTH_URL, BERTH_EMAIL, BERTH_PASSWORD, BERTH_SITE } = process.env
  if (!BERTH_URL || !BERTH_EMAIL || !BERTH_PASSWORD || !BERTH_SITE) {
    console.error('see the head of web/e2e/hostile.ts for its environment')
    return 2
  }
  const browser = await launch()
  try {
    const page = await (await browser.newContext()).newPage()
    await page.goto(`${BERTH_URL}/login`)
    await page.getByLabel(/e-?mail/i).fill(BERTH_EMAIL)
    await page.getByLabel('Password').fill(BERTH_PASSWORD)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL(`${BERTH_URL}/`)
    // The cookie works for the dashboard itself: else the test would prove nothing.
    const own = await page.evaluate(() => fetch('/api/v1/auth/session').then((a) => a.status))
    console.log(`own session ${own}`)
    await page.goto(BERTH_SITE)
    await page.waitForFunction(() => document.title.startsWith('done'), null, { timeout: 30_000 })
    const results = (await page.title()).slice('done '.length).split(' | ')
    for (const line of results) console.log(line)
    return own === 200 && results.every((line) => line.endsWith('refused')) ? 0 : 1
  } finally {
    await browser.close()
  }
}
