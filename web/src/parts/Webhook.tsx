import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

import { makeWebhook, removeWebhook } from '../api/actions'
import type { Problem } from '../api/client'
import { webhookQuery } from '../api/queries'
import type { AddedWebhook, Project } from '../api/types'
import { Button } from '../ui/Button'
import { SecretBox } from '../ui/Copy'
import { Dialog, DialogButtons } from '../ui/Dialog'
import { Notice } from '../ui/Notice'
import { Loading, Panel } from '../ui/Panel'
import { toast } from '../ui/Toast'
import { ProblemNotice } from './Broken'
import { Deliveries, hosts } from './Deliveries'

type Question = 'rotate' | 'remove'

/** What a Git host delivers pushes to, and what became of them. */
export function Webhook({ project }: { project: Project }) {
  const client = useQueryClient()
  const webhook = useQuery(webhookQuery(project.id))
  const [asking, setAsking] = useState<Question | null>(null)
  const [made, setMade] = useState<AddedWebhook | null>(null)
  const refresh = () => client.invalidateQueries(webhookQuery(project.id))
  const onError = (error: Problem) => {
    setAsking(null)
    toast(error.message, { bad: true })
  }
  const make = useMutation({
    mutationFn: () => makeWebhook(project.id),
    onSuccess: async (added) => {
      setAsking(null)
      setMade(added)
      await refresh()
    },
    onError,
  })
  const remove = useMutation({
    mutationFn: () => removeWebhook(project.id),
    onSuccess: async () => {
      setAsking(null)
      setMade(null)
      toast('Removed. Pushes no longer deploy this project.')
      await refresh()
    },
    onError,
  })
  const { data } = webhook
  const url = data?.url
  return (
    <Panel
      title="Push to deploy"
      actions={
        data &&
        (url ? (
          <>
            <Button size="small" icon="redo" onClick={() => setAsking('rotate')}>
              New secret
            </Button>
            <Button size="small" onClick={() => setAsking('remove')}>
              Remove webhook
            </Button>
          </>
        ) : (
          <Button size="small" busy={make.isPending} onClick={() => make.mutate()}>
            Make webhook
          </Button>
        ))
      }
    >
      <p className="mb-2 text-muted">
        A Git host that delivers its pushes here deploys them: the production branch to production,
        other branches to previews.
      </p>
      {webhook.error && <ProblemNotice error={webhook.error} />}
      {webhook.isPending && <Loading rows={1} />}
      {data && !url && <p>No webhook yet.</p>}
      {url && <SecretBox value={url} label="Copy webhook address" />}
      {made && <Secret made={made} />}
      {data && data.refused > 0 && (
        <p className="mt-2 text-muted">
          Refused for want of a right signature so far: {data.refused.toLocaleString('en')}.
        </p>
      )}
      {url && <Deliveries project={project} />}
      {asking && (
        <Ask
          question={asking}
          busy={make.isPending || remove.isPending}
          onClose={() => setAsking(null)}
          onYes={() => (asking === 'rotate' ? make.mutate() : remove.mutate())}
        />
      )}
    </Panel>
  )
}

function Secret({ made }: { made: AddedWebhook }) {
  return (
    <div className="mt-3 flex flex-col gap-2">
      <Notice tone="warn" title="The secret is shown this once.">
        Give it to the Git host together with the address.
      </Notice>
      <SecretBox value={made.secret} label="Copy webhook secret" />
      <details>
        <summary className="cursor-pointer text-muted">Where to put them</summary>
        <ul className="mt-2 flex list-disc flex-col gap-1 pl-5 text-[13px]">
          {made.hints.map((hint) => (
            <li key={hint.provider}>
              <strong>{hosts[hint.provider]}</strong>: {hint.place}. Secret: {hint.secret_field}.
              Events: {hint.events}.
            </li>
          ))}
        </ul>
      </details>
    </div>
  )
}

const questions = {
  rotate: {
    title: 'Make a new secret?',
    text: 'The old one stops working at once: until the Git host has the new one, its deliveries are refused. The address stays.',
    yes: 'Make new secret',
  },
  remove: {
    title: 'Remove the webhook?',
    text: 'Its address stops working and pushes no longer deploy. What was delivered stays listed when another is made.',
    yes: 'Remove',
  },
}

function Ask(props: { question: Question; busy: boolean; onClose: () => void; onYes: () => void }) {
  const { title, text, yes } = questions[props.question]
  return (
    <Dialog title={title} onClose={props.onClose}>
      <p className="text-muted">{text}</p>
      <DialogButtons>
        <Button onClick={props.onClose}>Keep it</Button>
        <Button kind="danger" busy={props.busy} onClick={props.onYes}>
          {yes}
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
