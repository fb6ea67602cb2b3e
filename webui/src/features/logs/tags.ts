/**
 * What each line of several logs is marked with: of names such as "shop:web-0 stdout",
 * no more than tells them apart. The channel is told where both of a process are
 * read, and the group where two have a process of that name.
 */
export function shortTags(tags: readonly string[]): string[] {
  const parts = tags.map((tag) => {
    const cut = tag.lastIndexOf(' ')
    const spec = cut < 0 ? tag : tag.slice(0, cut)
    return { spec, process: spec.slice(spec.indexOf(':') + 1), channel: cut < 0 ? '' : tag.slice(cut + 1) }
  })
  const specsOf = (process: string) =>
    new Set(parts.filter((part) => part.process === process).map(({ spec }) => spec)).size
  return parts.map(({ spec, process, channel }) => {
    const name = specsOf(process) > 1 ? spec : process
    const both = parts.some((other) => other.spec === spec && other.channel !== channel)
    return both ? `${name} ${channel.replace('std', '')}` : name
  })
}
