import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, Outlet, useNavigate, useParams } from '@tanstack/react-router'
import { type ComponentType, useEffect, useState, useSyncExternalStore } from 'react'

import { call } from '../api/client'
import { healthQuery, newestProjectsQuery, sessionQuery } from '../api/queries'
import { pages } from '../paths'
import { cx } from '../ui/classes'
import { Icon, type IconName } from '../ui/Icon'
import { Menu } from '../ui/Menu'
import { Notice } from '../ui/Notice'
import { Toasts, toast } from '../ui/Toast'
import { useKeys } from './keys'
import { Logo } from './Logo'
import { liveState } from './liveState'
import { StateMark } from './StateMark'
import { chooseTheme, useTheme } from './theme'

const instance: { to: string; label: string; icon: IconName }[] = [
  { to: pages.tokens, label: 'Access tokens', icon: 'key' },
  { to: pages.sessions, label: 'Sessions', icon: 'device' },
  { to: pages.teams, label: 'Teams', icon: 'list' },
  { to: pages.users, label: 'People', icon: 'users' },
  { to: pages.audit, label: 'Audit log', icon: 'eye' },
  { to: pages.settings, label: 'Settings', icon: 'gear' },
]

const item =
  'flex h-8 items-center gap-2.5 rounded-md px-2.5 text-ink-soft no-underline hover:bg-raised aria-[current=page]:bg-raised aria-[current=page]:font-medium aria-[current=page]:text-ink'

type DialogPart = ComponentType<{ onClose: () => void }>

/** Rail, search, account and what every page shares: live events, keys, the palette, toasts. */
export default function Shell() {
  const client = useQueryClient()
  const navigate = useNavigate()
  const { project } = useParams({ strict: false })
  const [Dialog, setDialog] = useState<DialogPart | null>(null)
  // Gone when Berth was updated under an open page: that must not take the page down.
  const open = (part: Promise<{ default: DialogPart }>) =>
    part.then(
      ({ default: Part }) => setDialog(() => Part),
      () => toast('This part could not be loaded: reload the page.', { bad: true }),
    )
  const openPalette = () => void open(import('./Palette'))
  const openKeys = () => void open(import('./KeyList'))
  useEffect(() => {
    let stop: (() => void) | null = null
    let gone = false
    void import('./live').then(({ listen }) => {
      if (!gone) stop = listen(client)
    })
    return () => {
      gone = true
      stop?.()
    }
  }, [client])

  const to = (page: string) => () =>
    navigate({ to: page, params: project ? { project } : undefined } as Parameters<
      typeof navigate
    >[0])
  const inProject = (page: string) => () => {
    if (project) void to(page)()
  }
  useKeys({
    'mod+k': openPalette,
    '?': openKeys,
    'g p': to(pages.projects),
    'g o': inProject(pages.project),
    'g d': inProject(pages.deployments),
    'g l': inProject(pages.deployments),
    'g e': inProject(pages.env),
    'g s': inProject(pages.project_settings),
    'g t': to(pages.tokens),
    'g u': to(pages.users),
    n: to(pages.new_project),
  })

  return (
    <div className="min-h-dvh md:grid md:grid-cols-[216px_minmax(0,1fr)]">
      <a
        href="#main"
        className="absolute top-2 left-2 z-50 -translate-y-16 rounded-md bg-ink px-3 py-2 text-bg focus:translate-y-0"
      >
        Skip to content
      </a>
      <Rail onSearch={openPalette} />
      <TopBar onSearch={openPalette} onKeys={openKeys} />
      <main
        id="main"
        className="mx-auto w-full max-w-6xl min-w-0 px-4 pt-5 pb-24 md:px-8 md:pt-7 md:pb-12"
      >
        <OwnPassword />
        <Outlet />
      </main>
      <BottomBar />
      <Toasts />
      {Dialog && <Dialog onClose={() => setDialog(null)} />}
    </div>
  )
}

/** Somebody with a one-time password is asked for their own until there is one. */
function OwnPassword() {
  const { data } = useQuery(sessionQuery)
  if (!data?.user.must_change_password) return null
  return (
    <div className="mb-4">
      <Notice
        tone="warn"
        title="Choose a password of your own"
        actions={
          <Link to={pages.sessions} className="link leading-[24px] font-medium">
            Change it
          </Link>
        }
      >
        You signed in with a one-time password that somebody else has seen.
      </Notice>
    </div>
  )
}

function Rail({ onSearch }: { onSearch: () => void }) {
  const projects = useQuery(newestProjectsQuery)
  const health = useQuery(healthQuery)
  const shown = projects.data ?? []
  return (
    <div className="sticky top-0 hidden h-dvh flex-col border-r border-line bg-panel p-3 md:flex">
      <Link
        to={pages.projects}
        className="mb-3 flex h-8 items-center gap-2 px-1.5 text-ink no-underline"
      >
        <Logo />
        <span className="text-[15px] font-semibold tracking-tight">Berth</span>
        <LiveDot />
      </Link>
      <button
        type="button"
        onClick={onSearch}
        className="mb-3 flex h-8 items-center gap-2 rounded-md border border-line-strong bg-bg px-2.5 text-muted hover:bg-raised"
      >
        <Icon name="search" />
        <span className="grow text-left">Search</span>
        <kbd className="font-sans text-[12px]">Ctrl K</kbd>
      </button>
      <nav aria-label="Main" className="flex min-h-0 grow flex-col">
        <Link to={pages.projects} activeOptions={{ exact: true }} className={item}>
          <Icon name="grid" className="size-4 text-muted" />
          Projects
        </Link>
        <div className="mt-1 min-h-0 space-y-px overflow-y-auto pl-3.5">
          {shown.map((project) => (
            <Link
              key={project.id}
              to={pages.project}
              params={{ project: project.name }}
              className={cx(item, 'h-7 px-2 text-[13px]')}
            >
              {project.latest ? (
                <StateMark state={project.latest.state} className="size-3" />
              ) : (
                <span className="size-3 shrink-0 rounded-full border border-dashed border-control" />
              )}
              <span className="truncate">{project.name}</span>
            </Link>
          ))}
        </div>
        <div className="mt-auto space-y-px pt-4">
          {instance.map((page) => (
            <Link key={page.to} to={page.to} className={item}>
              <Icon name={page.icon} className="size-4 text-muted" />
              {page.label}
            </Link>
          ))}
        </div>
      </nav>
      <Account />
      <p className="px-2.5 pt-2 text-[12px] text-muted">Berth {health.data?.version ?? ''}</p>
    </div>
  )
}

function Account() {
  const { data } = useQuery(sessionQuery)
  return (
    <div className="mt-2 flex items-center gap-1 border-t border-line pt-2">
      <span
        className="min-w-0 grow truncate px-2.5 text-[13px] text-muted"
        title={data?.user.email}
      >
        {data?.user.email}
      </span>
      <AccountMenu />
    </div>
  )
}

function AccountMenu({ onKeys }: { onKeys?: () => void }) {
  const client = useQueryClient()
  const theme = useTheme()
  const leave = async () => {
    await call('/auth/logout', { method: 'POST', anonymous: true }).catch(() => {})
    client.clear()
    location.assign(pages.login)
  }
  return (
    <Menu
      label="Account and appearance"
      trigger={<Icon name="dots" />}
      items={[
        {
          label: 'Follow the system',
          icon: 'device',
          checked: theme === 'system',
          onSelect: () => chooseTheme('system'),
        },
        {
          label: 'Light',
          icon: 'sun',
          checked: theme === 'light',
          onSelect: () => chooseTheme('light'),
        },
        {
          label: 'Dark',
          icon: 'moon',
          checked: theme === 'dark',
          onSelect: () => chooseTheme('dark'),
        },
        onKeys && { label: 'Keys', icon: 'info', onSelect: onKeys },
        { label: 'Sign out', icon: 'out', onSelect: () => void leave() },
      ]}
    />
  )
}

const liveWords = { connecting: 'Connecting', live: 'Live', retrying: 'Reconnecting' }

function LiveDot() {
  const live = useSyncExternalStore(liveState.subscribe, liveState.get)
  return (
    <span
      className="ml-auto inline-flex items-center gap-1.5 text-[12px] font-normal text-muted"
      role="status"
    >
      <span
        aria-hidden="true"
        className={cx('size-1.5 rounded-full', live === 'live' ? 'bg-ok' : 'animate-pulse bg-warn')}
      />
      <span className={live === 'live' ? 'sr-only' : undefined}>{liveWords[live]}</span>
    </span>
  )
}

function TopBar({ onSearch, onKeys }: { onSearch: () => void; onKeys: () => void }) {
  return (
    <header className="sticky top-0 z-10 flex h-12 items-center gap-1 border-b border-line bg-panel px-3 md:hidden">
      <Link to={pages.projects} className="flex items-center gap-2 text-ink no-underline">
        <Logo />
        <span className="font-semibold tracking-tight">Berth</span>
      </Link>
      <LiveDot />
      <button
        type="button"
        aria-label="Search"
        onClick={onSearch}
        className="inline-grid size-8 place-items-center text-muted"
      >
        <Icon name="search" />
      </button>
      <AccountMenu onKeys={onKeys} />
    </header>
  )
}

const inBar = [pages.tokens, pages.teams, pages.users] as string[]
const barItem =
  'flex h-14 flex-col items-center justify-center gap-0.5 text-[12px] text-muted no-underline aria-[current=page]:font-medium aria-[current=page]:text-ink'

/** One row for a thumb: what does not fit is behind *More*. */
function BottomBar() {
  const navigate = useNavigate()
  const first = [
    { to: pages.projects as string, label: 'Projects', icon: 'grid' as IconName },
    ...instance.filter((page) => inBar.includes(page.to)),
  ]
  const rest = instance.filter((page) => !inBar.includes(page.to))
  return (
    <nav
      aria-label="Main"
      className="fixed inset-x-0 bottom-0 z-10 grid grid-cols-5 border-t border-line bg-panel md:hidden"
    >
      {first.map((page) => (
        <Link
          key={page.to}
          to={page.to}
          activeOptions={{ exact: page.to === '/' }}
          className={barItem}
        >
          <Icon name={page.icon} className="size-4.5" />
          {page.label.replace('Access tokens', 'Tokens')}
        </Link>
      ))}
      <Menu
        label="More pages"
        className={barItem}
        trigger={
          <>
            <Icon name="dots" className="size-4.5" />
            More
          </>
        }
        items={rest.map(({ to, label, icon }) => ({
          label,
          icon,
          onSelect: () => void navigate({ to }),
        }))}
      />
    </nav>
  )
}
