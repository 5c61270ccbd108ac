import { cx } from '../ui/classes'
import { type Difference, identity, placeWords } from '../variables'

const inks = { added: 'text-ok', changed: 'text-warn', removed: 'text-bad' }

const values = ({ what, before, after }: Difference) => {
  if (what === 'removed' || (before === null && after === null)) return ''
  if (what === 'added') return after === null ? '' : `= ${after}`
  return `${before ?? 'sealed'} → ${after ?? 'sealed'}`
}

/** What a save would change, value by value where values may be shown. */
export function VariableDiff({ changes }: { changes: Difference[] }) {
  return (
    <ul className="max-h-72 space-y-1 overflow-auto" aria-label="Changes">
      {changes.map((change) => (
        <li key={`${change.what}${identity(change)}`} className="flex flex-wrap gap-x-2">
          <span className={cx('w-16', inks[change.what])}>{change.what}</span>
          <code className="font-mono">{change.key}</code>
          <span className="text-muted">{placeWords(change)}</span>
          <code className="min-w-0 font-mono break-all text-ink-soft">{values(change)}</code>
        </li>
      ))}
    </ul>
  )
}
