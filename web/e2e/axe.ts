import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const source = readFileSync(
  createRequire(`${process.cwd()}/package.json`).resolve('axe-core/axe.min.js'),
  'utf8',
)
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

interface AxeWindow extends Window {
  axe: {
    run: (
      context: Document,
      options: unknown,
    ) => Promise<{
      violations: {
        id: string
        help: string
        nodes: { target: string[]; failureSummary: string }[]
      }[]
    }>
  }
}

/** What axe finds on the page as it stands, one line each. */
export const audit = async (page: Page): Promise<string[]> => {
  await page.evaluate(source)
  return page.evaluate(async (runOnly) => {
    const { violations } = await (window as unknown as AxeWindow).axe.run(document, { runOnly })
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(
        (node) =>
          `${id}: ${node.target.join(' ')}: ${node.failureSummary.replace(/\s+/g, ' ').slice(0, 220)}`,
      ),
    )
  }, tags)
}
