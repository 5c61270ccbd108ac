import { strToU8, zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'

import { readZip } from './read'

const zip = (files: Record<string, string>) =>
  zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)])))

describe('a zip', () => {
  it('is read with its folder taken off', async () => {
    const tree = await readZip(
      zip({ 'site/index.html': '<h1>', 'site/a/b.css': 'x', 'site/.env': 'S=1' }),
    )
    expect(tree.files.map((file) => file.path)).toEqual(['a/b.css', 'index.html'])
    expect(tree.kept_back).toEqual(['site/.env'])
    expect(new TextDecoder().decode(await tree.files[1]!.read())).toBe('<h1>')
  })

  it('that leads outside is refused', async () => {
    await expect(readZip(zip({ '../../etc/passwd': 'x', 'index.html': 'y' }))).rejects.toThrow(
      'not a path',
    )
    await expect(readZip(zip({ '/etc/passwd': 'x' }))).rejects.toThrow('not a path')
  })

  it('that is damaged is refused in words', async () => {
    const good = zip({ 'index.html': 'hello'.repeat(100) })
    await expect(readZip(good.slice(0, good.length - 10))).rejects.toThrow('not a zip')
    await expect(readZip(strToU8('nonsense'))).rejects.toThrow('not a zip')
  })

  it('that says it unpacks to too much is refused before it does', async () => {
    const bomb = zip({ 'a.bin': 'x'.repeat(1000) })
    const view = new DataView(bomb.buffer)
    for (let at = 0; at + 46 < bomb.length; at++) {
      if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 24, 600 * 2 ** 20, true)
    }
    await expect(readZip(bomb)).rejects.toThrow('more than a page can hold')
  })
})
