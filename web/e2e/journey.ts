// The whole job in a browser, against a real Berth, once per look: set-up (the first time) or sign-in,
// import, live log with the api restarted in its middle, visit, second push, redeploy, roll back, a zip.
//
//   BERTH_URL            where the dashboard is, e.g. http://localhost:8080
//   BERTH_SETUP_CODE     the one-time code, when the instance is fresh
//   BERTH_EMAIL, BERTH_PASSWORD   the administrator to make, or to sign in as
//   BERTH_REPO           address of the Git repository to import
//   BERTH_PUSH           command that changes the repository so that its page shows $BERTH_MARK
//   BERTH_RESTART        optional command, run while a log is live: kills or restarts the api
//   BERTH_LOOKS          optional: light-1280,dark-1280,light-360 (the default)
//   BERTH_E2E_OUT        optional: folder for screenshots, e2e/out
//
// Commands are given to sh, with the mark in their environment. Answers 0 when every look passed.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { strToU8, zipSync } from 'fflate'
import type { BrowserContext, Page } from 'playwright-core'

import { audit } from './axe'
import { complaints, type Look, launch, openContext, out, overflow } from './browser'

const need = (name: string): string => {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set; see the head of web/e2e/journey.ts`)
  return value
}

const run_command = promisify(execFile)
const shell = (command: string, mark = '') =>
  run_command('sh', ['-c', command], {
    env: { ...process.env, BERTH_MARK: mark },
    timeout: 120_000,
  })

class Failed extends Error {}

interface Journey {
  url: string
  email: string
  password: string
  repo: string
  project: string
  look: Look
  context: BrowserContext
  page: Page
  findings: string[]
}

const step = async <T>(journey: Journey, name: string, work: () => Promise<T>): Promise<T> => {
  const begin = Date.now()
  try {
    const done = await work()
    console.log(`  ok   ${name} (${((Date.now() - begin) / 1000).toFixed(1)} s)`)
    return done
  } catch (error) {
    const { look, page } = journey
    await page
      .screenshot({ path: `${out()}/journey-failed-${look.scheme}-${look.width}.png` })
      .catch(() => {})
    console.log(`  FAIL ${name} at ${page.url()}`)
    throw error
  }
}

/** Looks at the page as it stands: axe, width, a picture. */
const look = async (journey: Journey, name: string) => {
  const { page, findings } = journey
  const label = `${name}-${journey.look.scheme}-${journey.look.width}`
  await page.screenshot({ path: `${out()}/journey-${label}.png` })
  for (const problem of await audit(page)) findings.push(`${label}: ${problem}`)
  const wide = await overflow(page)
  if (wide > 0) findings.push(`${label}: sticks out by ${wide} px`)
}

const enter = async (journey: Journey) => {
  const { page, url, email, password } = journey
  await page.goto(`${url}/`)
  await page.locator('main h1').first().waitFor()
  if (page.url().includes('/setup')) {
    await page.getByLabel('One-time code').fill(need('BERTH_SETUP_CODE'))
    await page.getByLabel('E-mail').fill(email)
    await page.getByLabel('Password').fill(password)
    await look(journey, '1-setup')
    await page.getByRole('button', { name: 'Create administrator' }).click()
  } else if (page.url().includes('/login')) {
    await page.getByLabel('E-mail').fill(email)
    await page.getByLabel('Password').fill(password)
    await look(journey, '1-login')
    await page.getByRole('button', { name: 'Sign in' }).click()
  }
  await page.getByRole('heading', { name: /^(Projects|Deploy your first site)$/ }).waitFor()
  await look(journey, '2-projects')
}

const importRepository = async (journey: Journey) => {
  const { page, repo, project } = journey
  const first = page.getByRole('textbox', { name: 'Git repository' })
  if (await first.isVisible()) {
    await first.fill(repo)
    await page.getByRole('button', { name: 'Continue' }).click()
  } else {
    await page.getByRole('link', { name: 'New project' }).first().click()
    await page.getByLabel('Git repository').fill(repo)
  }
  await page.getByLabel('Build command').waitFor({ timeout: 60_000 })
  await page.getByLabel('Name', { exact: true }).fill(project)
  await look(journey, '3-new')
  await page.getByRole('button', { name: 'Deploy' }).click()
  await page.waitForURL(`**/p/${project}/d/**`)
  return page.url().split('/d/')[1]!.split(/[?#]/)[0]!
}

const log = (page: Page) => page.getByTestId('log')
const linesOf = async (page: Page) => Number((await log(page).getAttribute('data-lines')) ?? 0)

const until = async (what: string, timeout: number, done: () => Promise<boolean>) => {
  const end = Date.now() + timeout
  while (!(await done())) {
    if (Date.now() > end) throw new Failed(`${what}: not within ${timeout / 1000} s`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Follows a deployment to its end, the api restarted on the way, and compares the log with the server's. */
const followLog = async (journey: Journey, deployment: string, restart: boolean) => {
  const { page } = journey
  await until('the first line', 60_000, async () => (await linesOf(page)) > 0)
  await look(journey, restart ? '4-live' : '6-live')
  const command = process.env.BERTH_RESTART
  if (restart && command) {
    await until('five lines', 60_000, async () => (await linesOf(page)) >= 5)
    const before = await linesOf(page)
    await shell(command)
    console.log(`       api restarted after ${before} lines`)
  }
  await page.locator('[data-testid=log][data-connection=ended]').waitFor({ timeout: 600_000 })
  await page.locator('header [data-state=ready]').waitFor({ timeout: 60_000 })
  // By the browser: it knows what localhost is on every machine, Node asks the machine.
  const text = await page.evaluate(async (path) => {
    const answer = await fetch(path, { headers: { Accept: 'text/plain' } })
    return answer.text()
  }, `/api/v1/deployments/${deployment}/log`)
  const stored = text.split('\n').length - 1
  await until('all lines shown', 5_000, async () => (await linesOf(page)) === stored)
  await look(journey, restart ? '5-ready' : '7-ready')
}

/** Opens the site in its own tab, as a visitor, and waits until it shows the text. */
const visit = async (journey: Journey, address: string, mark: string) => {
  const tab = await journey.context.newPage()
  try {
    await until(`${address} shows ${mark}`, 15_000, async () => {
      await tab.goto(address).catch(() => {})
      return tab
        .getByText(mark)
        .first()
        .waitFor({ timeout: 2_000 })
        .then(
          () => true,
          () => false,
        )
    })
  } finally {
    await tab.close()
  }
}

const openOverview = async (journey: Journey) => {
  const { page, project } = journey
  await page
    .getByRole('navigation', { name: 'Project' })
    .getByRole('link', { name: 'Overview' })
    .click()
  await page.waitForURL(`**/p/${project}`)
  await page.getByTestId('production').waitFor()
}

const productionUrl = async (page: Page) =>
  (await page.getByTestId('production').getByRole('link', { name: 'Visit' }).getAttribute('href'))!

const walk = async (journey: Journey) => {
  const { page, project } = journey
  const first = `mark-${project}-one`
  const second = `mark-${project}-two`
  const push = need('BERTH_PUSH')
  await step(journey, 'push before the import', () => shell(push, first))
  await step(journey, 'enter', () => enter(journey))
  const deployment = await step(journey, 'import', () => importRepository(journey))
  await step(journey, 'live log', () => followLog(journey, deployment, true))
  await step(journey, 'visit', async () => {
    await openOverview(journey)
    await look(journey, '5-overview')
    await visit(journey, await productionUrl(page), first)
  })
  await step(journey, 'second push, redeploy', async () => {
    await shell(push, second)
    await page
      .getByTestId('production')
      .getByRole('button', { name: /deploy/i })
      .click()
    await page.waitForURL(`**/p/${project}/d/**`)
    const next = page.url().split('/d/')[1]!.split(/[?#]/)[0]!
    await followLog(journey, next, false)
    await openOverview(journey)
    await visit(journey, await productionUrl(page), second)
  })
  await step(journey, 'roll back', async () => {
    await page.getByRole('button', { name: 'Roll back' }).click()
    await page.getByRole('dialog').getByRole('radio').first().waitFor()
    await look(journey, '8-roll-back')
    await page.getByRole('dialog').getByRole('button', { name: 'Roll back' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.getByTestId('production').getByText('Rolled back', { exact: true }).waitFor()
    await look(journey, '9-rolled-back')
    await visit(journey, await productionUrl(page), first)
  })
  await step(journey, 'a zip becomes a preview', () => dropZip(journey))
}

/** A zip, chosen on the project's page: its folder is taken off, its secret stays here. */
const dropZip = async (journey: Journey) => {
  const { page, project } = journey
  const mark = `mark-${project}-zip`
  const zip = zipSync({
    'site/index.html': strToU8(`<!doctype html><title>Zip</title><h1>${mark}</h1>`),
    'site/.env': strToU8('SECRET=1'),
  })
  await openOverview(journey)
  await page.getByLabel('Zip to deploy').setInputFiles({
    name: 'site.zip',
    mimeType: 'application/zip',
    buffer: Buffer.from(zip),
  })
  await page.getByText('1 kept back').waitFor()
  await look(journey, '10-zip')
  await page.getByRole('button', { name: 'Upload and deploy' }).click()
  await page.waitForURL(`**/p/${project}/d/**`)
  const deployment = page.url().split('/d/')[1]!.split(/[?#]/)[0]!
  await page.locator('header [data-state=ready]').waitFor({ timeout: 120_000 })
  const made = await page.evaluate(async (path) => {
    const answer = await fetch(path)
    return (await answer.json()) as { url: string; source: string; environment: string }
  }, `/api/v1/deployments/${deployment}`)
  if (made.source !== 'upload' || made.environment !== 'preview')
    throw new Failed(`the zip became ${made.source} in ${made.environment}`)
  await visit(journey, made.url, mark)
}

const looksOf = (text: string): Look[] =>
  text.split(',').map((each) => {
    const [scheme, width] = each.trim().split('-')
    return { scheme: scheme === 'dark' ? 'dark' : 'light', width: Number(width) || 1280 }
  })

export const run = async (): Promise<number> => {
  const browser = await launch()
  const tail = Date.now().toString(36).slice(-4)
  let bad = 0
  for (const each of looksOf(process.env.BERTH_LOOKS ?? 'light-1280,dark-1280,light-360')) {
    console.log(`journey ${each.scheme} ${each.width}`)
    const context = await openContext(browser, each)
    const page = await context.newPage()
    page.setDefaultTimeout(20_000)
    const journey: Journey = {
      url: need('BERTH_URL').replace(/\/$/, ''),
      email: process.env.BERTH_EMAIL ?? 'admin@example.com',
      password: process.env.BERTH_PASSWORD ?? 'a quiet harbour at night',
      repo: need('BERTH_REPO'),
      project: `site-${each.scheme}-${each.width}-${tail}`,
      look: each,
      context,
      page,
      findings: complaints(page),
    }
    try {
      await walk(journey)
    } catch (error) {
      console.error(error instanceof Failed ? error.message : error)
      bad++
    }
    for (const finding of journey.findings) console.log(`       ${finding}`)
    bad += journey.findings.length
    await context.close()
  }
  await browser.close()
  console.log(bad === 0 ? 'journey passed' : `journey: ${bad} problems`)
  return bad === 0 ? 0 : 1
}
