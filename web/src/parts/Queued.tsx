import { useEffect, useState } from 'react'

import type { Deployment } from '../api/types'
import { duration } from '../format'
import { Notice } from '../ui/Notice'

type WaitReason = NonNullable<Deployment['queue_reason']>

const reasons: Record<WaitReason, { title: string; text: string }> = {
  worker: {
    title: 'No worker is connected',
    text: 'It begins as soon as one is.',
  },
  slot: {
    title: 'Waiting for a free slot',
    text: 'All workers build as much as they may.',
  },
  memory: {
    title: 'Waiting for memory',
    text: 'A worker has a free slot, but not the memory for one more build.',
  },
  project: {
    title: 'Waiting behind another deployment of this project',
    text: 'A project builds only so many at a time.',
  },
  team: {
    title: "Waiting for its team's turn",
    text: 'Other teams have had less of the workers, so theirs go first.',
  },
}

/** The seconds of an estimate are not worth showing exactly. */
const about = (ms: number) =>
  ms < 60_000 ? `${Math.max(1, Math.round(ms / 1000))} s` : `${Math.round(ms / 60_000)} min`

const useNow = () => {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  return now
}

/** Why a deployment waits, how many go first, and when its turn is likely to come. */
export function Queued({ deployment }: { deployment: Deployment }) {
  const now = useNow()
  const { queue_reason: reason, queue_begin_ms: begin, usual_ms: usual } = deployment
  const before = (deployment.queue_position ?? 1) - 1
  if (!reason)
    return (
      <Notice icon="clock" title="Next">
        A worker is about to take it.
      </Notice>
    )
  const facts = [
    before > 0 && `${before} before it`,
    begin !== null && (begin > now ? `begins in about ${about(begin - now)}` : 'its turn is near'),
    usual !== null && `usually takes ${duration(usual)}`,
  ].filter(Boolean)
  return (
    <Notice icon="clock" title={reasons[reason].title}>
      {reasons[reason].text}
      {facts.length > 0 && <p className="tabular-nums">{`${facts.join(' · ')}.`}</p>}
    </Notice>
  )
}
