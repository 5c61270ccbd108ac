import { describe, expect, it } from 'vitest'

import { commonFolder, isKeptBack, isPlain, type Picked, treeOf } from './tree'

const picked = (path: string, bytes = 1): Picked => ({
  path,
  bytes,
  read: async () => new Uint8Array(bytes),
})
const paths = (...names: string[]) =>
  treeOf(names.map((name) => picked(name))).files.map((f) => f.path)

describe('what travels', () => {
  it('keeps back what is dangerous', () => {
    for (const path of ['.env', 'a/.env.local', '.git/config', 'a/node_modules/x.js', '.DS_Store'])
      expect(isKeptBack(path), path).toBe(true)
    for (const path of ['env', '.envrc', 'a/.github/x', 'node_modules.txt', '.well-known/x'])
      expect(isKeptBack(path), path).toBe(false)
    const tree = treeOf([picked('site/index.html'), picked('site/.env')])
    expect(tree.kept_back).toEqual(['site/.env'])
    expect(tree.files.map((file) => file.path)).toEqual(['index.html'])
  })

  it('takes the folder off that all files lie in', () => {
    expect(commonFolder(['a/b', 'a/c/d'])).toBe('a/')
    expect(commonFolder(['a/b', 'ab/c'])).toBe('')
    expect(commonFolder(['a'])).toBe('')
    expect(paths('site/b', 'site/a/c')).toEqual(['a/c', 'b'])
    expect(paths('b', 'site/a')).toEqual(['b', 'site/a'])
  })

  it('knows paths that lead elsewhere', () => {
    for (const path of ['', '/a', '../a', 'a/../b', 'a//b', './a', 'a\\b', 'a\nb'])
      expect(isPlain(path), path).toBe(false)
    expect(isPlain('a b/ü.html')).toBe(true)
    expect(() => paths('x/../../etc/passwd', 'y')).toThrow('not a path')
  })

  it('says its bounds in words', () => {
    expect(() => treeOf([])).toThrow('no file')
    expect(() => treeOf([picked('.env')])).toThrow('no file')
    expect(() => treeOf([picked('a'), picked('a')])).toThrow('twice')
    const large = { ...picked('a'), bytes: 512 * 2 ** 20 + 1 }
    expect(() => treeOf([large])).toThrow('larger than 512 MiB')
    const many = ['a', 'b', 'c', 'd', 'e'].map((path) => ({
      ...picked(path),
      bytes: 500 * 2 ** 20,
    }))
    expect(() => treeOf(many)).toThrow('more than 2048 MiB')
  })
})
