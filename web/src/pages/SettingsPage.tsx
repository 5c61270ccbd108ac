import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'

import { callVersioned } from '../api/client'
import { healthQuery, instanceQuery } from '../api/queries'
import type { InstanceSettings } from '../api/types'
import { ProblemNotice } from '../parts/Broken'
import { MailServer } from '../parts/MailServer'
import { SignInProviders } from '../parts/SignInProviders'
import { chooseTheme, type Theme, useTheme } from '../parts/theme'
import { Switch } from '../ui/Field'
import { Loading, PageHead, Panel } from '../ui/Panel'
import { toast } from '../ui/Toast'

export default function SettingsPage() {
  const client = useQueryClient()
  const settings = useQuery(instanceQuery)
  const health = useQuery(healthQuery)
  const save = useMutation({
    mutationFn: (change: Partial<InstanceSettings>) =>
      callVersioned<InstanceSettings>('/instance/settings', {
        method: 'PATCH',
        etag: settings.data?.etag,
        body: change,
      }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['instance'] })
      toast('Saved.')
    },
  })
  const data = settings.data?.data
  return (
    <div className="flex max-w-3xl flex-col gap-5">
      <title>Settings · Berth</title>
      <PageHead title="Settings" below="Of this Berth, for everybody." />
      {save.error && <ProblemNotice error={save.error} />}
      {settings.error ? (
        <ProblemNotice error={settings.error} />
      ) : !data ? (
        <Loading />
      ) : (
        <>
          <Panel title="Sign-up">
            <Switch
              label="Anybody may make an account"
              hint="Off, only administrators add people."
              checked={data.public_signup}
              disabled={save.isPending}
              onChange={(public_signup) => save.mutate({ public_signup })}
            />
          </Panel>
          <Panel flush title="Addresses">
            <dl className="divide-y divide-line">
              <Line
                name="This dashboard"
                value={data.platform_url || location.origin}
                hint="--platform-url"
              />
              <Line name="Sites live below" value={data.base_host} hint="--base-host" />
              <Line name="Version" value={health.data?.version ?? ''} />
            </dl>
          </Panel>
        </>
      )}
      <SignInProviders />
      <MailServer />
      <Appearance />
    </div>
  )
}

function Line({ name, value, hint }: { name: string; value: string; hint?: string }) {
  return (
    <div className="grid gap-x-4 px-4 py-2.5 sm:grid-cols-[180px_1fr_auto]">
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0 break-all">{value}</dd>
      {hint && (
        <dd className="text-[12.5px] text-muted">
          set by <code className="font-mono">{hint}</code>
        </dd>
      )}
    </div>
  )
}

const themes: [Theme, string][] = [
  ['system', 'Follow the system'],
  ['light', 'Light'],
  ['dark', 'Dark'],
]

function Appearance() {
  const theme = useTheme()
  return (
    <Panel title="Appearance">
      <fieldset className="flex flex-wrap gap-2">
        <legend className="mb-2 text-muted">In this browser</legend>
        {themes.map(([value, label]) => (
          <label
            key={value}
            className="flex min-h-8 cursor-pointer items-center gap-2 rounded-md border border-line px-3 has-checked:border-accent has-checked:bg-accent-soft"
          >
            <input
              type="radio"
              name="theme"
              checked={theme === value}
              onChange={() => chooseTheme(value)}
              className="size-4 accent-(--accent)"
            />
            {label}
          </label>
        ))}
      </fieldset>
    </Panel>
  )
}
