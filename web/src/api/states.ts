import type { Deployment, Reason, State, StepName } from './types'

const ends: State[] = ['ready', 'failed', 'canceled', 'superseded', 'skipped']

export const isEnd = (state: State) => ends.includes(state)

export const stepLabels: Record<StepName, string> = {
  prepare: 'Prepare',
  clone: 'Clone',
  install: 'Install',
  build: 'Build',
  publish: 'Publish',
}

export const stepOrder: StepName[] = ['prepare', 'clone', 'install', 'build', 'publish']

/** The step that a state stands for; null before the first and after the last. */
export const stepOf: Partial<Record<State, StepName>> = {
  preparing: 'prepare',
  cloning: 'clone',
  installing: 'install',
  building: 'build',
  publishing: 'publish',
}

export const reasonTitles: Record<Reason, string> = {
  clone_not_found: 'The repository was not found',
  clone_auth: 'The repository refused our credentials',
  clone_ref: 'The branch or commit does not exist',
  clone_blocked: 'The address of the repository is not allowed',
  clone_failed: 'The repository could not be cloned',
  plan_failed: 'Berth could not tell how to build this',
  toolchain_failed: 'Node.js or the package manager could not be fetched',
  install_failed: 'The install command failed',
  build_failed: 'The build command failed',
  out_of_memory: 'The build ran out of memory',
  disk_full: 'The build ran out of disk space',
  too_many_processes: 'The build started too many processes',
  log_limit: 'The build wrote too much log',
  timed_out: 'The build took too long',
  output_missing: 'The output directory is not there',
  output_unsafe: 'The output holds links or special files that are not allowed',
  output_too_large: 'The output is too large',
  secret_in_output: 'A secret would have been published',
  publish_failed: 'The output could not be published',
  lost_worker: 'The worker went away during the build',
  no_worker: 'No worker took the build',
  internal: 'Something went wrong inside Berth',
}

/** How long a deployment took, or has taken so far. */
export const tookMs = (deployment: Deployment, now: number) =>
  (deployment.finished_at_ms ?? now) - deployment.created_at_ms

/** What a deployment is called: its commit's message, and before that is known, what it builds. */
export const titleOf = (deployment: Deployment): string =>
  deployment.message || `Head of ${deployment.ref || 'the default branch'}`
