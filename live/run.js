// The models: the runtime is fetched once, and each model when its panel opens.

export const json = async file => (await fetch(file)).json()

// A file that was packed by gzip.
async function unpacked(file) {
  const answer = await fetch(file)
  if (!answer.ok) throw new Error(`${file}: ${answer.status}`)
  return new Response(answer.body.pipeThrough(new DecompressionStream('gzip'))).arrayBuffer()
}

let runtime
async function start_runtime() {
  const [ort, wasmBinary] = await Promise.all([import('./ort.mjs'), unpacked('ort.wasm.bin')])
  Object.assign(ort.env.wasm, {numThreads: 1, wasmBinary})
  return ort
}

// What a model needs besides, and a function from its one input to its outputs.
export async function load(name) {
  runtime ??= start_runtime()
  runtime.catch(() => { runtime = null })
  const [ort, file, settings] =
    await Promise.all([runtime, unpacked(`${name}.onnx.bin`), json(`${name}.json`)])
  const session = await ort.InferenceSession.create(file)
  function run(data, shape) {
    const type = data instanceof Int32Array ? 'int32' : 'float32'
    return session.run({input: new ort.Tensor(type, data, shape)})
  }
  return {settings, run}
}

// One run after the other; of inputs that come meanwhile, only the newest is looked at.
export function newest(run) {
  let running = false, again = false
  return async () => {
    again = true
    if (running) return
    running = true
    try { while (again) { again = false; await run() } } finally { running = false }
  }
}
