import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'

import { refreshProject, removeProject, transferProject } from '../api/actions'
import { teamsQuery } from '../api/queries'
import type { Project } from '../api/types'
import { pages } from '../paths'
import { Button } from '../ui/Button'
import { Dialog, DialogButtons } from '../ui/Dialog'
import { SelectField, TextField } from '../ui/Field'
import { Notice } from '../ui/Notice'
import { Panel } from '../ui/Panel'
import { toast } from '../ui/Toast'
import { ProblemNotice } from './Broken'

/** What a project's owner does rarely: give it away, or delete it. */
export function DangerZone({ project }: { project: Project }) {
  return (
    <Panel title="Danger zone">
      <div className="space-y-4">
        <Transfer project={project} />
        <Delete project={project} />
      </div>
    </Panel>
  )
}

function Transfer({ project }: { project: Project }) {
  const client = useQueryClient()
  const teams = useQuery(teamsQuery)
  const [asking, setAsking] = useState(false)
  const takers = (teams.data?.items ?? []).filter(
    (team) => team.role === 'admin' || team.role === 'owner',
  )
  const give = useMutation({
    mutationFn: (team: string) => transferProject(project, team),
    onSuccess: async (_, team) => {
      setAsking(false)
      await refreshProject(client)
      toast(`${project.name} is the team ${team}'s now.`)
    },
  })
  return (
    <div className="flex flex-wrap items-center justify-between gap-3">
      <p className="text-muted">
        Give the project to another team of yours. Its sites and variables stay; its people become
        that team's.
      </p>
      <Button disabled={takers.length < 2} onClick={() => setAsking(true)}>
        Transfer
      </Button>
      {asking && (
        <Dialog title={`Give ${project.name} to another team`} onClose={() => setAsking(false)}>
          <form
            onSubmit={(event) => {
              event.preventDefault()
              give.mutate(String(new FormData(event.currentTarget).get('team')))
            }}
          >
            <SelectField label="Team" name="team">
              {takers.map((team) => (
                <option key={team.id} value={team.slug}>
                  {team.name}
                </option>
              ))}
            </SelectField>
            {give.error && (
              <div className="mt-3">
                <ProblemNotice error={give.error} />
              </div>
            )}
            <DialogButtons>
              <Button onClick={() => setAsking(false)}>Keep it here</Button>
              <Button type="submit" kind="danger" busy={give.isPending}>
                Transfer
              </Button>
            </DialogButtons>
          </form>
        </Dialog>
      )}
    </div>
  )
}

function Delete({ project }: { project: Project }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [asking, setAsking] = useState(false)
  const [typed, setTyped] = useState('')
  const drop = useMutation({
    mutationFn: () => removeProject(project),
    onSuccess: async () => {
      await navigate({ to: pages.projects })
      client.removeQueries({ queryKey: ['project'] })
      await Promise.all([refreshProject(client), client.invalidateQueries({ queryKey: ['teams'] })])
      toast(`${project.name} is deleted. For a week the team's page has it back.`)
    },
  })
  return (
    <div className="flex flex-wrap items-center justify-between gap-3">
      <p className="text-muted">
        Takes the site off the net. For a week the project can be had back as it was; then its
        deployments, logs and variables are gone.
      </p>
      <Button kind="danger" onClick={() => setAsking(true)}>
        Delete project
      </Button>
      {asking && (
        <Dialog title={`Delete ${project.name}?`} onClose={() => setAsking(false)}>
          <Notice tone="bad">Its sites stop answering at once.</Notice>
          <form
            className="mt-4"
            onSubmit={(event) => {
              event.preventDefault()
              if (typed === project.name) drop.mutate()
            }}
          >
            <TextField
              label={`Type ${project.name} to confirm`}
              value={typed}
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => setTyped(event.target.value)}
            />
            {drop.error && (
              <div className="mt-3">
                <ProblemNotice error={drop.error} />
              </div>
            )}
            <DialogButtons>
              <Button onClick={() => setAsking(false)}>Keep it</Button>
              <Button
                type="submit"
                kind="danger"
                disabled={typed !== project.name}
                busy={drop.isPending}
              >
                Delete project
              </Button>
            </DialogButtons>
          </form>
        </Dialog>
      )}
    </div>
  )
}
