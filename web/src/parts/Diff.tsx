import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'

import { deploymentsQuery, diffQuery } from '../api/queries'
import type { Deployment, DeploymentDiff } from '../api/types'
import { bytes, counted } from '../format'
import { cx } from '../ui/classes'
import { SelectField } from '../ui/Field'
import { Loading, Panel } from '../ui/Panel'
import { ProblemNotice } from './Broken'

const inks = { added: 'text-ok', changed: 'text-warn', removed: 'text-bad' }
const shown_max = 200

/** The ready ones that a deployment can be compared with, and which of them comes to mind first: the
 * newest before it. */
export const comparable = (all: Deployment[], of: Deployment) => {
  const others = all.filter((each) => each.state === 'ready' && each.id !== of.id)
  const before = others.find((each) => each.created_at_ms < of.created_at_ms)
  return { others, first: (before ?? others[0])?.id }
}

/** What this deployment serves otherwise than another one of the project. */
export function Diff({ deployment }: { deployment: Deployment }) {
  const list = useInfiniteQuery(deploymentsQuery(deployment.project))
  const [chosen, setChosen] = useState<string | null>(null)
  const all = list.data?.pages.flatMap((page) => page.items) ?? []
  const { others, first } = comparable(all, deployment)
  const other = chosen ?? first
  const diff = useQuery({
    ...diffQuery(other ?? '', deployment.id),
    enabled: deployment.state === 'ready' && other !== undefined,
  })
  if (deployment.state !== 'ready' || other === undefined) return null
  return (
    <Panel title="What is different">
      <SelectField
        label="Compared with"
        className="min-w-0"
        value={other}
        onChange={(event) => setChosen(event.target.value)}
      >
        {others.map((each) => (
          <option key={each.id} value={each.id}>
            {each.ref} {each.commit.slice(0, 7)} · {each.message.split('\n')[0] || each.id}
          </option>
        ))}
      </SelectField>
      <div className="mt-4">
        {diff.error ? (
          <ProblemNotice error={diff.error} />
        ) : diff.data ? (
          <Changes diff={diff.data} />
        ) : (
          <Loading />
        )}
      </div>
    </Panel>
  )
}

const sizes = ({ bytes_before, bytes_after }: DeploymentDiff['files'][number]) => {
  if (bytes_before === null || bytes_after === null) return bytes(bytes_before ?? bytes_after ?? 0)
  return `${bytes(bytes_before)} → ${bytes(bytes_after)}`
}

function Changes({ diff }: { diff: DeploymentDiff }) {
  const more = diff.files.length - shown_max + diff.files_left_off
  if (diff.files.length + diff.rules.length === 0)
    return <p className="text-muted">They serve the same.</p>
  return (
    <>
      <ul className="space-y-1">
        {diff.files.slice(0, shown_max).map((file) => (
          <li key={file.path} className="flex flex-wrap gap-x-3">
            <span className={cx('w-16', inks[file.what])}>{file.what}</span>
            <code className="min-w-0 grow font-mono break-all">{file.path}</code>
            <span className="tabular text-[12.5px] text-muted">{sizes(file)}</span>
          </li>
        ))}
        {more > 0 && <li className="text-muted">and {counted(more, 'more file')}</li>}
        {diff.rules.map((rule) => (
          <li key={`${rule.kind}${rule.what}${rule.text}`} className="flex flex-wrap gap-x-3">
            <span className={cx('w-16', inks[rule.what])}>{rule.what}</span>
            <code className="min-w-0 grow font-mono break-all">{rule.text}</code>
            <span className="text-[12.5px] text-muted">{rule.file}</span>
          </li>
        ))}
      </ul>
      <p className="mt-3 text-muted">
        {counted(diff.unchanged, 'file')} the same. In all {bytes(diff.bytes_before)} →{' '}
        {bytes(diff.bytes_after)}.
      </p>
    </>
  )
}
