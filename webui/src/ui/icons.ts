/** Outlines on a grid of 24 by 24, drawn with a line of 2. */
export const icons = {
  play: 'M7 4.5v15l12-7.5z',
  stop: 'M6.5 6.5h11v11h-11z',
  restart: 'M20 11a8 8 0 1 0-2.3 5.7M20 4v7h-7',
  log: 'M4 6h16M4 11h16M4 16h10M4 21h6',
  lines: 'M3.5 4.5h17v15h-17zM7 9l3 3-3 3M12.5 15H17',
  more: 'M12 4.5a1 1 0 1 0 0 2a1 1 0 1 0 0-2M12 11a1 1 0 1 0 0 2a1 1 0 1 0 0-2M12 17.5a1 1 0 1 0 0 2a1 1 0 1 0 0-2',
  gear: 'M4 7h9M17 7h3M4 17h3M11 17h9M13 7a2 2 0 1 0 4 0a2 2 0 1 0-4 0M7 17a2 2 0 1 0 4 0a2 2 0 1 0-4 0',
  link: 'M10 14l4-4M8.5 10.5l-3 3a3.54 3.54 0 0 0 5 5l3-3M15.5 13.5l3-3a3.54 3.54 0 0 0-5-5l-3 3',
  search: 'M11 4a7 7 0 1 0 0 14a7 7 0 1 0 0-14M16.2 16.2L21 21',
  close: 'M6 6l12 12M18 6L6 18',
  back: 'M15 5l-7 7 7 7',
  down: 'M6 9.5l6 6 6-6',
  right: 'M9.5 6l6 6-6 6',
  end: 'M12 4v12M6 11l6 6 6-6M5 21h14',
  pause: 'M8 5v14M16 5v14',
  wrap: 'M4 6h16M4 12h13a3.5 3.5 0 0 1 0 7h-5M14.5 16.5L12 19l2.5 2.5M4 19h4',
  unplugged: 'M3 3l18 18M8.5 8.5a6 6 0 0 0 7 7M12 5a7 7 0 0 1 7 7M5 12a7 7 0 0 0 7 7',
  alert: 'M12 3.5L2.5 20h19zM12 10v4.5M12 17.4v.01',
  info: 'M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M12 11v5.5M12 7.6v.01',
  user: 'M12 4a4 4 0 1 0 0 8a4 4 0 1 0 0-8M4 20.5a8 8 0 0 1 16 0',
  people:
    'M9 5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 1 0 0-7M2.5 19.5a6.5 6.5 0 0 1 13 0M16 5.3a3.5 3.5 0 0 1 0 6.4M18 14a6.5 6.5 0 0 1 3.5 5.5',
  activity: 'M12 3.5a8.5 8.5 0 1 0 0 17a8.5 8.5 0 1 0 0-17M12 7.5V12l3.2 2',
  file: 'M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12M12 9.3a2.7 2.7 0 1 0 0 5.4a2.7 2.7 0 1 0 0-5.4',
  up: 'M6 14.5l6-6 6 6',
  download: 'M12 4v11M7 10.5l5 5 5-5M4.5 20h15',
  plus: 'M12 5v14M5 12h14',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  empty: 'M4 13l3-8h10l3 8v6H4zM4 13h5l1.5 2.5h3L15 13h5',
  running: 'M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M8 12.3l2.8 2.8L16 9.5',
  starting: 'M5.5 15l6.5-7 6.5 7',
  stopping: 'M5.5 9l6.5 7 6.5-7',
  backoff: 'M12 3.5L2.5 20h19zM12 10v4.5M12 17.4v.01',
  fatal: 'M8 3h8l5 5v8l-5 5H8l-5-5V8zM9 9l6 6M15 9l-6 6',
  exited: 'M12 4.5a7.5 7.5 0 1 0 0 15a7.5 7.5 0 1 0 0-15',
  exitedBadly: 'M12 3.5a8.5 8.5 0 1 0 0 17a8.5 8.5 0 1 0 0-17M12 7.5v5.5M12 16.4v.01',
  stopped: 'M5.5 5.5h13v13h-13z',
  unknown: 'M12 2.5l9.5 9.5-9.5 9.5L2.5 12zM9.8 10a2.2 2.2 0 1 1 3.2 2c-.7.4-1 .8-1 1.5M12 16.4v.01',
} as const

export type IconName = keyof typeof icons

/** Shapes that are filled, so that they weigh more than outlines. */
export const filled: ReadonlySet<IconName> = new Set(['stopped', 'play', 'stop'])
