/** Words about how the reader likes the page, in English. */
export const likes = {
  taste: {
    hint: 'They count for this browser, on this page and on no other device.',
    look: 'Look',
    density: 'Rows',
    densities: { normal: 'Roomy', compact: 'Compact' },
    densityHint: 'On a phone they stay as high as a thumb needs.',
    contrastHint: 'High contrast is light or dark as the system is.',
    times: 'Times',
    hours: 'Clock',
    hoursOf: { '24': '24 hours', '12': '12 hours' },
    zone: 'Time zone',
    zones: { local: 'Of this device', utc: 'UTC' },
    now: (at: string) => `Now it is ${at}`,
    orders: 'Before orders',
    confirm: 'Ask',
    policies: {
      default: 'As usual',
      always: 'Always',
      dangerous: 'If it could hurt',
    },
    policyHints: {
      default:
        'Before stopping, before anything done to several, and before a restart on a touch screen. Other restarts can be taken back for three seconds.',
      always: 'Before every order, also before starting a single process.',
      dangerous:
        'Before stopping, and before restarting several. Starting never asks, and restarting one can be taken back for three seconds.',
    },
    log: 'Logs',
    wrap: 'Long lines',
    wraps: { auto: 'As fits the screen', on: 'Wrapped', off: 'On one line' },
    notify: 'Notifications',
    notifyLabel: 'Tell me when something turns FATAL',
    notifyHint:
      'By a notification of this device, while the page is open in a tab that you do not look at. Only about what you may see.',
    notifyDenied:
      'The browser does not allow it for this page. Its own settings for this site can change that.',
    notifyCannot: 'This browser has no notifications for this page; most have them over HTTPS only.',
    reset: 'Reset everything',
    resetHint: 'All of this as it was before anything was chosen; also which groups are folded.',
    resetDone: 'Everything is as it was at first.',
    all: 'All settings',
  },

  alarm: {
    one: (name: string) => `${name} is FATAL`,
    many: (n: number) => `${n} processes are FATAL`,
    body: (host: string) => `On ${host}. supervisord does not try again by itself.`,
  },
}

/** What a catalogue must offer of these. */
export type Likes = typeof likes
