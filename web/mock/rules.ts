import type { Question } from '../src/api/rules'
import type { Check, Deployment, Explanation, Project, RuleOrigin, Rules } from '../src/api/types'
import { filesOf, siteUrl } from './world'

const why = 'there is a netlify.toml'
const beta: RuleOrigin = {
  file: '_redirects',
  line: 3,
  text: '/tides/*  /beta/:splat  302  Cookie=beta',
}
const moved: RuleOrigin = { file: '_redirects', line: 4, text: '/tides/*  /tables/:splat' }
const fetched: RuleOrigin = {
  file: 'netlify.toml',
  line: 12,
  text: 'from = "/api/*"',
}

export const noRules: Rules = { dialect: 'berth', why: '', rules: 0, headers: 0, problems: [] }

export const checksOf = (deployment: Deployment): Check[] =>
  deployment.checks === 0
    ? []
    : [
        {
          kind: 'route',
          passed: true,
          subject: '/tides/',
          declared: 'berth.toml:9',
          limit: 'answered with 200',
          found: '200',
          findings: [],
          findings_left_out: 0,
        },
        {
          kind: 'size',
          passed: false,
          subject: '**/*.js',
          declared: 'berth.toml:4',
          limit: 'at most 60.0 kB, gzip',
          found: '77.7 kB in 2 files',
          findings: [
            { place: 'assets/app-b41e.js', found: '71.2 kB' },
            { place: 'assets/chart-90ac.js', found: '6.5 kB' },
          ],
          findings_left_out: 0,
        },
        {
          kind: 'links',
          passed: false,
          subject: 'links of 14 pages',
          declared: 'berth.toml:2',
          limit: 'all inside the site lead somewhere',
          found: '23 of 310 lead nowhere',
          findings: [{ place: 'tides/march.html', found: '/harbours/kolobrzeg: 404' }],
          findings_left_out: 22,
        },
      ]

/** What harbour-site has in _redirects, _headers and netlify.toml; the other projects have none. */
export const rulesOf = (project: Project): Rules =>
  project.name !== 'harbour-site'
    ? noRules
    : {
        dialect: 'netlify',
        why,
        rules: 14,
        headers: 1,
        problems: [
          {
            severity: 'warning',
            file: 'netlify.toml',
            line: 31,
            text: '[[edge_functions]]',
            message: 'edge functions are not run here; the rest of the file counts',
          },
          {
            severity: 'error',
            file: '_redirects',
            line: 9,
            text: '/moorings/map',
            message: 'the line has no target: write the path or address to go to behind it',
          },
        ],
      }

const told = (url: string, rest: Partial<Explanation>): Explanation => ({
  url,
  dialect: 'netlify',
  why,
  steps: [],
  status: 404,
  file: '',
  location: '',
  fetched: false,
  headers: [],
  ...rest,
})

/** null: no URL that the edge takes. */
export const explanationOf = (project: Project, question: Question): Explanation | null => {
  if (!/^(https?:\/\/|\/)/.test(question.url) || question.url.includes('%zz')) return null
  const url = new URL(question.url, siteUrl(project.name))
  const path = url.pathname
  const withRules = rulesOf(project).rules > 0
  if (withRules && path.startsWith('/tides/')) {
    const isBeta = /(^|;\s*)beta=/.test(question.headers?.Cookie ?? '')
    const match = 'the path and all conditions match'
    const other = 'the path matches, but not the condition: cookie beta is there'
    return told(url.href, {
      steps: isBeta
        ? [{ rule: beta, decided: true, why: match }]
        : [
            { rule: beta, decided: false, why: other },
            { rule: null, decided: false, why: 'there is no file' },
            { rule: moved, decided: true, why: match },
          ],
      status: isBeta ? 302 : 301,
      location: path.replace('/tides/', isBeta ? '/beta/' : '/tables/') + url.search,
      headers: [{ name: 'cache-control', value: 'no-store' }],
    })
  }
  if (withRules && path.startsWith('/api/'))
    return told(url.href, {
      steps: [{ rule: fetched, decided: true, why: 'the path and all conditions match' }],
      status: 200,
      location: `https://api.example.com${path.slice(4)}`,
      fetched: true,
    })
  const file = filesOf().find((each) => `/${each.path}` === (path === '/' ? '/index.html' : path))
  if (!file) return told(url.href, { steps: [{ rule: null, decided: true, why: 'not found' }] })
  return told(url.href, {
    steps: [{ rule: null, decided: true, why: 'there is a file' }],
    status: 200,
    file: file.path,
    headers: [
      { name: 'content-type', value: file.type },
      { name: 'etag', value: `"${file.sha256}"` },
      { name: 'cache-control', value: 'public, max-age=0, must-revalidate' },
    ],
  })
}
