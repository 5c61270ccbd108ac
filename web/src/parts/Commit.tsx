import type { Deployment } from '../api/types'
import { commitUrl, short } from '../format'
import { Icon } from '../ui/Icon'

/** Branch, commit and the first line of its message. */
export function CommitLine({
  deployment,
  repo_url,
}: {
  deployment: Deployment
  repo_url?: string
}) {
  const url = repo_url && deployment.commit ? commitUrl(repo_url, deployment.commit) : null
  const sha = <code className="font-mono text-[12.5px]">{short(deployment.commit)}</code>
  return (
    <span className="inline-flex min-w-0 max-w-full flex-wrap items-center gap-x-3 gap-y-0.5 text-muted">
      <span className="inline-flex min-w-0 items-center gap-1">
        <Icon name="branch" className="size-3.5" />
        <span className="truncate">{deployment.ref || 'default branch'}</span>
      </span>
      {deployment.commit && (
        <span className="inline-flex items-center gap-1">
          <Icon name="commit" className="size-3.5" />
          {url ? (
            <a href={url} target="_blank" rel="noreferrer" className="link">
              {sha}
            </a>
          ) : (
            sha
          )}
        </span>
      )}
    </span>
  )
}
