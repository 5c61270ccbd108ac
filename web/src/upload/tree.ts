// What of a dropped folder travels: names made plain, what is dangerous kept back, bounds said before
// anything is read. The server checks all of it again.

/** One file at hand, by its path below the folder. */
export interface Picked {
  path: string
  bytes: number
  read: () => Promise<Uint8Array<ArrayBuffer>>
}

export interface PickedTree {
  files: Picked[]
  kept_back: string[]
}

// Those of the server; a page holds less in memory than it takes in all.
export const files_max = 50_000
export const file_bytes_max = 512 * 2 ** 20
export const bytes_max = 2 * 2 ** 30

/** Never sent: version control, installed packages, secrets, and what systems leave in folders. */
export const isKeptBack = (path: string): boolean => {
  const parts = path.split('/')
  const name = parts[parts.length - 1]!
  return (
    parts.some((part) => ['.git', 'node_modules', '.hg', '.svn', '__MACOSX'].includes(part)) ||
    name === '.env' ||
    name.startsWith('.env.') ||
    name === '.DS_Store'
  )
}

/** Whether a path stays below the folder; the names in a zip are whatever somebody wrote there. */
export const isPlain = (path: string): boolean =>
  path !== '' &&
  path.length <= 1024 &&
  !/[\u0000-\u001f\u007f\\]/.test(path) &&
  path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')

/** The folder that all files lie in, "" when there is none: "site/" of "site/a" and "site/b/c". */
export const commonFolder = (paths: string[]): string => {
  const first = paths[0]
  const end = first === undefined ? -1 : first.indexOf('/')
  if (end < 0) return ''
  const folder = first!.slice(0, end + 1)
  return paths.every((path) => path.startsWith(folder)) ? folder : ''
}

const mib = (bytes: number) => Math.round(bytes / 2 ** 20)

/** Sorts and checks. Throws an Error in words for people. */
export const treeOf = (picked: Picked[]): PickedTree => {
  const kept_back: string[] = []
  let files: Picked[] = []
  for (const file of picked) {
    if (isKeptBack(file.path)) kept_back.push(file.path)
    else files.push(file)
  }
  const odd = files.find((file) => !isPlain(file.path))
  if (odd) throw new Error(`“${odd.path.slice(0, 100)}” is not a path that can be deployed.`)
  const folder = commonFolder(files.map((file) => file.path))
  files = files.map((file) => ({ ...file, path: file.path.slice(folder.length) }))
  if (files.length === 0) throw new Error('There is no file in it that can be deployed.')
  if (files.length > files_max)
    throw new Error(`${files.length} files are more than ${files_max}, the most of one upload.`)
  const large = files.find((file) => file.bytes > file_bytes_max)
  if (large)
    throw new Error(`${large.path} is larger than ${mib(file_bytes_max)} MiB, the most of a file.`)
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  if (bytes > bytes_max)
    throw new Error(`${mib(bytes)} MiB are more than ${mib(bytes_max)} MiB, the most of an upload.`)
  files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
  const twice = files.find((file, index) => index > 0 && file.path === files[index - 1]!.path)
  if (twice) throw new Error(`${twice.path} is there twice.`)
  return { files, kept_back }
}
