import type { Page } from 'playwright-core'

import { type Mock, startMock } from '../mock/server'
import { audit } from './axe'
import { complaints, type Look, launch, looks, openContext, out, overflow } from './browser'

interface Stop {
  name: string
  path: (mock: Mock) => string
  /** An instance that is not set up, or nobody signed in. */
  outside?: boolean
  fresh?: boolean
  /** Brings the page into the state to look at. */
  act?: (page: Page) => Promise<void>
}

const first = (mock: Mock) => mock.world.find('harbour-site')!
const by = (mock: Mock, state: string) =>
  `/p/harbour-site/d/${first(mock).runs.find((run) => run.deployment.state === state)!.deployment.id}`
const failing = (mock: Mock) =>
  `/p/harbour-site/d/${first(mock).runs.find((run) => run.deployment.checks_failed > 0)!.deployment.id}`
const opens = (name: string | RegExp) => async (page: Page) => {
  await page.getByRole('button', { name }).first().click()
  await page.waitForTimeout(120)
}

const stops: Stop[] = [
  { name: 'setup', path: () => '/setup', fresh: true },
  { name: 'login', path: () => '/login', outside: true },
  { name: 'callback', path: () => '/login/callback/github?code=c&state=s', outside: true },
  {
    name: 'callback-refused',
    path: () => '/login/callback/github?error=access_denied&state=s',
    outside: true,
  },
  { name: 'first-project', path: () => '/', fresh: true },
  { name: 'projects', path: () => '/' },
  {
    name: 'new',
    path: () => '/new?repo=https%3A%2F%2Fgithub.com%2Fberth%2Fmono',
    act: (page) => page.getByLabel('Build command').waitFor(),
  },
  {
    name: 'new-private',
    path: () => '/new?repo=https%3A%2F%2Fgithub.com%2Fberth%2Fprivate',
    act: async (page) => {
      await page.getByText('Deploy key').click()
      await page.getByTestId('secret').waitFor()
    },
  },
  { name: 'overview', path: () => '/p/harbour-site' },
  { name: 'overview-empty', path: () => '/p/logbook' },
  { name: 'roll-back', path: () => '/p/harbour-site', act: opens('Roll back') },
  { name: 'reference', path: () => '/reference' },
  {
    name: 'reference-open',
    path: () => '/reference?q=POST%20projects%20deployments',
    act: (page) => page.locator('summary').first().click(),
  },
  { name: 'logs-empty', path: () => '/p/harbour-site/logs' },
  { name: 'logs', path: () => '/p/harbour-site/logs?q=vite' },
  { name: 'logs-wrong', path: () => '/p/harbour-site/logs?q=(&regex=true' },
  { name: 'traffic', path: () => '/p/harbour-site/traffic' },
  {
    name: 'traffic-plot',
    path: () => '/p/harbour-site/traffic?plot=times&deployment=dpl_01hqz3v9k2m4n6p8r0s2t4v6w8',
    act: (page) => page.locator('.uplot canvas').waitFor(),
  },
  { name: 'traffic-empty', path: () => '/p/logbook/traffic?span=7d' },
  { name: 'deployments', path: () => '/p/harbour-site/deployments' },
  {
    name: 'build-times',
    path: () => '/p/harbour-site/deployments',
    act: async (page) => {
      await page.getByText('How long builds take').click()
      await page.locator('.uplot canvas').waitFor()
    },
  },
  { name: 'row-menu', path: () => '/p/harbour-site/deployments', act: opens(/^Actions for/) },
  { name: 'deployment-ready', path: (mock) => by(mock, 'ready'), act: settledLog },
  { name: 'deployment-failed', path: (mock) => by(mock, 'failed'), act: settledLog },
  {
    name: 'deployment-running',
    path: (mock) => by(mock, 'building'),
    act: (page) => page.waitForTimeout(600),
  },
  {
    name: 'deployment-queued',
    path: (mock) => {
      const row = mock.world.find('handbook')!
      const run =
        row.runs.find((each) => each.deployment.state === 'queued') ??
        mock.world.addRun(row, {
          state: 'queued',
          finished_at_ms: null,
          queue_position: 3,
          queue_reason: 'slot',
          queue_begin_ms: Date.now() + 95_000,
          usual_ms: 41_500,
          steps: [],
        })
      return `/p/handbook/d/${run.deployment.id}`
    },
    act: (page) => page.getByText('Waiting for a free slot').waitFor(),
  },
  {
    name: 'log-search',
    path: (mock) => by(mock, 'failed'),
    act: async (page) => {
      await settledLog(page)
      await page.keyboard.press('/')
      await page.getByLabel('Search in the log').fill('transforming')
      await page.waitForTimeout(200)
    },
  },
  { name: 'files', path: (mock) => `${by(mock, 'ready')}?tab=files` },
  {
    name: 'checks',
    path: (mock) => `${failing(mock)}?tab=checks`,
    act: (page) => page.getByText('23 of 310 lead nowhere').waitFor(),
  },
  {
    name: 'promote-failing',
    path: (mock) => failing(mock),
    act: opens('Promote'),
  },
  { name: 'details', path: (mock) => `${by(mock, 'ready')}?tab=details` },
  {
    name: 'rules',
    path: (mock) => `${by(mock, 'ready')}?tab=rules`,
    act: async (page) => {
      await page.getByText('More about the request').click()
      await page.getByLabel('Path or URL').fill('/tides/march?harbour=north')
      await page.keyboard.press('Enter')
      await page.getByTestId('outcome').waitFor()
    },
  },
  {
    name: 'rules-wrong-url',
    path: (mock) => `${by(mock, 'ready')}?tab=rules`,
    act: async (page) => {
      await page.getByLabel('Path or URL').fill('/%zz')
      await page.getByRole('button', { name: 'Explain' }).click()
      await page.getByText('malformed or forbidden escape').waitFor()
      await page.locator('[name=url]:focus').waitFor()
    },
  },
  { name: 'previews', path: () => '/p/harbour-site/previews' },
  { name: 'previews-empty', path: () => '/p/logbook/previews' },
  { name: 'env', path: () => '/p/harbour-site/env' },
  { name: 'env-text', path: () => '/p/harbour-site/env', act: opens('.env') },
  { name: 'project-settings', path: () => '/p/harbour-site/settings' },
  { name: 'add-schedule', path: () => '/p/harbour-site/settings', act: opens(/^Add$/) },
  {
    name: 'badge',
    path: () => '/p/harbour-site/settings',
    act: opens(/^(Turn on|New address).*badge$/),
  },
  { name: 'clear-caches', path: () => '/p/harbour-site/settings', act: opens('Clear caches') },
  { name: 'delete-project', path: () => '/p/harbour-site/settings', act: opens('Delete project') },
  { name: 'sessions', path: () => '/sessions' },
  { name: 'tokens', path: () => '/tokens' },
  { name: 'new-token', path: () => '/tokens', act: opens('New token') },
  { name: 'device', path: () => '/device' },
  { name: 'teams', path: () => '/teams' },
  { name: 'team', path: () => '/teams/default' },
  { name: 'team-audit', path: () => '/teams/default/audit' },
  { name: 'invite', path: () => '/teams/default', act: opens('Invite') },
  { name: 'invitation-wrong', path: () => '/invitations/ivt_wrong' },
  { name: 'users', path: () => '/users' },
  { name: 'audit', path: () => '/audit' },
  { name: 'audit-checked', path: () => '/audit', act: opens('Check the chain') },
  { name: 'settings', path: () => '/settings' },
  { name: 'add-provider', path: () => '/settings', act: opens('Add provider') },
  { name: 'link-account', path: () => '/sessions', act: opens('Link GitHub') },
  { name: 'not-found', path: () => '/nowhere/at/all' },
  {
    name: 'palette',
    path: () => '/p/harbour-site',
    act: async (page) => {
      await page.keyboard.press('Control+k')
      await page.getByRole('combobox').fill('har')
    },
  },
  {
    name: 'keys',
    path: () => '/',
    act: async (page) => {
      await page.keyboard.press('?')
      await page.getByRole('dialog').waitFor()
    },
  },
]

async function settledLog(page: Page) {
  await page.locator('[data-testid=log][data-connection=ended]').waitFor()
  await page.waitForTimeout(350)
}

const visit = async (page: Page, mock: Mock, stop: Stop, look: Look): Promise<string[]> => {
  const said = complaints(page)
  await page.goto(`http://localhost:${mock.port}${stop.path(mock)}`)
  await page.locator('main h1').first().waitFor()
  await page.evaluate(() => document.fonts.ready)
  await stop.act?.(page)
  await page.screenshot({ path: `${out()}/${stop.name}-${look.scheme}-${look.width}.png` })
  const found = [...(await audit(page)), ...said]
  const wide = await overflow(page)
  if (wide > 0) found.push(`sticks out by ${wide} px`)
  return found
}

/** Every page in every look; answers 0 when nothing was found. */
export const run = async (): Promise<number> => {
  const only = process.argv[3]
  const browser = await launch()
  const mock = await startMock({ port: 4720, dist: 'dist' })
  const fresh = await startMock({ port: 4721, dist: 'dist', fresh: true })
  mock.world.loud(first(mock), 1_000_000, 200)
  let bad = 0
  let seen = 0
  for (const look of looks) {
    for (const stop of stops.filter((each) => !only || each.name.includes(only))) {
      const context = await openContext(browser, look)
      const target = stop.fresh ? fresh : mock
      fresh.world.set_up = stop.name !== 'setup'
      if (!stop.outside && stop.name !== 'setup')
        await context.addCookies([
          { name: 'mock-session', value: '1', url: `http://localhost:${target.port}` },
        ])
      if (stop.fresh && fresh.world.users.length === 0)
        fresh.world.addUser('ada@example.com', 'owner')
      const page = await context.newPage()
      page.setDefaultTimeout(30_000) // a shared machine may be slow; a healthy page needs a second
      const problems = await visit(page, target, stop, look).catch((error: Error) => [
        error.message.split('\n')[0]!,
      ])
      seen++
      bad += problems.length
      console.log(
        `${problems.length === 0 ? 'ok  ' : 'FAIL'} ${stop.name} ${look.scheme} ${look.width}`,
      )
      for (const problem of problems.slice(0, 6)) console.log(`       ${problem}`)
      await context.close()
    }
  }
  await browser.close()
  await mock.close()
  await fresh.close()
  console.log(`${seen} looks, ${bad} findings`)
  return bad === 0 ? 0 : 1
}
