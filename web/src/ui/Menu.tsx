import { type KeyboardEvent, type ReactNode, useId, useRef, useState } from 'react'

import { cx } from './classes'
import { Icon, type IconName } from './Icon'

export interface MenuItem {
  label: string
  icon?: IconName
  onSelect?: () => void
  href?: string
  danger?: boolean
  checked?: boolean
}

/** A list of actions in the top layer, so that nothing clips it. Arrow keys, Home, End, Escape. */
export function Menu({
  label,
  items,
  trigger,
  className,
}: {
  label: string
  items: (MenuItem | null | false | undefined)[]
  trigger: ReactNode
  className?: string
}) {
  const id = useId()
  const button = useRef<HTMLButtonElement>(null)
  const popover = useRef<HTMLDivElement>(null)
  const [open, setOpen] = useState(false)
  const shown = items.filter((item): item is MenuItem => Boolean(item))

  const place = () => {
    const at = button.current!.getBoundingClientRect()
    const menu = popover.current!
    const { offsetWidth: width, offsetHeight: height } = menu
    const below = at.bottom + 4 + height <= innerHeight
    menu.style.left = `${Math.max(8, Math.min(at.right - width, innerWidth - width - 8))}px`
    menu.style.top = `${below ? at.bottom + 4 : Math.max(8, at.top - height - 4)}px`
  }

  const focusItem = (index: number) => {
    const list = popover.current!.querySelectorAll<HTMLElement>('[role^=menuitem]')
    list[(index + list.length) % list.length]?.focus()
  }

  const onKeyDown = (event: KeyboardEvent) => {
    const list = [...popover.current!.querySelectorAll<HTMLElement>('[role^=menuitem]')]
    const at = list.indexOf(document.activeElement as HTMLElement)
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: list.length - 1 }[event.key]
    if (to === undefined) return
    event.preventDefault()
    focusItem(to)
  }

  return (
    <>
      <button
        ref={button}
        type="button"
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={id}
        popoverTarget={id}
        className={
          className ??
          'inline-grid size-7 place-items-center rounded-md text-muted hover:bg-raised hover:text-ink'
        }
      >
        {trigger}
      </button>
      <div
        ref={popover}
        id={id}
        popover="auto"
        role="menu"
        aria-label={label}
        tabIndex={-1}
        onKeyDown={onKeyDown}
        onToggle={(event) => {
          const opens = event.newState === 'open'
          setOpen(opens)
          if (!opens) return
          place()
          focusItem(0)
        }}
        className="menu-popover min-w-44 rounded-lg border border-line bg-panel p-1 text-ink shadow-pop"
      >
        {open &&
          shown.map((item) => {
            const look = cx(
              'flex w-full items-center gap-2 rounded-md px-2 py-1.5 text-left no-underline hover:bg-raised focus:bg-raised',
              item.danger ? 'text-bad' : 'text-ink',
            )
            const inside = (
              <>
                {item.icon && <Icon name={item.icon} />}
                <span className="grow">{item.label}</span>
                {item.checked && <Icon name="check" />}
              </>
            )
            if (item.href)
              return (
                <a
                  key={item.label}
                  role="menuitem"
                  tabIndex={-1}
                  href={item.href}
                  target="_blank"
                  rel="noreferrer"
                  className={look}
                  onClick={() => popover.current!.hidePopover()}
                >
                  {inside}
                </a>
              )
            return (
              <button
                key={item.label}
                type="button"
                role={item.checked === undefined ? 'menuitem' : 'menuitemcheckbox'}
                aria-checked={item.checked}
                tabIndex={-1}
                className={look}
                onClick={() => {
                  popover.current!.hidePopover()
                  item.onSelect?.()
                }}
              >
                {inside}
              </button>
            )
          })}
      </div>
    </>
  )
}
