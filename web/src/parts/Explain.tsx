import { useMutation } from '@tanstack/react-query'
import { useRef, useState } from 'react'

import { Problem } from '../api/client'
import { explain, type Question } from '../api/rules'
import type { Explanation } from '../api/types'
import { Button } from '../ui/Button'
import { areaClass, Field, TextField } from '../ui/Field'
import { Loading, Panel } from '../ui/Panel'
import { ProblemNotice } from './Broken'
import { Explained } from './Explained'
import { fieldError, focusFirstError, isGeneral } from './forms'

/** "Name: value" lines. Throws: Problem at /headers — a line that is none. */
export const headersOf = (text: string): Record<string, string> => {
  const headers: Record<string, string> = {}
  for (const line of text.split('\n').map((each) => each.trim())) {
    if (!line) continue
    const colon = line.indexOf(':')
    if (colon < 1) {
      const detail = `“${line}” must be “Name: value”`
      const errors = [{ pointer: '/headers', code: 'invalid_header', detail }]
      throw new Problem({ status: 422, code: 'invalid_header', detail, errors })
    }
    headers[line.slice(0, colon).trimEnd()] = line.slice(colon + 1).trimStart()
  }
  return headers
}

const questionOf = (data: FormData): Question => {
  const text = (name: string) => String(data.get(name) ?? '').trim()
  return {
    url: text('url'),
    headers: headersOf(text('headers')),
    country: text('country'),
    roles: text('roles')
      .split(/[\s,]+/)
      .filter(Boolean),
  }
}

/** Asks what a visitor of a URL gets, and which rule says so. */
export function Explain({ deployment }: { deployment: string }) {
  const form = useRef<HTMLFormElement>(null)
  const [more, setMore] = useState(false)
  // The last answer stays until the next one is there, so that the page does not jump.
  const [told, setTold] = useState<Explanation | null>(null)
  const ask = useMutation({
    mutationFn: async (data: FormData) => explain(deployment, questionOf(data)),
    onSuccess: setTold,
    onError: (error) => {
      setTold(null)
      if (
        fieldError(error, '/headers') ??
        fieldError(error, '/country') ??
        fieldError(error, '/roles')
      )
        setMore(true)
      focusFirstError(form.current)
    },
  })
  return (
    <Panel title="Explain this URL">
      <form
        ref={form}
        className="space-y-3"
        onSubmit={(event) => {
          event.preventDefault()
          if (!ask.isPending) ask.mutate(new FormData(event.currentTarget))
        }}
      >
        <div className="flex items-start gap-3">
          <TextField
            label="Path or URL"
            name="url"
            mono
            required
            autoComplete="off"
            placeholder="/old/page"
            className="grow"
            hint="What a visitor gets there, and which line of which file says so."
            error={fieldError(ask.error, '/url')}
          />
          {/* Beside the control, whose label is 28 px high. */}
          <Button type="submit" kind="primary" busy={ask.isPending} className="mt-[30px]">
            Explain
          </Button>
        </div>
        <details open={more} onToggle={(event) => setMore(event.currentTarget.open)}>
          <summary className="min-h-[24px] text-muted hover:text-ink">
            More about the request
          </summary>
          <div className="mt-2 grid gap-4 sm:grid-cols-[1fr_10rem]">
            <Field
              label="Headers"
              hint="One a line, as the visitor’s browser sends them."
              error={fieldError(ask.error, '/headers')}
            >
              {(ids) => (
                <textarea
                  {...ids}
                  name="headers"
                  rows={3}
                  spellCheck={false}
                  placeholder={'Cookie: beta=1\nAccept-Language: de'}
                  className={areaClass}
                />
              )}
            </Field>
            <TextField
              label="Country"
              name="country"
              mono
              maxLength={2}
              autoComplete="off"
              placeholder="DE"
              hint="Two letters."
              error={fieldError(ask.error, '/country')}
            />
            <TextField
              label="Roles"
              name="roles"
              mono
              autoComplete="off"
              placeholder="admin editor"
              hint="That the visitor’s token would name."
              error={fieldError(ask.error, '/roles')}
            />
          </div>
        </details>
      </form>
      {isGeneral(ask.error, ['/url', '/headers', '/country', '/roles']) && (
        <div className="mt-4">
          <ProblemNotice error={ask.error} />
        </div>
      )}
      {ask.isPending && !told && <Loading rows={3} />}
      <Explained told={told} old={ask.isPending} />
    </Panel>
  )
}
