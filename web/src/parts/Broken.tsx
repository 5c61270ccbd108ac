import { useQueryClient } from '@tanstack/react-query'
import { type ErrorComponentProps, Link, useRouter } from '@tanstack/react-router'

import { Problem } from '../api/client'
import { pages } from '../paths'
import { Button, buttonClass } from '../ui/Button'
import { Notice } from '../ui/Notice'

export function NotFound() {
  return (
    <main className="mx-auto max-w-lg px-4 py-16">
      <title>Not found · Berth</title>
      <h1 className="text-center text-xl">There is nothing at this address</h1>
      <div className="mt-2 text-center text-muted">
        <p className="mb-4">
          It may have been deleted or renamed, or you may not be allowed to see it.
        </p>
        <Link to={pages.projects} className={buttonClass({ kind: 'primary' })}>
          All projects
        </Link>
      </div>
    </main>
  )
}

/** A page that could not be shown: says why, and tries again when asked. */
export function Broken({ error, reset }: ErrorComponentProps) {
  const router = useRouter()
  const client = useQueryClient()
  if (error instanceof Problem && error.status === 404) return <NotFound />
  return (
    <main className="mx-auto max-w-lg px-4 py-16">
      <title>Problem · Berth</title>
      <h1 className="mb-3 text-xl">This page could not be shown</h1>
      <ProblemNotice error={error instanceof Error ? error : new Error(String(error))} />
      <Button
        className="mt-4"
        icon="redo"
        onClick={async () => {
          await client.invalidateQueries()
          reset()
          await router.invalidate()
        }}
      >
        Try again
      </Button>
    </main>
  )
}

/** What the server said, with what it proposes to do next. */
export function ProblemNotice({ error }: { error: Error }) {
  const body = error instanceof Problem ? error.body : null
  return (
    <Notice tone="bad" role="alert" title={error.message}>
      {body?.next && body.next.length > 0 && (
        <ul className="mt-1 space-y-0.5">
          {body.next.map((next) => (
            <li key={next.label}>
              {next.href ? (
                <a className="link" href={next.href}>
                  {next.label}
                </a>
              ) : (
                next.label
              )}
              {next.command && (
                <code className="ml-2 rounded bg-panel px-1.5 py-0.5 font-mono text-[12.5px]">
                  {next.command}
                </code>
              )}
            </li>
          ))}
        </ul>
      )}
      {body?.instance && (
        <p className="mt-1 text-[12.5px] text-muted">
          {body.code} · {body.instance}
        </p>
      )}
    </Notice>
  )
}
