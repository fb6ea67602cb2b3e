/** Words of the page that stands in for all others while there is no connection. */
export const offline = {
  en: {
    title: 'No connection',
    hint: (host: string) =>
      `supervisord at ${host} does not answer, or this device has no network. Nothing is known of its processes until it does.`,
    back: 'The page comes back by itself.',
    now: 'Try now',
    trying: 'Trying…',
    since: (at: string) => `Last tried at ${at}.`,
  },
  ru: {
    title: 'Нет связи',
    hint: (host: string) =>
      `supervisord на ${host} не отвечает, или у устройства нет сети. Пока это так, о его процессах ничего не известно.`,
    back: 'Страница вернётся сама.',
    now: 'Попробовать сейчас',
    trying: 'Пробуем…',
    since: (at: string) => `Последняя попытка в ${at}.`,
  },
}
