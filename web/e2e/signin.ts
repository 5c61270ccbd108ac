// The ways of signing in, in a browser against a real Berth: a passkey in a virtual authenticator, an
// authenticator app, and a device that is approved.
//
//   BERTH_URL, BERTH_EMAIL, BERTH_PASSWORD   a real Berth at a name (passkeys have none at an address), its owner
//
// Answers 0 when every step passed.
import { createHmac } from 'node:crypto'
import type { CDPSession, Page } from 'playwright-core'

import { audit } from './axe'
import { complaints, launch } from './browser'

const step = async (name: string, work: () => Promise<void>) => {
  const begin = Date.now()
  await work()
  console.log(`  ok   ${name} (${((Date.now() - begin) / 1000).toFixed(1)} s)`)
}

/** RFC 6238 of its own, so that both sides are not wrong in the same way. */
const codeOf = (secret: string, at_ms: number): string => {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...secret]
    .map((each) => letters.indexOf(each).toString(2).padStart(5, '0'))
    .join('')
  const key = Buffer.from(bits.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(at_ms / 30_000)))
  const mac = createHmac('sha1', key).update(counter).digest()
  const cut = mac.readUInt32BE(mac[19]! & 15) & 0x7fffffff
  return String(cut % 1_000_000).padStart(6, '0')
}

const must = (holds: boolean, what: string) => {
  if (!holds) throw new Error(what)
}

/** A security key in the browser itself, over Chromium's DevTools protocol. */
const addAuthenticator = async (cdp: CDPSession): Promise<string> => {
  await cdp.send('WebAuthn.enable')
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return authenticatorId
}

export const run = async (): Promise<number> => {
  const { BERTH_URL: url, BERTH_EMAIL: email, BERTH_PASSWORD: password } = process.env
  if (!url || !email || !password) {
    console.error('see the head of web/e2e/signin.ts for its environment')
    return 2
  }
  const browser = await launch()
  try {
    const context = await browser.newContext()
    const page = await context.newPage()
    const complained = complaints(page)
    const cdp = await context.newCDPSession(page)
    const authenticator = await addAuthenticator(cdp)
    const home = () =>
      page.getByRole('heading', { name: /^(Projects|Deploy your first site)$/ }).waitFor()
    const leave = async () => {
      await context.clearCookies()
      await page.goto(`${url}/login`)
      await page.getByLabel('E-mail').waitFor()
    }
    const byPassword = async () => {
      await page.getByLabel('E-mail').fill(email)
      await page.getByLabel('Password').fill(password)
      await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    }
    const count = async () => {
      const { credentials } = await cdp.send('WebAuthn.getCredentials', {
        authenticatorId: authenticator,
      })
      return credentials[0]!.signCount
    }

    await step('a password', async () => {
      await page.goto(`${url}/login`)
      await byPassword()
      await home()
    })
    await step('a passkey is added', async () => {
      await page.goto(`${url}/sessions`)
      await page.getByRole('button', { name: 'Add passkey' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel('Name').fill('virtual key')
      await dialog.getByLabel('Your password').fill(password)
      await dialog.getByRole('button', { name: 'Add', exact: true }).click()
      await page.getByText('virtual key').waitFor()
      const problems = await audit(page)
      must(problems.length === 0, problems.join('\n'))
    })
    await step('and signs in', async () => {
      await leave()
      const before = await count()
      await page.getByRole('button', { name: 'Use a passkey' }).click()
      await home()
      must((await count()) > before, 'the authenticator did not count')
    })
    await step('without its user verified it does not', async () => {
      await leave()
      await cdp.send('WebAuthn.setUserVerified', {
        authenticatorId: authenticator,
        isUserVerified: false,
      })
      await page.getByRole('button', { name: 'Use a passkey' }).click()
      await page.getByText('No passkey came').waitFor()
      await cdp.send('WebAuthn.setUserVerified', {
        authenticatorId: authenticator,
        isUserVerified: true,
      })
    })
    await step('nor as a copy with an old count', async () => {
      const { credentials } = await cdp.send('WebAuthn.getCredentials', {
        authenticatorId: authenticator,
      })
      const copy = credentials[0]!
      await cdp.send('WebAuthn.removeCredential', {
        authenticatorId: authenticator,
        credentialId: copy.credentialId,
      })
      await cdp.send('WebAuthn.addCredential', {
        authenticatorId: authenticator,
        credential: { ...copy, signCount: 0 },
      })
      await leave()
      await page.getByRole('button', { name: 'Use a passkey' }).click()
      await page.getByText('as of a copy').waitFor()
    })
    let secret = ''
    await step('an authenticator app is added', async () => {
      await leave()
      await byPassword()
      await home()
      await page.goto(`${url}/sessions`)
      await page.getByRole('button', { name: 'Add', exact: true }).click()
      await page.getByLabel('Your password').fill(password)
      await page.getByRole('button', { name: 'Go on' }).click()
      await page.getByRole('img', { name: 'QR code of the secret' }).waitFor()
      secret = (await page.getByTestId('secret').textContent()) ?? ''
      await page.getByLabel('The code that it shows now').fill(codeOf(secret, Date.now()))
      await page.getByRole('button', { name: 'Turn on' }).click()
      await page.getByText('10 of 10 recovery codes left').waitFor()
    })
    const recovery = ((await page.getByTestId('secret').textContent()) ?? '').split('\n')
    await step('and its codes are asked for', async () => {
      await leave()
      await byPassword()
      // The code that confirmed is used; the one of the next step is good already.
      await page.getByLabel('Code').fill(codeOf(secret, Date.now() + 30_000))
      await page.getByRole('button', { name: 'Sign in', exact: true }).click()
      await home()
    })
    await step('or a recovery code', async () => {
      must(recovery.length === 10, `${recovery.length} recovery codes`)
      await leave()
      await byPassword()
      await page.getByLabel('Code').fill(recovery[0]!)
      await page.getByRole('button', { name: 'Sign in', exact: true }).click()
      await home()
    })
    await step('a device is approved by its code', () => approve(page, url))
    await step('and all of it is in the audit log', async () => {
      await page.goto(`${url}/audit`)
      for (const words of ['passkey added', 'passkey refused', 'totp added', 'device approved'])
        await page.getByText(words, { exact: true }).first().waitFor()
      await page.getByRole('button', { name: 'Check the chain' }).click()
      await page.getByText('rows are as they were written').waitFor()
      const problems = await audit(page)
      must(problems.length === 0, problems.join('\n'))
    })
    must(complained.length === 0, complained.join('\n'))
    return 0
  } finally {
    await browser.close()
  }
}

const approve = async (page: Page, url: string) => {
  const begin = (path: string, body: object) =>
    page.evaluate(
      async ([to, text]) => {
        const headers = { 'Content-Type': 'application/json' }
        const answer = await fetch(`/api/v1${to}`, { method: 'POST', headers, body: text })
        return { status: answer.status, body: await answer.json() }
      },
      [path, JSON.stringify(body)] as const,
    )
  const offer = await begin('/auth/device', { name: 'cli on a laptop', scope: 'deploy' })
  must(offer.body.verification_uri.endsWith('/device'), 'no address to type the code at')
  await page.goto(`${url}/device`)
  await page.getByLabel('Code').fill(offer.body.user_code.toLowerCase().replace('-', ''))
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByText('cli on a laptop').waitFor()
  await page.getByRole('button', { name: 'Approve' }).click()
  await page.getByText('The device is signed in.').waitFor()
  const made = await begin('/auth/device/token', { device_code: offer.body.device_code })
  must(made.status === 201 && made.body.scope === 'deploy', JSON.stringify(made))
}
