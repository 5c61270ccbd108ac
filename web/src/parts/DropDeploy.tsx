import { type DragEvent, useEffect, useId, useRef, useState } from 'react'

import { bytes } from '../format'
import { Button, Spinner } from '../ui/Button'
import { cx } from '../ui/classes'
import { Icon } from '../ui/Icon'
import { Notice } from '../ui/Notice'
import { readDrop, readFiles } from '../upload/read'
import { type Progress, upload } from '../upload/send'
import type { PickedTree } from '../upload/tree'
import { ProblemNotice } from './Broken'

/** What the person sees while it goes on. */
const words = ({ doing, files, of_files, bytes: done }: Progress) =>
  ({
    reading: `Reading ${files} of ${of_files} files`,
    sending: `Uploading: ${files} files, ${bytes(done)} so far`,
    packing: files === 0 ? 'Asking what is there already' : 'Packing',
  })[doing]

const folderName = (files: File[]) => files[0]?.webkitRelativePath.split('/')[0] ?? ''

/**
 * A folder or zip becomes a deployment. `projectOf` gives the project that it goes to, and may make it
 * then; `onUploaded` deploys, and leaves the page.
 */
export function DropDeploy({
  projectOf,
  onUploaded,
  onNamed,
  disabled = false,
  children,
}: {
  projectOf: () => Promise<string>
  onUploaded: (project: string, upload: string) => Promise<unknown>
  /** The folder's or zip's name, as soon as it is known. */
  onNamed?: (name: string) => void
  disabled?: boolean
  children?: React.ReactNode
}) {
  const id = useId()
  const folder = useRef<HTMLInputElement>(null)
  const zip = useRef<HTMLInputElement>(null)
  const stop = useRef<AbortController>(null)
  const [over, setOver] = useState(false)
  const [tree, setTree] = useState<PickedTree | null>(null)
  const [progress, setProgress] = useState<Progress | null>(null)
  const [error, setError] = useState<Error | null>(null)
  const busy = progress !== null

  // Whoever leaves the page while it uploads has stopped it.
  useEffect(() => () => stop.current?.abort(), [])

  const take = async (reading: Promise<PickedTree>) => {
    setError(null)
    setTree(null)
    try {
      setTree(await reading)
    } catch (broken) {
      setError(broken as Error)
    }
  }

  const send = async (chosen: PickedTree) => {
    const control = new AbortController()
    stop.current = control
    setError(null)
    setProgress({ doing: 'reading', files: 0, of_files: chosen.files.length, bytes: 0 })
    try {
      const project = await projectOf()
      const made = await upload(project, chosen, setProgress, control.signal)
      await onUploaded(project, made)
    } catch (broken) {
      if (!control.signal.aborted) setError(broken as Error)
    } finally {
      setProgress(null)
    }
  }

  const drop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    if (busy || disabled) return
    onNamed?.(event.dataTransfer.files[0]?.name.replace(/\.zip$/i, '') ?? '')
    void take(readDrop(event.dataTransfer))
  }
  const choose = (files: File[], name: string) => {
    if (files.length === 0) return
    onNamed?.(name)
    void take(readFiles(files))
  }
  const total = tree?.files.reduce((sum, file) => sum + file.bytes, 0) ?? 0

  return (
    <div>
      {/** biome-ignore lint/a11y/noStaticElementInteractions: the buttons in it do the same */}
      <div
        data-testid="drop"
        className={cx(
          'rounded-lg border border-dashed p-5 text-center',
          over ? 'border-ink bg-raised' : 'border-control',
        )}
        onDragOver={(event) => {
          event.preventDefault()
          setOver(true)
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <p className="mb-3 text-muted">
          <Icon name="out" className="mr-1.5 inline size-4" />
          Drop a folder or a zip here, or choose one.
        </p>
        <div className="flex flex-wrap justify-center gap-2">
          <Button disabled={busy || disabled} onClick={() => folder.current?.click()}>
            Choose a folder
          </Button>
          <Button disabled={busy || disabled} onClick={() => zip.current?.click()}>
            Choose a zip
          </Button>
        </div>
        <label htmlFor={`${id}-folder`} className="sr-only">
          Folder to deploy
        </label>
        <input
          id={`${id}-folder`}
          ref={folder}
          type="file"
          className="sr-only"
          tabIndex={-1}
          {...{ webkitdirectory: '' }}
          multiple
          onChange={(event) => {
            const files = [...(event.target.files ?? [])]
            choose(files, folderName(files))
            event.target.value = ''
          }}
        />
        <label htmlFor={`${id}-zip`} className="sr-only">
          Zip to deploy
        </label>
        <input
          id={`${id}-zip`}
          ref={zip}
          type="file"
          accept=".zip,application/zip"
          className="sr-only"
          tabIndex={-1}
          onChange={(event) => {
            const files = [...(event.target.files ?? [])]
            choose(files, files[0]?.name.replace(/\.zip$/i, '') ?? '')
            event.target.value = ''
          }}
        />
      </div>

      <div aria-live="polite" className="mt-3 empty:hidden">
        {error && <ProblemNotice error={error} />}
        {progress && (
          <p className="flex items-center gap-2 text-muted">
            <Spinner /> {words(progress)}
          </p>
        )}
        {tree && !progress && (
          <p>
            {tree.files.length} file{tree.files.length === 1 ? '' : 's'}, {bytes(total)}
          </p>
        )}
        {tree && tree.kept_back.length > 0 && (
          <Notice tone="warn" title={`${tree.kept_back.length} kept back`}>
            <span className="break-all">{tree.kept_back.slice(0, 5).join(', ')}</span>
            {tree.kept_back.length > 5 ? ' …' : ''}
          </Notice>
        )}
      </div>

      {tree && (
        <div className="mt-3 flex flex-wrap items-end justify-between gap-3">
          <div className="min-w-0 flex-1">{children}</div>
          <div className="flex gap-2">
            {busy && <Button onClick={() => stop.current?.abort()}>Stop</Button>}
            <Button
              kind="primary"
              icon="rocket"
              busy={busy}
              disabled={disabled}
              onClick={() => void send(tree)}
            >
              Upload and deploy
            </Button>
          </div>
        </div>
      )}
    </div>
  )
}
