import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'

import { call } from '../api/client'
import { teamsQuery } from '../api/queries'
import type { Team } from '../api/types'
import { ProblemNotice } from '../parts/Broken'
import { fieldError, isGeneral } from '../parts/forms'
import { pages } from '../paths'
import { Button } from '../ui/Button'
import { Dialog, DialogButtons } from '../ui/Dialog'
import { TextField } from '../ui/Field'
import { Loading, PageHead, Panel } from '../ui/Panel'

export default function TeamsPage() {
  const { data, error } = useQuery(teamsQuery)
  const [adding, setAdding] = useState(false)
  return (
    <div className="max-w-4xl">
      <title>Teams · Berth</title>
      <PageHead
        title="Teams"
        below="Whose projects you see."
        actions={
          <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
            New team
          </Button>
        }
      />
      {error && <ProblemNotice error={error} />}
      <Panel flush>
        {data ? (
          <ul className="divide-y divide-line">
            {data.items.map((team) => (
              <li key={team.id}>
                <Link
                  to={pages.team}
                  params={{ team: team.slug }}
                  className="flex items-center gap-4 px-4 py-3 text-ink no-underline hover:bg-raised"
                >
                  <span className="min-w-0 grow truncate font-medium">{team.name}</span>
                  <span className="text-muted">{team.role}</span>
                </Link>
              </li>
            ))}
          </ul>
        ) : (
          !error && <Loading />
        )}
      </Panel>
      {adding && <AddTeam onClose={() => setAdding(false)} />}
    </div>
  )
}

function AddTeam({ onClose }: { onClose: () => void }) {
  const client = useQueryClient()
  const make = useMutation({
    mutationFn: (data: FormData) =>
      call<Team>('/teams', {
        method: 'POST',
        body: {
          slug: String(data.get('slug')).trim(),
          ...(data.get('name') && { name: String(data.get('name')).trim() }),
        },
      }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['teams'] })
      onClose()
    },
  })
  return (
    <Dialog title="New team" onClose={onClose}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          make.mutate(new FormData(event.currentTarget))
        }}
      >
        <TextField
          label="Slug"
          name="slug"
          mono
          required
          autoFocus
          hint="In addresses and commands: a-z, 0-9 and inner hyphens."
          error={fieldError(make.error, '/slug')}
        />
        <TextField
          label="Name"
          aside="optional"
          name="name"
          error={fieldError(make.error, '/name')}
        />
        {isGeneral(make.error, ['/slug', '/name']) && <ProblemNotice error={make.error} />}
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={make.isPending}>
            Make team
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  )
}
