import type { Page } from 'playwright-core'
import { type Mock, startMock } from '../mock/server'
import type { Deployment, OutputFile, Variable } from '../src/api/types'
import { complaints, launch, looks, openContext } from './browser'
import { inLog, type Payload, payloads } from './payloads'

const batch = 300
const project = 'harbour-site'

/** Before any script of the page: what would show that text became part of it. */
const watch = () => {
  const found: string[] = []
  Object.assign(window, { __found: found })
  document.addEventListener('securitypolicyviolation', (event) =>
    found.push(`policy: ${event.violatedDirective} ${event.blockedURI}`),
  )
  const known = new Set(['SCRIPT', 'LINK', 'META', 'STYLE', 'TITLE', 'BASE'])
  const look = (element: Element) => {
    const tag = element.tagName.toUpperCase()
    const tells = `<${tag}> ${element.outerHTML.slice(0, 160)}`
    if (/^(X-PROBE|IFRAME|OBJECT|EMBED|BASE|MATH|MARQUEE|TEMPLATE|VIDEO|AUDIO)$/.test(tag))
      found.push(tells)
    if (known.has(tag) && /__ran|127\.0\.0\.1:1/.test(element.outerHTML)) found.push(tells)
    for (const { name, value } of element.attributes) {
      if (name.startsWith('on')) found.push(tells)
      const address = value.replace(/[\u0000-\u0020]/g, '').toLowerCase()
      const leads = /^(href|src|action|formaction|data|xlink:href|srcdoc)$/.test(name)
      if (leads && /^(javascript|vbscript|data:text)/.test(address)) found.push(tells)
    }
  }
  new MutationObserver((changes) => {
    for (const { target, addedNodes } of changes) {
      if (target instanceof Element) look(target)
      for (const node of addedNodes)
        if (node instanceof Element)
          for (const each of [node, ...node.querySelectorAll('*')]) look(each)
    }
  }).observe(document, { subtree: true, childList: true, attributes: true })
}

/** Answers what was found on the page; fewer marks than expected means that something was not shown at all. */
const verdict = async (page: Page, texts: Payload[], shown: string): Promise<string[]> => {
  const found = await page.evaluate(() => {
    const { __found, __ran } = window as unknown as { __found: string[]; __ran?: number }
    return [...__found, ...(__ran ? ['a script ran'] : [])]
  })
  const missing = texts.filter(({ mark }) => !shown.includes(mark))
  if (missing.length > 0) found.push(`${missing.length} not shown: ${missing[0]!.text}`)
  return found
}

const answerWith = (page: Page, path: string, items: unknown[]) =>
  page.route(`**/api/v1/${path}`, (route) =>
    route.fulfill({ json: { items, next: null }, headers: { etag: '"1"' } }),
  )

interface Place {
  name: string
  visit: (page: Page, mock: Mock, texts: Payload[]) => Promise<string>
}

const shownIn = (page: Page, place: string) =>
  page.locator(place).evaluate((element) => {
    const typed = [...element.querySelectorAll('input, textarea')] as HTMLInputElement[]
    return [element.textContent, ...typed.map((field) => field.value)].join('\n')
  })

const places: Place[] = [
  {
    name: 'names of projects, addresses of repositories',
    visit: async (page, mock, texts) => {
      const like = mock.world.find(project)!.project
      const items = texts.map(({ text }, i) => ({
        ...like,
        id: `prj_${i}`,
        name: text,
        repo_url: text,
      }))
      await answerWith(page, 'projects?*', items)
      await page.goto(`http://localhost:${mock.port}/`)
      await page.getByText(texts.at(-1)!.mark).first().waitFor()
      return shownIn(page, 'body')
    },
  },
  {
    name: 'branches, messages, authors, first errors',
    visit: async (page, mock, texts) => {
      const like = mock.world.find(project)!.runs[0]!.deployment
      const items = texts.map(
        ({ text }, i): Deployment => ({
          ...like,
          id: `dpl_${i}`,
          ref: text,
          message: text,
          author: text,
          actor: text,
          first_error: text,
          detail: text,
        }),
      )
      await answerWith(page, `projects/${project}/deployments?*`, items)
      await page.goto(`http://localhost:${mock.port}/p/${project}/deployments`)
      await page.getByText(texts.at(-1)!.mark).first().waitFor()
      return shownIn(page, 'main')
    },
  },
  {
    name: 'names of files',
    visit: async (page, mock, texts) => {
      const run = mock.world.find(project)!.runs.find((each) => each.deployment.state === 'ready')!
      const items = texts.map(
        ({ text }): OutputFile => ({
          path: text,
          bytes: 1,
          type: text,
          sha256: 'a'.repeat(64),
        }),
      )
      await answerWith(page, 'deployments/*/files*', items)
      await page.goto(`http://localhost:${mock.port}/p/${project}/d/${run.deployment.id}?tab=files`)
      await page.getByText(texts.at(-1)!.mark).first().waitFor()
      return shownIn(page, 'main')
    },
  },
  {
    name: 'keys and values of variables',
    visit: async (page, mock, texts) => {
      const items = texts.map(
        ({ text }): Variable => ({
          key: text,
          value: text,
          scope: 'build',
          environment: 'all',
          sensitive: false,
          branch: '',
          updated_at_ms: 0,
          updated_by: text,
        }),
      )
      await answerWith(page, `projects/${project}/env`, items)
      await page.goto(`http://localhost:${mock.port}/p/${project}/env`)
      await page
        .locator(`input[value*="${texts.at(-1)!.mark} "]`)
        .first()
        .waitFor()
      return shownIn(page, 'main')
    },
  },
  {
    name: 'lines of a log',
    visit: async (page, mock, texts) => {
      const head = { delta_ms: 0, stream: 1, level: 0, step: 3 }
      const lines = texts.map((each, i) => ({ head, text: inLog(each, i) }))
      const run = mock.world.addRun(mock.world.find(project)!, { message: 'x' }, lines)
      await page.goto(`http://localhost:${mock.port}/p/${project}/d/${run.deployment.id}`)
      await page.locator('[data-testid=log][data-connection=ended]').waitFor()
      return scrolled(page)
    },
  },
]

/** All that a log shows on the way from its first to its last line. */
const scrolled = (page: Page) =>
  page.locator('[data-testid=log] .log-scroll').evaluate(async (view) => {
    const drawn = () =>
      new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
    view.scrollTop = 0 // from its end, where a log opens
    await drawn()
    let text = ''
    for (let top = 0; top < view.scrollHeight; top += view.clientHeight / 2) {
      view.scrollTop = top
      await drawn()
      text += view.textContent
    }
    return text
  })

/** Whether the watch sees what it watches for: a page that does take text for markup. */
const control = async (page: Page, mock: Mock, texts: Payload[]): Promise<string[]> => {
  await page.goto(`http://localhost:${mock.port}/p/${project}/env`)
  await page.locator('main h1').first().waitFor()
  const seen = await page.evaluate(
    async (all) => {
      for (const text of all) document.querySelector('main')!.insertAdjacentHTML('beforeend', text)
      await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))
      return (window as unknown as { __found: string[] }).__found
    },
    texts.map(({ text }) => text),
  )
  const policy = seen.filter((each) => each.startsWith('policy'))
  return seen.length - policy.length > texts.length / 2 && policy.length > 0
    ? []
    : [`markup was not noticed: ${seen.length} of ${texts.length}`]
}

/** Texts that would be scripts, in every place where somebody else's words are shown; 0 when all stayed words. */
export const run = async (): Promise<number> => {
  const all = payloads()
  const browser = await launch()
  const mock = await startMock({ port: 4724, dist: 'dist' })
  const context = await openContext(browser, looks[0]!)
  await context.addInitScript(watch)
  await context.addCookies([
    { name: 'mock-session', value: '1', url: `http://localhost:${mock.port}` },
  ])
  const careless = await context.newPage()
  const unseen = await control(careless, mock, all.slice(0, 60))
  for (const finding of unseen) console.log(`FAIL ${finding}`)
  await careless.close()
  let bad = unseen.length
  const only = process.argv[3]
  for (const place of places.filter((each) => !only || each.name.includes(only))) {
    const findings: string[] = []
    for (let from = 0; from < all.length; from += batch) {
      const texts = all.slice(from, from + batch)
      const page = await context.newPage()
      page.setDefaultTimeout(30_000)
      const said = complaints(page)
      page.on('dialog', (dialog) => {
        said.push(`dialog: ${dialog.message()}`)
        void dialog.dismiss()
      })
      try {
        const shown = await place.visit(page, mock, texts)
        findings.push(...(await verdict(page, texts, shown)))
      } catch (error) {
        findings.push((error as Error).message.slice(0, 300))
      }
      findings.push(...said)
      await page.close()
    }
    bad += findings.length
    console.log(`${findings.length === 0 ? 'ok  ' : 'FAIL'} ${all.length} in ${place.name}`)
    for (const finding of findings.slice(0, 6)) console.log(`       ${finding}`)
  }
  await browser.close()
  await mock.close()
  console.log(`${all.length} texts in ${places.length} places, ${bad} findings`)
  return bad === 0 ? 0 : 1
}
