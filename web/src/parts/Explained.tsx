import { placeOf } from '../api/rules'
import type { Explanation } from '../api/types'
import { cx } from '../ui/classes'
import { Icon } from '../ui/Icon'
import { Chip } from './StateBadge'

type Step = Explanation['steps'][number]

/** What the status is about, in words, and the file or address that they end in. */
export const outcomeOf = ({ status, file, location, fetched }: Explanation): [string, string] => {
  if (location) return [fetched ? 'fetched from' : 'redirects to', location]
  if (file) return [status < 400 ? 'serves' : 'answers with', file]
  return ['no file of the site', '']
}

/** The outcome first, which is also what is read out; then how it came about. */
export function Explained({ told, old }: { told: Explanation | null; old: boolean }) {
  return (
    <div aria-busy={old} className={cx(old && 'opacity-50')}>
      <div aria-live="polite" className={cx(told && 'mt-4 border-t border-line pt-4')}>
        {told && <Outcome told={told} />}
      </div>
      {told && told.steps.length > 0 && (
        <section className="mt-4">
          <h3 className="mb-1.5">What was tried</h3>
          <ol className="divide-y divide-line overflow-hidden rounded-lg border border-line">
            {told.steps.map((step, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a rule may be asked twice; the list never changes
              <StepRow key={i} step={step} />
            ))}
          </ol>
        </section>
      )}
      {told && told.headers.length > 0 && (
        <section className="mt-4">
          <h3 className="mb-1.5">Response headers</h3>
          <ul className="space-y-1 rounded-lg border border-line px-3 py-2 font-mono text-[12.5px] leading-5">
            {told.headers.map(({ name, value }, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a name may come twice; the list never changes
              <li key={i} className="break-words">
                <span className="text-muted">{name}:</span> {value}
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  )
}

function Outcome({ told }: { told: Explanation }) {
  const [words, what] = outcomeOf(told)
  const tone = told.status >= 400 ? 'text-bad' : told.status >= 300 ? 'text-accent' : 'text-ok'
  return (
    <div data-testid="outcome">
      <p className="flex flex-wrap items-baseline gap-x-2 text-[15px]">
        <span className={cx('tabular font-semibold', tone)}>{told.status}</span>{' '}
        <span>{words}</span>{' '}
        {what && <code className="min-w-0 font-mono text-[13.5px] break-all">{what}</code>}
      </p>
      <p className="mt-0.5 text-[12.5px] break-all text-muted">{told.url}</p>
    </div>
  )
}

function StepRow({ step }: { step: Step }) {
  return (
    <li
      aria-current={step.decided || undefined}
      className={cx('flex gap-2 px-3 py-2', step.decided && 'bg-accent-soft')}
    >
      <span className="mt-0.5 size-4 shrink-0 text-accent">
        {step.decided && <Icon name="right" />}
      </span>
      <div className="min-w-0 grow">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-0.5">
          <code className="font-mono text-[12.5px] break-all">
            {step.rule ? placeOf(step.rule) : 'files'}
          </code>
          {step.decided && <Chip tone="accent">Decides</Chip>}
        </div>
        {step.rule?.text && (
          <code className="block font-mono text-[12.5px] leading-5 break-words whitespace-pre-wrap">
            {step.rule.text}
          </code>
        )}
        <p className="text-[13px] break-words text-muted">{step.why}</p>
      </div>
    </li>
  )
}
