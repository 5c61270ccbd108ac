import { isEnd, stepLabels, stepOf, stepOrder } from '../api/states'
import type { Deployment, Step, StepName } from '../api/types'
import { duration } from '../format'
import { cx } from '../ui/classes'
import { Icon } from '../ui/Icon'
import { Took } from '../ui/Time'

type Phase = 'waiting' | 'running' | 'done' | 'failed' | 'skipped' | 'stopped'

const phaseOf = (deployment: Deployment, name: StepName, step: Step | undefined): Phase => {
  const active = stepOf[deployment.state]
  if (active === name) return 'running'
  if (!step) return deployment.state === 'ready' ? 'skipped' : 'waiting'
  const last = deployment.steps.at(-1)?.name === name
  if (last && deployment.state === 'failed') return 'failed'
  if (last && isEnd(deployment.state) && deployment.state !== 'ready') return 'stopped'
  return 'done'
}

const looks: Record<Phase, string> = {
  waiting: 'border-line bg-panel text-muted',
  running: 'border-accent/50 bg-accent-soft text-accent',
  done: 'border-line bg-panel text-ink',
  failed: 'border-bad/50 bg-bad-soft text-bad',
  skipped: 'border-dashed border-line-strong bg-panel text-muted',
  stopped: 'border-line-strong bg-raised text-muted',
}

const words: Record<Phase, string> = {
  waiting: 'waiting',
  running: 'running',
  done: 'done',
  failed: 'failed',
  skipped: 'not needed',
  stopped: 'stopped',
}

function PhaseMark({ phase }: { phase: Phase }) {
  if (phase === 'done') return <Icon name="check" className="size-3.5 text-ok" />
  if (phase === 'failed') return <Icon name="cross" className="size-3.5" />
  if (phase === 'running')
    return (
      <span className="mx-0.5 size-2 animate-pulse rounded-full bg-accent" aria-hidden="true" />
    )
  return <span className="mx-1 size-1.5 rounded-full bg-control" aria-hidden="true" />
}

/** The way of a deployment, step by step, with times. */
export function Pipeline({ deployment }: { deployment: Deployment }) {
  return (
    <ol className="grid grid-cols-5 gap-1 sm:gap-1.5" aria-label="Steps" data-testid="pipeline">
      {stepOrder.map((name) => {
        const step = deployment.steps.find((each) => each.name === name)
        const phase = phaseOf(deployment, name, step)
        return (
          <li
            key={name}
            data-phase={phase}
            className={cx(
              'relative flex min-w-0 flex-col overflow-hidden rounded-lg border px-2 py-1 text-[12px] sm:flex-row sm:items-center sm:gap-1.5 sm:px-3 sm:py-2 sm:text-[14px]',
              looks[phase],
              phase === 'running' && 'sweep',
            )}
          >
            <span className="order-2 flex h-5 items-center sm:order-none sm:h-auto">
              <PhaseMark phase={phase} />
            </span>
            <span className="truncate font-medium">{stepLabels[name]}</span>
            <span className="sr-only">{words[phase]}</span>
            <span className="tabular order-3 truncate text-[11.5px] text-muted sm:order-none sm:ml-auto sm:text-[12.5px]">
              {step?.begin_ms != null && phase !== 'skipped' ? (
                phase === 'running' ? (
                  <Took begin_ms={step.begin_ms} end_ms={null} />
                ) : step.end_ms !== null ? (
                  duration(step.end_ms - step.begin_ms)
                ) : (
                  ''
                )
              ) : phase === 'skipped' ? (
                'not needed'
              ) : (
                ''
              )}
            </span>
          </li>
        )
      })}
    </ol>
  )
}
