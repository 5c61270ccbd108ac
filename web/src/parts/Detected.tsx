import { frameworks } from '../api/frameworks'
import type { Plan } from '../api/types'
import { SelectField, TextField } from '../ui/Field'
import { Notice } from '../ui/Notice'

export type OverrideKey = 'framework' | 'install_command' | 'build_command' | 'output_dir' | 'node'
export type Overrides = Partial<Record<OverrideKey, string | null>>

export const frameworkName = (value: string) => frameworks[value] ?? (value || 'Not recognised')

export const planFields: { key: OverrideKey; label: string; placeholder: string }[] = [
  { key: 'install_command', label: 'Install command', placeholder: 'none' },
  { key: 'build_command', label: 'Build command', placeholder: 'none' },
  { key: 'output_dir', label: 'Output directory', placeholder: '.' },
  { key: 'node', label: 'Node.js version', placeholder: 'the current LTS' },
]

/** Each value with the reason it was chosen; typing over one makes it the project's own. */
export function Detected({
  plan,
  overrides,
  onChange,
  errorAt,
}: {
  plan: Plan
  overrides: Overrides
  onChange: (overrides: Overrides) => void
  errorAt: (pointer: string) => string | undefined
}) {
  const without = (key: OverrideKey) => {
    const { [key]: _, ...rest } = overrides
    onChange(rest)
  }
  const options = [...new Set([plan.framework.value, ...Object.keys(frameworks)])].filter(Boolean)
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <SelectField
        label="Framework"
        name="framework"
        value={overrides.framework ?? plan.framework.value}
        onChange={(event) =>
          event.target.value === plan.framework.value
            ? without('framework')
            : onChange({ ...overrides, framework: event.target.value })
        }
        hint={overrides.framework === undefined ? plan.framework.reason : 'Chosen by you.'}
        error={errorAt('/framework')}
      >
        {options.map((each) => (
          <option key={each} value={each}>
            {frameworkName(each)}
          </option>
        ))}
      </SelectField>
      <TextField
        label="Package manager"
        name="package_manager"
        value={plan.package_manager.value || 'none'}
        readOnly
        mono
        hint={plan.package_manager.reason}
      />
      {planFields.map(({ key, label, placeholder }) => {
        const own = overrides[key]
        return (
          <TextField
            key={key}
            label={label}
            name={key}
            mono
            value={own ?? plan[key].value}
            placeholder={placeholder}
            onChange={(event) =>
              event.target.value === plan[key].value
                ? without(key)
                : onChange({ ...overrides, [key]: event.target.value })
            }
            aside={
              own !== undefined && (
                <button type="button" className="link min-h-[24px]" onClick={() => without(key)}>
                  Use detected
                </button>
              )
            }
            hint={
              own === undefined
                ? plan[key].reason
                : `Yours; detected was “${plan[key].value || 'none'}”.`
            }
            error={errorAt(`/${key}`)}
          />
        )
      })}
      {plan.workspace && (
        <TextField
          label="Workspace"
          name="workspace"
          value={plan.workspace.value}
          readOnly
          mono
          hint={plan.workspace.reason}
        />
      )}
      {plan.ignore_command && (
        <TextField
          label="Ignore command"
          name="ignore_command"
          value={plan.ignore_command.value}
          readOnly
          mono
          hint={plan.ignore_command.reason}
        />
      )}
      {plan.warnings && plan.warnings.length > 0 && (
        <div className="sm:col-span-2">
          <Notice tone="warn" title="Worth a look">
            <ul className="list-disc space-y-1 pl-4">
              {plan.warnings.map((warning) => (
                <li key={warning}>{warning}</li>
              ))}
            </ul>
          </Notice>
        </div>
      )}
    </div>
  )
}
