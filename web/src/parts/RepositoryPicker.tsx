import { useInfiniteQuery, useQueries, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'

import { connectionsQuery, repositoriesQuery, teamsQuery } from '../api/queries'
import type { GitConnection, RemoteRepository, Team } from '../api/types'
import { Button } from '../ui/Button'
import { SelectField, TextField } from '../ui/Field'
import { Loading } from '../ui/Panel'
import { ProblemNotice } from './Broken'
import { Chip } from './StateBadge'

export interface PickedRepository {
  connection: string
  repository: string
}

const settled = 300 // ms without a key before the host is asked

/** Repositories of the Git hosts that the person's teams are connected to; nothing without any. */
export function RepositoryPicker({
  onPick,
}: {
  onPick: (picked: PickedRepository, repository: RemoteRepository) => void
}) {
  const teams = useQuery(teamsQuery)
  const managed = (teams.data?.items ?? []).filter(
    (team) => team.role === 'admin' || team.role === 'owner',
  )
  const lists = useQueries({ queries: managed.map((team) => connectionsQuery(team.id)) })
  const all = managed.flatMap((team, i) =>
    (lists[i]?.data?.items ?? []).map((connection) => ({ team, connection })),
  )
  const [chosen, setChosen] = useState('')
  const current = all.find((each) => each.connection.id === chosen) ?? all[0]
  if (!current) return null
  return (
    <div className="mb-4 space-y-3">
      {all.length > 1 && (
        <SelectField
          label="From"
          value={current.connection.id}
          onChange={(event) => setChosen(event.target.value)}
        >
          {all.map(({ team, connection }) => (
            <option key={connection.id} value={connection.id}>
              {connection.account} at {connection.base_url} ({team.name})
            </option>
          ))}
        </SelectField>
      )}
      <Repositories key={current.connection.id} {...current} onPick={onPick} />
    </div>
  )
}

function Repositories({
  team,
  connection,
  onPick,
}: {
  team: Team
  connection: GitConnection
  onPick: (picked: PickedRepository, repository: RemoteRepository) => void
}) {
  const [typed, setTyped] = useState('')
  const [search, setSearch] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setSearch(typed.trim()), settled)
    return () => clearTimeout(timer)
  }, [typed])
  const found = useInfiniteQuery(repositoriesQuery(team.id, connection.id, search))
  const items = found.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <>
      <TextField
        label="Search repositories"
        type="search"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      {found.error && <ProblemNotice error={found.error} />}
      {found.isPending && <Loading rows={3} />}
      {found.data && items.length === 0 && <p className="text-muted">None found.</p>}
      <ul className="max-h-72 divide-y divide-line overflow-y-auto" aria-label="Repositories">
        {items.map((item) => (
          <li key={item.path} className="flex items-center gap-3 py-2">
            <span className="min-w-0 grow break-all">{item.path}</span>
            {item.is_private && <Chip tone="ok">Private</Chip>}
            <Button
              size="small"
              onClick={() => onPick({ connection: connection.id, repository: item.path }, item)}
            >
              Choose<span className="sr-only"> {item.path}</span>
            </Button>
          </li>
        ))}
      </ul>
      {found.hasNextPage && (
        <Button busy={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          More
        </Button>
      )}
    </>
  )
}
