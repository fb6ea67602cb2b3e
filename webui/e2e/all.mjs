// Plays the files of scenes it is given, one after another. Browsers, programs and
// supervisord share the machine with whatever else it does, and half a second at
// the wrong time spoils a scene: files in which something went wrong are played
// once more at the end, and what goes wrong twice is no accident. Both are told.
import { spawn } from 'node:child_process'

/** More than these are no accident either. */
const mostSpoiled = 3

/** Plays a file, and gives what it printed and whether all went well. */
function play(file) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--test', '--test-reporter=tap', file])
    const said = []
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => said.push(data))
    child.once('error', reject)
    child.once('close', (status) => resolve({ well: status === 0, said: Buffer.concat(said).toString() }))
  })
}

const spoiled = []
for (const file of process.argv.slice(2)) {
  const { well, said } = await play(file)
  console.log(well ? said : said.replace(/^/gm, 'once | '))
  if (!well) spoiled.push(file)
}
let failed = spoiled.length > mostSpoiled
if (failed) console.log(`Something went wrong in ${spoiled.length} files: ${spoiled.join(', ')}`)
else
  for (const file of spoiled) {
    console.log(`${file} is played again`)
    const { well, said } = await play(file)
    console.log(said)
    failed ||= !well
  }
process.exitCode = failed ? 1 : 0
