import { useQuery } from '@tanstack/react-query'

import { checksQuery } from '../api/rules'
import type { Check, Deployment } from '../api/types'
import { cx } from '../ui/classes'
import { Icon } from '../ui/Icon'
import { Empty, Loading, Panel } from '../ui/Panel'
import { ProblemNotice } from './Broken'

const kinds: Record<Check['kind'], string> = {
  declaration: 'Declaration',
  size: 'Size',
  route: 'Route',
  header: 'Headers',
  links: 'Links',
}

/** What came of the gates that the deployment's berth.toml declares. */
export function ChecksTab({ deployment }: { deployment: Deployment }) {
  const { data: checks, error } = useQuery(checksQuery(deployment.id))
  if (error) return <ProblemNotice error={error} />
  if (!checks) return <Loading />
  if (checks.length === 0)
    return (
      <Panel>
        <Empty icon="check" title="No checks">
          Gates in <code>berth.toml</code> are checked before a deployment goes live.
        </Empty>
      </Panel>
    )
  // What failed is what people come for.
  const shown = [...checks].sort((a, b) => Number(a.passed) - Number(b.passed))
  return (
    <Panel flush title="Checks">
      <ul aria-label="Checks" className="divide-y divide-line">
        {shown.map((check, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: what is published does not change
          <CheckRow key={at} check={check} />
        ))}
      </ul>
    </Panel>
  )
}

function CheckRow({ check }: { check: Check }) {
  return (
    <li className="px-4 py-2.5">
      <p className="flex flex-wrap items-center gap-x-3">
        <span
          className={cx(
            'inline-flex items-center gap-1.5 font-medium',
            check.passed ? 'text-ok' : 'text-bad',
          )}
        >
          <Icon name={check.passed ? 'check' : 'cross'} />
          {check.passed ? 'Passed' : 'Failed'}
        </span>
        <span>{kinds[check.kind]}</span>
        <code className="font-mono text-[12.5px] break-all">{check.subject}</code>
      </p>
      <p className="mt-1 break-words text-ink-soft">
        Found: {check.found}. Wanted: {check.limit}.{' '}
        <code className="font-mono text-[12.5px] text-muted">{check.declared}</code>
      </p>
      {!check.passed && check.findings.length > 0 && (
        <ul className="mt-1 rounded bg-raised px-2 py-1 font-mono text-[12.5px] leading-5">
          {check.findings.map((finding) => (
            <li key={`${finding.place} ${finding.found}`} className="break-words">
              {finding.place}: {finding.found}
            </li>
          ))}
          {check.findings_left_out > 0 && (
            <li>… and {check.findings_left_out.toLocaleString('en')} more</li>
          )}
        </ul>
      )}
    </li>
  )
}
