import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'

import { call } from '../api/client'
import type { Team } from '../api/types'
import { dayOf } from '../format'
import { pages } from '../paths'
import { Button } from '../ui/Button'
import { Notice } from '../ui/Notice'
import { Panel } from '../ui/Panel'
import { useNow } from '../ui/Time'
import { toast } from '../ui/Toast'
import { ProblemNotice } from './Broken'

const week = 7 * 24 * 3_600_000

/** Whether it is so by now, and not only from a later day on. */
export const asksNow = (from_ms: number | null, now: number) => from_ms !== null && from_ms <= now

/** Tells who needs an authenticator app for the team that they have none. */
export function FactorMissing({ team }: { team: Team }) {
  const now = useNow()
  const from = team.second_factor_from_ms
  if (!team.second_factor_missing || from === null) return null
  return (
    <Notice
      tone="warn"
      title={
        asksNow(from, now)
          ? 'This team asks for a second factor'
          : `From ${dayOf(from)} on this team asks for a second factor`
      }
    >
      {asksNow(from, now) ? 'Until you have one you can do nothing here. ' : 'You have none yet. '}
      <Link to={pages.sessions} className="link">
        Set up an authenticator app
      </Link>
    </Notice>
  )
}

/** An owner's switch. */
export function TeamFactor({ team }: { team: Team }) {
  const client = useQueryClient()
  const now = useNow()
  const from = team.second_factor_from_ms
  const save = useMutation({
    mutationFn: (second_factor_from_ms: number | null) =>
      call<Team>(`/teams/${team.id}`, { method: 'PATCH', body: { second_factor_from_ms } }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['teams'] })
      toast('Saved.')
    },
  })
  return (
    <Panel title="Second factor">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="text-muted">
          {from === null
            ? 'Nobody needs one to act in this team.'
            : asksNow(from, now)
              ? `Who acts in this team, also by a token, needs an authenticator app, since ${dayOf(from)}.`
              : `From ${dayOf(from)} on who acts in this team needs an authenticator app.`}
        </p>
        <div className="flex gap-2">
          {from === null ? (
            <>
              <Button
                size="small"
                disabled={save.isPending}
                onClick={() => save.mutate(Date.now() + week)}
              >
                Ask for one in a week
              </Button>
              <Button
                size="small"
                disabled={save.isPending}
                onClick={() => save.mutate(Date.now())}
              >
                Ask now
              </Button>
            </>
          ) : (
            <Button size="small" busy={save.isPending} onClick={() => save.mutate(null)}>
              Ask no more
            </Button>
          )}
        </div>
      </div>
      {save.error && (
        <div className="mt-4">
          <ProblemNotice error={save.error} />
        </div>
      )}
    </Panel>
  )
}
