import type { VariableEnvironment } from '../api/types'
import { type Pair, parseDotenv } from '../dotenv'
import { IconButton } from '../ui/Button'
import { cx } from '../ui/classes'
import { inputClass } from '../ui/Field'
import { Ago } from '../ui/Time'
import type { Draft, Place } from '../variables'

const environments: [VariableEnvironment | 'branch', string][] = [
  ['all', 'All'],
  ['production', 'Production'],
  ['preview', 'Preview'],
  ['branch', 'One branch'],
]

/** Where a variable holds: everywhere, in one environment, or in the previews of one branch. */
export function PlaceField({
  place,
  of,
  onChange,
}: {
  place: Place
  of: string
  onChange: (place: Place) => void
}) {
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <select
        aria-label={`Environment of ${of}`}
        value={place.branch === null ? place.environment : 'branch'}
        onChange={(event) => {
          const chosen = event.target.value as VariableEnvironment | 'branch'
          onChange(
            chosen === 'branch'
              ? { environment: 'preview', branch: '' }
              : { environment: chosen, branch: null },
          )
        }}
        className={inputClass}
      >
        {environments.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      {place.branch !== null && (
        <input
          aria-label={`Branch of ${of}`}
          value={place.branch}
          placeholder="branch"
          spellCheck={false}
          autoCapitalize="off"
          onChange={(event) => onChange({ ...place, branch: event.target.value })}
          className={cx(inputClass, 'font-mono text-[12.5px]')}
        />
      )}
    </div>
  )
}

export function VariableRow({
  draft,
  problem,
  onChange,
  onRemove,
  onPaste,
}: {
  draft: Draft
  problem?: string
  onChange: (change: Partial<Draft>) => void
  onRemove: () => void
  onPaste: (pairs: Pair[]) => void
}) {
  const kept = draft.value === null
  const of = draft.key || 'the new variable'
  return (
    <li className="grid items-start gap-2 px-4 py-2.5 md:grid-cols-[minmax(0,13rem)_minmax(0,1fr)_8rem_7.5rem_6.5rem_auto]">
      <div className="min-w-0">
        <input
          aria-label="Name"
          aria-invalid={problem && draft.key ? true : undefined}
          value={draft.key}
          spellCheck={false}
          autoCapitalize="off"
          readOnly={draft.updated_at_ms !== undefined}
          placeholder="NAME"
          onChange={(event) => onChange({ key: event.target.value })}
          onPaste={(event) => {
            const pasted = event.clipboardData.getData('text')
            if (!/[=\n]/.test(pasted)) return
            const { pairs } = parseDotenv(pasted)
            if (pairs.length === 0) return
            event.preventDefault()
            onPaste(pairs)
          }}
          className={cx(
            inputClass,
            'font-mono text-[12.5px] read-only:border-transparent read-only:bg-transparent read-only:px-0',
          )}
        />
        {problem && draft.key && <p className="text-[12.5px] text-bad">{problem}</p>}
      </div>
      <input
        aria-label={`Value of ${of}`}
        type={draft.sensitive ? 'password' : 'text'}
        autoComplete="off"
        spellCheck={false}
        value={draft.value ?? ''}
        placeholder={kept ? 'sealed; type to replace' : 'value'}
        onChange={(event) => onChange({ value: event.target.value })}
        className={cx(inputClass, 'font-mono text-[12.5px]')}
      />
      <PlaceField
        place={{ environment: draft.environment, branch: draft.branch }}
        of={of}
        onChange={onChange}
      />
      <select
        aria-label={`When ${of} is there`}
        value={draft.scope}
        onChange={(event) => onChange({ scope: event.target.value as Draft['scope'] })}
        className={inputClass}
      >
        <option value="all">Always</option>
        <option value="build">Build only</option>
        <option value="runtime">Runtime only</option>
      </select>
      <label className="flex min-h-[32px] items-center gap-2">
        <input
          type="checkbox"
          className="size-4 accent-(--accent)"
          checked={draft.sensitive}
          disabled={kept}
          onChange={(event) => onChange({ sensitive: event.target.checked })}
        />
        Sensitive
      </label>
      <div className="flex items-center justify-end gap-2">
        {draft.updated_at_ms !== undefined && (
          <span title={draft.updated_by ? `by ${draft.updated_by}` : undefined}>
            <Ago
              at_ms={draft.updated_at_ms}
              className="text-[12.5px] whitespace-nowrap text-muted md:hidden xl:inline"
            />
          </span>
        )}
        <IconButton label={`Remove ${of}`} icon="cross" onClick={onRemove} />
      </div>
    </li>
  )
}
