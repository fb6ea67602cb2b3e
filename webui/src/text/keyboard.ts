import { en } from './en'
import { counter } from './plural'

const count = counter(en.locale)

/** Words about the keyboard, and of the list of all that can be done, in English. */
export const keyboard = {
  keys: {
    title: 'Keyboard shortcuts',
    scopes: {
      page: 'On every page',
      list: 'In the list of processes',
      process: 'On the page of a process',
      log: 'In a log',
    },
    says: {
      palette: 'Search and commands',
      help: 'This list',
      processes: 'To the processes',
      logs: 'To the logs',
      activity: 'To the activity',
      config: 'To the configuration',
      about: 'To what is known of supervisord',
      theme: 'Next theme',
      filter: 'Into the filter; ↓ or Enter leads from there to the rows',
      rows: 'To the next row, to the one before',
      ends: 'To the first row, to the last',
      screens: 'A screen down, a screen up',
      open: 'Open the process',
      select: 'Select the row, or not',
      extend: 'Select on, downwards or upwards',
      logOfThem: 'Log of the row, or of what is selected',
      start: 'Start',
      restart: 'Restart',
      stop: 'Stop',
      fold: 'Fold the group, unfold it',
      clear: 'Select nothing',
      log: 'Its log',
      siblings: 'To the process before or after it in its group',
      find: 'Find in the log',
      hits: 'Next match, the one before',
      errors: 'Next error, the one before',
      follow: 'Follow',
      pause: 'Pause, and follow again',
      beginning: 'To the beginning',
      lines: 'To the next line, to the one before',
      unmark: 'Mark no line',
      wrap: 'Wrap lines',
      layout: 'Merged or side by side',
      times: 'When lines came',
      link: 'Copy a link to the marked line',
      everything: 'Select everything',
    },
    space: 'Space',
    /** Between two keys that are pressed one after the other. */
    afterwards: 'then',
    acting: 'Start, restart and stop ask first wherever their buttons do.',
    single: 'Shortcuts of a single letter or sign',
    singleHint: 'Turn them off if you speak to your computer, or press keys by accident.',
    off: 'Those of a single letter or sign are turned off.',
  },

  palette: {
    title: 'Search and commands',
    hint: 'A process, a page, or what to do: restart web',
    found: (n: number) =>
      n === 0 ? 'Nothing found' : `${count(n, { one: 'entry', other: 'entries' })} found`,
    nothing: (text: string) => `Nothing matches “${text}”`,
    kinds: {
      process: 'Process',
      group: 'Group',
      selection: 'Selected',
      page: 'Page',
      log: 'Log',
      crash: 'Crash',
      setting: 'Setting',
    },
    crashOf: (name: string) => `Last crash of ${name}`,
    mainLog: 'Log of supervisord',
    theme: (name: string) => `Theme: ${name}`,
    language: (name: string) => `Language: ${name}`,
    density: (name: string) => `Height of rows: ${name}`,
    account: 'My account',
    /** Other words for the same, by which it is found. */
    also: { account: 'log out, password', settings: 'preferences', shortcuts: 'help, keys' },
  },
}

/** What a catalogue must offer of these. */
export type Keyboard = typeof keyboard
