import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'

import { placeOf, rulesQuery } from '../api/rules'
import type { Deployment, RuleProblem, Rules } from '../api/types'
import { counted } from '../format'
import { Button } from '../ui/Button'
import { cx } from '../ui/classes'
import { Icon } from '../ui/Icon'
import { Empty, Loading, Panel } from '../ui/Panel'
import { ProblemNotice } from './Broken'
import { Explain } from './Explain'

const dialects: Record<Rules['dialect'], string> = {
  berth: 'Berth',
  netlify: 'Netlify',
  cloudflare: 'Cloudflare Pages',
  vercel: 'Vercel',
}

/** What the rule files say, and a way to ask what they do with a URL. */
export function RulesTab({ deployment }: { deployment: Deployment }) {
  const ready = deployment.state === 'ready'
  const { data: rules, error } = useQuery({ ...rulesQuery(deployment.id), enabled: ready })
  if (!ready || rules === null)
    return (
      <Panel>
        <Empty icon="list" title="No rules yet">
          They are read when the deployment is published.
        </Empty>
      </Panel>
    )
  return (
    <div className="flex flex-col gap-4">
      {error ? <ProblemNotice error={error} /> : rules ? <RuleFiles rules={rules} /> : <Loading />}
      <Explain deployment={deployment.id} />
    </div>
  )
}

/** Nothing for a site without rules. */
function RuleFiles({ rules }: { rules: Rules }) {
  const [all, setAll] = useState(false)
  const errors = rules.problems.filter((problem) => problem.severity === 'error')
  const warnings = rules.problems.filter((problem) => problem.severity === 'warning')
  if (rules.rules + rules.headers + rules.problems.length === 0) return null
  const problems = [...errors, ...warnings]
  const shown = all ? problems : problems.slice(0, 10)
  return (
    <Panel flush title="Rules">
      <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-1 px-4 py-3">
        <dt className="text-muted">Read as</dt>
        <dd>
          {dialects[rules.dialect]}
          {rules.why && <span className="text-muted">: {rules.why}</span>}
        </dd>
        <dt className="text-muted">Understood</dt>
        <dd>
          {counted(rules.rules, 'rule')}, {counted(rules.headers, 'header rule')}
        </dd>
        <dt className="text-muted">Problems</dt>
        <dd>
          {[
            errors.length > 0 && counted(errors.length, 'error'),
            warnings.length > 0 && counted(warnings.length, 'warning'),
          ]
            .filter(Boolean)
            .join(', ') || 'none'}
        </dd>
      </dl>
      {shown.length > 0 && (
        <ul aria-label="Problems" className="divide-y divide-line border-t border-line">
          {shown.map((problem) => (
            <ProblemRow key={`${placeOf(problem)} ${problem.message}`} problem={problem} />
          ))}
        </ul>
      )}
      {shown.length < problems.length && (
        <div className="border-t border-line px-4 py-2">
          <Button size="small" icon="down" onClick={() => setAll(true)}>
            Show all {problems.length.toLocaleString('en')}
          </Button>
        </div>
      )}
    </Panel>
  )
}

function ProblemRow({ problem }: { problem: RuleProblem }) {
  const bad = problem.severity === 'error'
  return (
    <li className="px-4 py-2.5">
      <p className="flex flex-wrap items-center gap-x-3">
        <span
          className={cx(
            'inline-flex items-center gap-1.5 font-medium',
            bad ? 'text-bad' : 'text-warn',
          )}
        >
          <Icon name={bad ? 'cross' : 'warning'} />
          {bad ? 'Error' : 'Warning'}
        </span>
        <code className="font-mono text-[12.5px] break-all">{placeOf(problem)}</code>
      </p>
      {problem.text && (
        <code className="mt-1 block rounded bg-raised px-2 py-1 font-mono text-[12.5px] leading-5 break-words whitespace-pre-wrap">
          {problem.text}
        </code>
      )}
      <p className="mt-1 break-words text-ink-soft">{problem.message}</p>
    </li>
  )
}
