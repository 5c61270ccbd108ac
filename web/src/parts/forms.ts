import { Problem } from '../api/client'

/** What the server said about a field; undefined when it said nothing about it. */
export const fieldError = (error: Error | null, pointer: string): string | undefined =>
  error instanceof Problem ? error.field(pointer) : undefined

/** Whether a failure is not about any of these fields, so that the form itself must say it. */
export const isGeneral = (error: Error | null, pointers: string[]): error is Error =>
  error !== null && !pointers.some((pointer) => fieldError(error, pointer))

/**
 * Moves the focus to the first field that is wrong, once it is drawn. A mutation's onError comes before the
 * timer that tells React of the error, so this one goes round twice.
 */
export const focusFirstError = (form: HTMLElement | null) =>
  setTimeout(() =>
    setTimeout(() => form?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus()),
  )
