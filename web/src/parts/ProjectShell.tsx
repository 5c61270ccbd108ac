import { Link, Outlet, useMatchRoute, useParams } from '@tanstack/react-router'

import { bare } from '../format'
import { pages } from '../paths'
import { Icon } from '../ui/Icon'
import { useProject } from './useProject'

const tabs = [
  { to: pages.project, label: 'Overview', exact: true },
  { to: pages.deployments, label: 'Deployments', exact: false },
  { to: pages.previews, label: 'Previews', exact: false },
  { to: pages.logs, label: 'Logs', exact: false },
  { to: pages.traffic, label: 'Traffic', exact: false },
  { to: pages.env, label: 'Variables', exact: false },
  { to: pages.project_settings, label: 'Settings', exact: false },
] as const

export default function ProjectShell() {
  const { project: name } = useParams({ strict: false }) as { project: string }
  const { data } = useProject(name)
  const matches = useMatchRoute()
  const inDeployment = matches({ to: pages.deployment, fuzzy: true })
  const project = data?.data
  return (
    <>
      <div className="mb-5">
        <div className="mb-3 flex flex-wrap items-center gap-x-3 gap-y-1">
          <nav aria-label="Breadcrumb" className="flex min-w-0 items-center gap-1.5 text-muted">
            <Link to={pages.projects} className="leading-[24px] hover:text-ink">
              Projects
            </Link>
            <span aria-hidden="true">/</span>
            <Link
              to={pages.project}
              params={{ project: name }}
              className="truncate leading-[24px] font-medium text-ink"
            >
              {project?.name ?? name}
            </Link>
          </nav>
          {project?.production && (
            <a
              href={project.url}
              target="_blank"
              rel="noreferrer"
              className="link inline-flex min-h-[24px] min-w-0 items-center gap-1 text-[13px]"
            >
              <span className="truncate">{bare(project.url)}</span>
              <Icon name="external" className="size-3.5" />
            </a>
          )}
        </div>
        <nav
          aria-label="Project"
          className="-mx-4 flex gap-1 overflow-x-auto border-b border-line px-4 md:mx-0 md:px-0"
        >
          {tabs.map((tab) => (
            <Link
              key={tab.to}
              to={tab.to}
              params={{ project: name }}
              activeOptions={{ exact: tab.exact, includeSearch: false }}
              aria-current={tab.to === pages.deployments && inDeployment ? 'page' : undefined}
              className="-mb-px flex h-9 items-center border-b-2 border-transparent px-2.5 whitespace-nowrap text-muted no-underline hover:text-ink aria-[current=page]:border-ink aria-[current=page]:font-medium aria-[current=page]:text-ink"
            >
              {tab.label}
            </Link>
          ))}
        </nav>
      </div>
      <Outlet />
    </>
  )
}
