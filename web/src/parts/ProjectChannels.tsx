import { useQuery } from '@tanstack/react-query'

import { teamsQuery } from '../api/queries'
import type { Project } from '../api/types'
import { Channels } from './Channels'

/** The slug of its team: `…/git/TEAM/PROJECT.git`. */
export const teamOf = (project: Pick<Project, 'git_url'>) => project.git_url.split('/').at(-2)

/** For who manages the project's team: channels are the team's. */
export function ProjectChannels({ project }: { project: Project }) {
  const { data } = useQuery(teamsQuery)
  const team = data?.items.find((each) => each.slug === teamOf(project))
  const manages = team?.role === 'admin' || team?.role === 'owner'
  return team && manages ? <Channels team={team} project={project} /> : null
}
