/** Что supervisord говорит о неудачном запуске, по-русски. Незнакомое остаётся как есть. */
const known: [RegExp, (...parts: string[]) => string][] = [
  [/^can't find command (.*)$/s, (command) => `нет команды ${command}`],
  [/^command at (.*) is not executable$/s, (file) => `файл команды ${file} не исполняемый`],
  [/^command at (.*) is a directory$/s, (file) => `вместо команды каталог ${file}`],
  [/^no permission to run command (.*)$/s, (file) => `нет прав запустить команду ${file}`],
  [/^Exited too quickly/, () => 'Завершился слишком быстро'],
  [/^Bad exit code (\d+)$/, (code) => `непредусмотренный код выхода ${code}`],
  [
    /^too many open files to spawn (.*)$/s,
    (name) => `слишком много открытых файлов, чтобы запустить ${name}`,
  ],
  [
    /^Too many processes in process table to spawn (.*)$/s,
    (name) => `слишком много процессов в системе, чтобы запустить ${name}`,
  ],
  [
    /^unknown error making dispatchers for (.*): (\w+)$/s,
    (name, code) => `не удалось открыть каналы или журналы для ${name}: ${code}`,
  ],
  [
    /^unknown error during fork for (.*): (\w+)$/s,
    (name, code) => `не удалось создать процесс для ${name}: ${code}`,
  ],
]

export function spawnWords(err: string): string {
  for (const [pattern, say] of known) {
    const found = pattern.exec(err)
    if (found) return say(...found.slice(1))
  }
  return err
}
