// Where files come from: a dropped folder, a chosen one, or a zip, which is opened here.

import { type Picked, type PickedTree, treeOf } from './tree'

const zip_bytes_max = 512 * 2 ** 20 // packed, and what comes out of it: both are in memory at once
const zip_files_max = 50_000

const pickedOf = (file: File, path: string): Picked => ({
  path,
  bytes: file.size,
  read: async () => new Uint8Array(await file.arrayBuffer()),
})

const isZip = (file: File) => /\.zip$/i.test(file.name)

/** All of a zip. Throws an Error in words for people. */
export const readZip = async (packed: Uint8Array): Promise<PickedTree> => {
  const { unzipSync } = await import('fflate') // who brings no zip does not load it
  let count = 0
  let bytes = 0
  let unpacked: Record<string, Uint8Array>
  const over = new Error('The zip unpacks to more than a page can hold: use `berth deploy`.')
  try {
    unpacked = unzipSync(packed, {
      filter: (entry) => {
        if (entry.name.endsWith('/')) return false
        count += 1
        bytes += entry.originalSize
        if (count > zip_files_max || bytes > zip_bytes_max) throw over
        return true
      },
    })
  } catch (error) {
    if (error === over) throw over
    throw new Error('This is not a zip that can be read.')
  }
  return treeOf(
    Object.entries(unpacked).map(([path, content]) => ({
      path: path.replace(/^(\.\/)+/, ''),
      bytes: content.length,
      read: async () => new Uint8Array(content),
    })),
  )
}

const readZipFile = async (file: File): Promise<PickedTree> => {
  if (file.size > zip_bytes_max)
    throw new Error('The zip is larger than a page can hold: use `berth deploy`.')
  return readZip(new Uint8Array(await file.arrayBuffer()))
}

/** Of <input type="file">, with webkitdirectory or without. */
export const readFiles = async (files: File[]): Promise<PickedTree> => {
  if (files.length === 1 && isZip(files[0]!)) return readZipFile(files[0]!)
  return treeOf(files.map((file) => pickedOf(file, file.webkitRelativePath || file.name)))
}

const fileOf = (entry: FileSystemFileEntry) =>
  new Promise<File>((resolve, reject) => entry.file(resolve, reject))

/** A reader gives some entries at a time, and none at the end. */
const entriesOf = async (folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> => {
  const reader = folder.createReader()
  const all: FileSystemEntry[] = []
  while (true) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    )
    if (some.length === 0) return all
    all.push(...some)
  }
}

const collect = async (entry: FileSystemEntry, into: Picked[], kept_back: string[]) => {
  const path = entry.fullPath.replace(/^\//, '')
  if (entry.isFile) {
    into.push(pickedOf(await fileOf(entry as FileSystemFileEntry), path))
    return
  }
  // Not even looked into: there may be 100,000 files.
  if (['node_modules', '.git'].includes(entry.name)) {
    kept_back.push(`${path}/`)
    return
  }
  for (const below of await entriesOf(entry as FileSystemDirectoryEntry))
    await collect(below, into, kept_back)
}

/** Of a drop. Its items are gone once the event has ended, so they are taken before the first wait. */
export const readDrop = async (transfer: DataTransfer): Promise<PickedTree> => {
  const entries = [...transfer.items]
    .map((item) => item.webkitGetAsEntry())
    .filter((entry) => entry !== null)
  const files = [...transfer.files]
  if (entries.length === 0 || (files.length === 1 && entries[0]!.isFile && isZip(files[0]!)))
    return readFiles(files)
  const picked: Picked[] = []
  const kept_back: string[] = []
  for (const entry of entries) await collect(entry, picked, kept_back)
  const tree = treeOf(picked)
  return { ...tree, kept_back: [...kept_back, ...tree.kept_back] }
}
