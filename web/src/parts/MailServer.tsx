import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'

import { call } from '../api/client'
import { mailQuery } from '../api/queries'
import type { MailServer as Server } from '../api/types'
import { Button } from '../ui/Button'
import { SelectField, TextField } from '../ui/Field'
import { Panel } from '../ui/Panel'
import { toast } from '../ui/Toast'
import { ProblemNotice } from './Broken'
import { fieldError, isGeneral } from './forms'

/** The server that notifications by mail go through. Owners of the instance alone see it. */
export function MailServer() {
  const mail = useQuery(mailQuery)
  if (!mail.data) return null
  return <Form key={JSON.stringify(mail.data.server)} server={mail.data.server} />
}

function Form({ server }: { server: Server | null }) {
  const client = useQueryClient()
  const save = useMutation({
    mutationFn: (data: FormData) => {
      const text = (name: string) => String(data.get(name) ?? '').trim()
      const password = String(data.get('password') ?? '')
      return call('/instance/mail', {
        method: 'PUT',
        body: {
          host: text('host'),
          port: Number(text('port')),
          security: text('security'),
          username: text('username'),
          from: text('from'),
          ...(password && { password }),
        },
      })
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['mail'] })
      toast('Saved. Test it with a channel of a team.')
    },
  })
  const at = (name: string) => fieldError(save.error, `/${name}`)
  return (
    <Panel title="Mail server">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          save.mutate(new FormData(event.currentTarget))
        }}
      >
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField
            label="Host"
            name="host"
            required
            mono
            defaultValue={server?.host}
            error={at('host')}
          />
          <TextField
            label="Port"
            name="port"
            type="number"
            required
            defaultValue={server?.port ?? 587}
            error={at('port')}
          />
          <SelectField
            label="Security"
            name="security"
            defaultValue={server?.security ?? 'starttls'}
            error={at('security')}
          >
            <option value="starttls">STARTTLS (587)</option>
            <option value="tls">TLS (465)</option>
            <option value="none">None, and no password</option>
          </SelectField>
          <TextField
            label="Sender"
            name="from"
            type="email"
            required
            defaultValue={server?.from}
            error={at('from')}
          />
          <TextField
            label="User name"
            name="username"
            autoComplete="off"
            defaultValue={server?.username}
            error={at('username')}
          />
          <TextField
            label="Password"
            name="password"
            type="password"
            autoComplete="new-password"
            placeholder={server?.has_password ? 'sealed; type to replace' : undefined}
          />
        </div>
        {isGeneral(save.error, ['/host', '/port', '/security', '/from', '/username']) && (
          <div className="mt-4">
            <ProblemNotice error={save.error} />
          </div>
        )}
        <div className="mt-4 flex justify-end">
          <Button type="submit" busy={save.isPending}>
            Save
          </Button>
        </div>
      </form>
    </Panel>
  )
}
