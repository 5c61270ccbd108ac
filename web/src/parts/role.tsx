import type { ReactNode } from 'react'

import type { Project } from '../api/types'
import { Notice } from '../ui/Notice'

export type Role = NonNullable<Project['role']>

const order: Role[] = ['viewer', 'developer', 'admin', 'owner']

/** Whether who looks at the project may do what takes this role. The server decides in any case: an unknown role hides nothing. */
export const may = (project: Pick<Project, 'role'> | undefined, needed: Role): boolean =>
  !project?.role || order.indexOf(project.role) >= order.indexOf(needed)

/** What can be looked at by everybody of the project, and changed from a role on. */
export function FromRole({
  project,
  needed,
  children,
}: {
  project: Project | undefined
  needed: Role
  children: ReactNode
}) {
  const allowed = may(project, needed)
  return (
    <>
      {!allowed && (
        <Notice title="For you to look at">
          You are {project?.role} here. To change this takes {needed}: an owner of the team gives
          roles.
        </Notice>
      )}
      <fieldset disabled={!allowed} className="flex min-w-0 flex-col gap-5">
        {children}
      </fieldset>
    </>
  )
}
