import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'

import { redeliver } from '../api/actions'
import type { Problem } from '../api/client'
import { deliveriesQuery } from '../api/queries'
import type { Delivery, Project } from '../api/types'
import { short } from '../format'
import { Button } from '../ui/Button'
import { Loading } from '../ui/Panel'
import { Ago } from '../ui/Time'
import { toast } from '../ui/Toast'
import { ProblemNotice } from './Broken'

export const hosts: Record<Delivery['provider'], string> = {
  github: 'GitHub',
  gitea: 'Gitea, Forgejo',
  gitlab: 'GitLab',
  bitbucket: 'Bitbucket',
  bitbucket_server: 'Bitbucket Server',
  generic: 'Script',
}

/** "Deployed", or why not. */
const words = (delivery: Delivery) => {
  if (delivery.outcome === 'deployed') return 'Deployed'
  if (delivery.outcome === 'received') return 'About to be deployed'
  const reason = delivery.reason || delivery.outcome
  return delivery.outcome === 'failed' ? `Failed: ${reason}` : `Not deployed: ${reason}`
}

/** What Git hosts delivered to a project's webhook, and the way to run one again. */
export function Deliveries({ project }: { project: Project }) {
  const client = useQueryClient()
  const deliveries = useQuery(deliveriesQuery(project.id))
  const again = useMutation({
    mutationFn: (delivery: string) => redeliver(project.id, delivery),
    onSuccess: async (made) => {
      toast(made.deployment ? 'Delivered again: a deployment is made.' : words(made))
      await client.invalidateQueries(deliveriesQuery(project.id))
    },
    onError: (error: Problem) => toast(error.message, { bad: true }),
  })
  if (deliveries.error) return <ProblemNotice error={deliveries.error} />
  if (!deliveries.data) return <Loading rows={2} />
  if (deliveries.data.items.length === 0)
    return <p className="mt-3 text-muted">Nothing was delivered yet.</p>
  return (
    <section className="mt-3 overflow-x-auto" aria-label="Deliveries" tabIndex={0}>
      <table className="w-full text-left text-[13px]">
        <thead className="text-muted">
          <tr className="border-b border-line">
            <th className="py-2 pr-4 font-medium">When</th>
            <th className="py-2 pr-4 font-medium">From</th>
            <th className="py-2 pr-4 font-medium">Pushed</th>
            <th className="py-2 pr-4 font-medium">What became of it</th>
            <th className="py-2">
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {deliveries.data.items.map((delivery) => (
            <tr key={delivery.id} className="border-b border-line align-top last:border-0">
              <td className="py-2 pr-4 whitespace-nowrap">
                <Ago at_ms={delivery.at_ms} />
              </td>
              <td className="py-2 pr-4 whitespace-nowrap">{hosts[delivery.provider]}</td>
              <td className="max-w-48 truncate py-2 pr-4" title={delivery.message}>
                {[delivery.ref, short(delivery.commit), delivery.pusher]
                  .filter(Boolean)
                  .join(' · ') || delivery.event}
              </td>
              <td className="min-w-40 py-2 pr-4">{words(delivery)}</td>
              <td className="py-2 text-right">
                <Button
                  size="small"
                  busy={again.isPending && again.variables === delivery.id}
                  onClick={() => again.mutate(delivery.id)}
                >
                  Redeliver
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
