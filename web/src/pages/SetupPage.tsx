import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useRef } from 'react'

import { call } from '../api/client'
import { setupQuery } from '../api/queries'
import { ProblemNotice } from '../parts/Broken'
import { Door } from '../parts/Door'
import { fieldError, focusFirstError, isGeneral } from '../parts/forms'
import { pages } from '../paths'
import { Button } from '../ui/Button'
import { TextField } from '../ui/Field'

const pointers = ['/code', '/email', '/password']

export default function SetupPage() {
  const client = useQueryClient()
  const navigate = useNavigate()
  const { code } = useSearch({ from: pages.setup })
  const form = useRef<HTMLFormElement>(null)
  const setUp = useMutation({
    mutationFn: (data: FormData) =>
      call('/setup', {
        method: 'POST',
        anonymous: true,
        body: {
          code: String(data.get('code')).trim(),
          email: String(data.get('email')).trim(),
          password: String(data.get('password')),
        },
      }),
    onSuccess: async () => {
      client.setQueryData(setupQuery.queryKey, (old) => old && { ...old, needed: false })
      client.removeQueries({ queryKey: ['session'] })
      await navigate({ to: pages.projects })
    },
    onError: () => focusFirstError(form.current),
  })

  return (
    <Door title="Set up Berth" below="Make the administrator’s account. This page works once.">
      <title>Set up · Berth</title>
      <form
        ref={form}
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          setUp.mutate(new FormData(event.currentTarget))
        }}
      >
        <TextField
          label="One-time code"
          name="code"
          mono
          required
          defaultValue={code}
          autoFocus={!code}
          autoComplete="one-time-code"
          hint="Printed where Berth was started, and in its log."
          error={fieldError(setUp.error, '/code')}
        />
        <TextField
          label="E-mail"
          name="email"
          type="email"
          required
          autoComplete="username"
          error={fieldError(setUp.error, '/email')}
        />
        <TextField
          label="Password"
          name="password"
          type="password"
          required
          minLength={10}
          autoComplete="new-password"
          hint="At least 10 characters."
          error={fieldError(setUp.error, '/password')}
        />
        {isGeneral(setUp.error, pointers) && <ProblemNotice error={setUp.error} />}
        <Button type="submit" kind="primary" size="large" busy={setUp.isPending} className="w-full">
          Create administrator
        </Button>
      </form>
    </Door>
  )
}
