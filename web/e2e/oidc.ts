// Signing in through a real OpenID Connect provider, in a browser against a real Berth.
//
//   BERTH_URL, BERTH_EMAIL, BERTH_PASSWORD   a real Berth and its owner
//   PROVIDER_URL, CLIENT_ID, CLIENT_SECRET   tests/oidc/provider.mjs, whose people are at example.org
//   AGAIN                                    "1": the owner linked it in an earlier run, and only signs in
//
// Answers 0 when every step passed.
import type { Page } from 'playwright-core'

import { audit } from './axe'
import { complaints, launch } from './browser'

const step = async (name: string, work: () => Promise<void>) => {
  const begin = Date.now()
  await work()
  console.log(`  ok   ${name} (${((Date.now() - begin) / 1000).toFixed(1)} s)`)
}

const must = (holds: boolean, what: string) => {
  if (!holds) throw new Error(what)
}

export const run = async (): Promise<number> => {
  const environment = process.env
  const {
    BERTH_URL: url,
    BERTH_EMAIL: email,
    BERTH_PASSWORD: password,
    PROVIDER_URL: provider,
    CLIENT_ID: client,
    CLIENT_SECRET: secret,
  } = environment
  if (!url || !email || !password || !provider || !client || !secret) {
    console.error('see the head of web/e2e/oidc.ts for its environment')
    return 2
  }
  const browser = await launch()
  try {
    const open = async () => {
      const context = await browser.newContext()
      const page = await context.newPage()
      page.setDefaultTimeout(20_000)
      const complained = complaints(page)
      await page.goto(`${url}/login`)
      await page.getByLabel('E-mail').waitFor()
      return { page, complained }
    }
    const home = (page: Page) =>
      page.getByRole('heading', { name: /^(Projects|Deploy your first site)$/ }).waitFor()
    const byPassword = async (page: Page) => {
      await page.getByLabel('E-mail').fill(email)
      await page.getByLabel('Password').fill(password)
      await page.getByRole('button', { name: 'Sign in', exact: true }).click()
      await home(page)
    }
    /** What one does at the provider: sign in and agree. */
    const agree = async (page: Page, name: string) => {
      await page.locator('input[name=login]').fill(name)
      await page.locator('input[name=password]').fill('any')
      await page.getByRole('button').first().click()
      await page.getByRole('button', { name: 'Continue' }).click()
    }
    const through = async (page: Page, name: string) => {
      await page.getByRole('button', { name: 'Sign in with Example login' }).click()
      await agree(page, name)
    }
    const owner = await open()
    const { page } = owner
    if (environment.AGAIN) {
      await through(page, 'the-owner')
      await home(page)
      return 0
    }

    await step('an owner adds the provider', async () => {
      await byPassword(page)
      await page.goto(`${url}/settings`)
      await page.getByRole('button', { name: 'Add provider' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel('Kind').selectOption('oidc')
      await dialog.getByLabel('Name').fill('Example login')
      await dialog.getByLabel('Id', { exact: true }).fill('example')
      await dialog.getByLabel('Issuer').fill(provider)
      await dialog.getByLabel('Client id').fill(client)
      await dialog.getByLabel('Client secret').fill(secret)
      await dialog.getByLabel('New people').selectOption('domains')
      await dialog.getByLabel('Domains').fill('example.org')
      const shown = await dialog.getByTestId('secret').textContent()
      must(
        shown?.includes(`${url}/login/callback/example`) ?? false,
        `the address shown is ${shown}`,
      )
      const problems = await audit(page)
      must(problems.length === 0, problems.join('\n'))
      await dialog.getByRole('button', { name: 'Save' }).click()
      await page.getByText('0 linked · new people of example.org').waitFor()
    })
    await step('and links their account there', async () => {
      await page.goto(`${url}/sessions`)
      await page.getByRole('button', { name: 'Link Example login' }).click()
      await page.getByRole('dialog').getByLabel('Your password').fill('not it at all')
      await page.getByRole('button', { name: 'Go there' }).click()
      await page.getByText('not your password').waitFor()
      await page.getByRole('dialog').getByLabel('Your password').fill(password)
      await page.getByRole('button', { name: 'Go there' }).click()
      await agree(page, 'the-owner')
      await page.getByText('Example login · the-owner@example.org').waitFor()
      must(!page.url().includes('code='), `the code stays in ${page.url()}`)
      const problems = await audit(page)
      must(problems.length === 0, problems.join('\n'))
    })
    await step('which signs in to the same account', async () => {
      const other = await open()
      await through(other.page, 'the-owner')
      await home(other.page)
      await other.page.goto(`${url}/sessions`)
      await other.page.getByText('Example login · the-owner@example.org').waitFor()
      must(other.complained.length === 0, other.complained.join('\n'))
    })
    await step('somebody of the domain gets an account', async () => {
      const other = await open()
      await through(other.page, 'cy')
      await home(other.page)
      await other.page.goto(`${url}/sessions`)
      await other.page.getByText('cy@example.org').first().waitFor()
      // It is the only way in.
      await other.page.getByRole('button', { name: 'Unlink' }).click()
      await other.page.getByText('no other way to sign in').waitFor()
      await other.page.getByLabel('New password').fill('battery staple horse')
      await other.page.getByRole('button', { name: 'Choose a password' }).click()
      await other.page.getByRole('button', { name: 'Change password' }).waitFor()
      await other.page.getByRole('button', { name: 'Unlink' }).click()
      await other.page.getByText('Link one to sign in through it').waitFor()
    })
    await step('an address that nobody verified gets none', async () => {
      const other = await open()
      await through(other.page, 'unverified-di')
      await other.page.getByText('no e-mail address of yours that it has verified').waitFor()
      const problems = await audit(other.page)
      must(problems.length === 0, problems.join('\n'))
      await other.page.getByRole('link', { name: 'Back to the sign-in page' }).click()
      await other.page.getByLabel('E-mail').waitFor()
    })
    await step('who turns back there is told so', async () => {
      const other = await open()
      await other.page.getByRole('button', { name: 'Sign in with Example login' }).click()
      await other.page
        .getByText(/cancel/i)
        .first()
        .click()
      await other.page.getByText('You did not sign in there').waitFor()
    })
    await step('what came back does for no other browser', async () => {
      const first = await open()
      await first.page.route('**/api/v1/auth/providers/*/complete', (route) => route.abort())
      await through(first.page, 'the-owner')
      const sent = await first.page.waitForRequest('**/api/v1/auth/providers/*/complete')
      const { state, code } = sent.postDataJSON()
      const second = await open()
      await second.page.goto(`${url}/login/callback/example?code=${code}&state=${state}`)
      await second.page.getByText('begun in another browser').waitFor()
    })
    must(owner.complained.length === 0, owner.complained.join('\n'))
    return 0
  } finally {
    await browser.close()
  }
}
