import type { Project } from '../api/types'
import { TextField } from '../ui/Field'
import { fieldError } from './forms'
import { Section, useSave } from './SettingsSection'

/** "a, b" → ["a", "b"]; a comma between braces belongs to its pattern. */
export const patternsOf = (text: string): string[] =>
  (text.match(/(?:\{[^}]*\}|[^,])+/g) ?? []).map((each) => each.trim()).filter(Boolean)

/** Which pushes become deployments, and how long previews stay. */
export function PreviewRules({ project, etag }: { project: Project; etag: string | null }) {
  const save = useSave(project, etag)
  return (
    <Section
      title="Pushes and previews"
      save={save}
      pointers={['/preview_branches', '/preview_days', '/watch_paths']}
      onSubmit={(data) =>
        save.mutate({
          preview_branches: patternsOf(String(data.get('preview_branches'))),
          preview_days: Number(data.get('preview_days')),
          watch_paths: patternsOf(String(data.get('watch_paths'))),
          wait_for_checks: data.get('wait_for_checks') === 'on',
        })
      }
    >
      <TextField
        className="sm:col-span-2"
        label="Branches"
        name="preview_branches"
        mono
        defaultValue={project.preview_branches.join(', ')}
        placeholder="all of them"
        error={fieldError(save.error, '/preview_branches')}
        hint="Patterns like feature/**; with ! before them they leave out. The production branch always deploys."
      />
      <TextField
        label="Days that a preview stays"
        name="preview_days"
        type="number"
        min={0}
        max={365}
        required
        defaultValue={project.preview_days}
        error={fieldError(save.error, '/preview_days')}
        hint="After its last deployment; 0: as long as its branch."
      />
      <TextField
        label="Files that matter"
        name="watch_paths"
        mono
        defaultValue={project.watch_paths.join(', ')}
        placeholder="all of them"
        error={fieldError(save.error, '/watch_paths')}
        hint="A push that changes nothing else is skipped."
      />
      <label className="flex items-start gap-2 sm:col-span-2">
        <input
          type="checkbox"
          name="wait_for_checks"
          defaultChecked={project.wait_for_checks}
          className="mt-0.5 size-4 accent-(--accent)"
        />
        <span>
          Go live only when the checks of the commit at the Git host have passed
          <span className="block text-[12.5px] text-muted">
            For a linked repository; waits an hour at most.
          </span>
        </span>
      </label>
    </Section>
  )
}
