import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'

import type { Problem } from '../api/client'
import { addSchedule, removeSchedule, schedulesQuery } from '../api/schedules'
import type { Project, Schedule } from '../api/types'
import { exact } from '../format'
import { Button } from '../ui/Button'
import { TextField } from '../ui/Field'
import { Loading, Panel } from '../ui/Panel'
import { Ago } from '../ui/Time'
import { toast } from '../ui/Toast'
import { ProblemNotice } from './Broken'
import { fieldError, focusFirstError, isGeneral } from './forms'

/** Redeploys by the clock. */
export function Schedules({ project }: { project: Project }) {
  const { data: schedules, error } = useQuery(schedulesQuery(project.id))
  const [adding, setAdding] = useState(false)
  return (
    <Panel
      title="Schedules"
      actions={
        !adding && (
          <Button size="small" onClick={() => setAdding(true)}>
            Add
          </Button>
        )
      }
    >
      {error ? (
        <ProblemNotice error={error} />
      ) : !schedules ? (
        <Loading rows={1} />
      ) : schedules.length === 0 ? (
        !adding && <p className="text-muted">None: the project is deployed by pushes and people.</p>
      ) : (
        <ul aria-label="Schedules" className="divide-y divide-line">
          {schedules.map((schedule) => (
            <Row key={schedule.id} project={project} schedule={schedule} />
          ))}
        </ul>
      )}
      {adding && <Add project={project} onDone={() => setAdding(false)} />}
    </Panel>
  )
}

function Row({ project, schedule }: { project: Project; schedule: Schedule }) {
  const client = useQueryClient()
  const remove = useMutation({
    mutationFn: () => removeSchedule(project.id, schedule.id),
    onSuccess: () => client.invalidateQueries({ queryKey: ['schedules'] }),
    onError: (problem: Problem) => toast(problem.message, { bad: true }),
  })
  return (
    <li className="flex flex-wrap items-start justify-between gap-x-4 gap-y-1 py-2 first:pt-0">
      <div className="min-w-0">
        <p className="flex flex-wrap gap-x-3">
          <code className="font-mono text-[13px]">{schedule.cron}</code>
          <span className="text-muted">{schedule.time_zone}</span>
          {schedule.ref && <code className="font-mono text-[13px] break-all">{schedule.ref}</code>}
        </p>
        <p className="text-[13px] text-muted">
          {schedule.next_at_ms ? `Next: ${exact(schedule.next_at_ms)}` : 'It never comes'}
          {schedule.last_at_ms && (
            <>
              {' '}
              · last: <Ago at_ms={schedule.last_at_ms} />
            </>
          )}
        </p>
        {schedule.trouble && <p className="text-bad">{schedule.trouble}</p>}
      </div>
      <Button
        size="small"
        busy={remove.isPending}
        aria-label={`Remove ${schedule.cron}`}
        onClick={() => remove.mutate()}
      >
        Remove
      </Button>
    </li>
  )
}

function Add({ project, onDone }: { project: Project; onDone: () => void }) {
  const client = useQueryClient()
  const form = useRef<HTMLFormElement>(null)
  const add = useMutation({
    mutationFn: (data: FormData) =>
      addSchedule(project.id, {
        cron: String(data.get('cron')).trim(),
        time_zone: String(data.get('time_zone')).trim(),
        ref: String(data.get('ref')).trim(),
      }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['schedules'] })
      onDone()
    },
  })
  if (add.error) focusFirstError(form.current)
  return (
    <form
      ref={form}
      className="mt-3"
      onSubmit={(event) => {
        event.preventDefault()
        add.mutate(new FormData(event.currentTarget))
      }}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          className="sm:col-span-2"
          label="When"
          name="cron"
          mono
          required
          placeholder="30 4 * * mon-fri"
          hint="Minute, hour, day of the month, month, day of the week."
          error={fieldError(add.error, '/cron')}
        />
        <TextField
          label="Time zone"
          name="time_zone"
          mono
          required
          defaultValue={Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'}
          error={fieldError(add.error, '/time_zone')}
        />
        <TextField
          label="Branch"
          name="ref"
          mono
          placeholder={project.branch || 'the production branch'}
          error={fieldError(add.error, '/ref')}
        />
      </div>
      {isGeneral(add.error, ['/cron', '/time_zone', '/ref']) && <ProblemNotice error={add.error} />}
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" kind="primary" busy={add.isPending}>
          Add
        </Button>
      </div>
    </form>
  )
}
