import { useMutation } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'

import { redeploy } from '../api/actions'
import type { Problem } from '../api/client'
import { reasonTitles } from '../api/states'
import type { Deployment } from '../api/types'
import { pages } from '../paths'
import { Button } from '../ui/Button'
import { CopyButton } from '../ui/Copy'
import { Notice } from '../ui/Notice'
import { toast } from '../ui/Toast'

const support = (deployment: Deployment) =>
  [
    `deployment ${deployment.id} (${deployment.project_name})`,
    `state ${deployment.state}, reason ${deployment.reason}, exit code ${deployment.exit_code ?? 'none'}`,
    `commit ${deployment.commit} on ${deployment.ref}`,
    deployment.detail,
    deployment.first_error,
  ]
    .filter(Boolean)
    .join('\n')

/** Why it failed, the first line that says so, and what to try. */
export function Failure({ deployment, compact }: { deployment: Deployment; compact?: boolean }) {
  const navigate = useNavigate()
  const again = useMutation({
    mutationFn: (how: { use_caches?: boolean }) => redeploy(deployment.id, how),
    onSuccess: (next) =>
      navigate({
        to: pages.deployment,
        params: { project: deployment.project_name, deployment: next.id },
      }),
    onError: (error: Problem) => toast(error.message, { bad: true }),
  })
  const title = deployment.reason ? reasonTitles[deployment.reason] : 'This deployment failed'
  const exit = deployment.exit_code !== null ? ` (exit code ${deployment.exit_code})` : ''
  return (
    <Notice
      tone="bad"
      title={`${title}${exit}`}
      actions={
        compact ? (
          <Link
            to={pages.deployment}
            params={{ project: deployment.project_name, deployment: deployment.id }}
            className="link leading-7 font-medium"
          >
            See the log
          </Link>
        ) : (
          <>
            <CopyButton text={support(deployment)} label="Copy for support" />
            <Button
              size="small"
              busy={again.isPending}
              onClick={() => again.mutate({ use_caches: false })}
            >
              Try without cache
            </Button>
            <Button
              size="small"
              icon="redo"
              busy={again.isPending}
              onClick={() => again.mutate({})}
            >
              Try again
            </Button>
          </>
        )
      }
    >
      {deployment.detail && <p>{deployment.detail}</p>}
      {deployment.first_error && (
        <pre className="my-2 rounded-md border border-bad/25 bg-panel px-3 py-2 text-ink">
          <code className="line-clamp-6 font-mono text-[12.5px] leading-5 break-words whitespace-pre-wrap">
            {deployment.first_error}
          </code>
        </pre>
      )}
      {deployment.next_step && !compact && (
        <p>
          <span className="font-medium text-ink">To try: </span>
          {deployment.next_step}
        </p>
      )}
    </Notice>
  )
}
