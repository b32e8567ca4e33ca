// The page: what is typed, drawn, tapped and begun goes to a model, and its answer is shown.
import {ByteLevelTokenizer, DistilBertTokenizer, MORSE, ctc_decode, draw, filling, morse, softmax,
  tapped, typed, vit_image_processor, zero_mean_unit_variance} from './prepare.js'
import {json, load, newest} from './run.js'

const $ = id => document.getElementById(id)
const percent = share => `${Math.round(100 * share)} %`
const number = id => Number($(id).value)
const shown = {} // of each open panel, how it shows itself

// -- The page's words
const words = await json('words.json'), asked = new URL(location).searchParams.get('lang')
let lang = asked in words ? asked : navigator.language.startsWith('ja') ? 'ja' : 'en'

// Words of the page by their name, with values put in.
function say(name, values = {}) {
  return words[lang][name].replace(/\{(\w+)\}/g, (_, value) => values[value])
}

function say_values() {
  for (const e of document.querySelectorAll('[data-value]'))
    e.textContent = say(e.dataset.say, {value: $(e.dataset.value).value})
}

function translate() {
  document.documentElement.lang = lang
  for (const e of document.querySelectorAll('[data-say]')) e.textContent = say(e.dataset.say)
  for (const e of document.querySelectorAll('[data-label]')) e.ariaLabel = say(e.dataset.label)
  say_values()
  for (const show of Object.values(shown)) show()
}

// -- Parts of a page
function tag(name, {share, ...properties}, ...inside) {
  const e = Object.assign(document.createElement(name), properties)
  if (share !== undefined) e.style.setProperty('--share', share.toFixed(4))
  e.append(...inside)
  return e
}

// Shares as bars, [name, share] each: the largest stands out. The keyboard stays where it was.
function bars(list, rows) {
  const at = [...list.children].findIndex(e => e.contains(document.activeElement))
  const top = Math.max(...rows.map(([, share]) => share))
  list.replaceChildren(...rows.map(([name, share]) => tag('li', {share, className:
    share === top ? 'top' : ''}, name, tag('i', {}), tag('span', {}, percent(share)))))
  list.children[at]?.querySelector('button')?.focus()
}

// -- A sentence
function sentence(settings, run) {
  const tokenizer = new DistilBertTokenizer(settings), text = $('text')
  let row, shares, attention, chosen = 4
  const read = newest(async () => {
    const found = tokenizer.encode(text.value, settings.max_length)
    const out = await run(Int32Array.from(found, t => t.id), [1, found.length])
    row = found
    shares = softmax([...out.scores.data])
    attention = out.attention
    show()
  })
  function show() {
    bars($('verdict'), shares.map((share, i) => [say(settings.labels[i]), share]))
    $('tokens').replaceChildren(...row.map((t, i) => tag('button', {type: 'button',
      className: t.word === null ? 'special' : `hue${t.word % 5}`, onclick: () => look(i),
      onfocus: () => look(i), onpointerenter: () => look(i)}, t.token, tag('small', {}, t.id))))
    look(Math.min(chosen, row.length - 1))
  }
  // What each head of a layer takes from where, for one token.
  function look(i) {
    chosen = i
    ;[...$('tokens').children].forEach((e, k) => { e.ariaPressed = k === i })
    const [layers, heads, n] = attention.dims, layer = number('layer')
    $('looks').textContent = say('looks', {token: row[i].token, layer, layers})
    $('heads').replaceChildren(...Array.from({length: heads}, (_, head) => {
      const from = (((layer - 1) * heads + head) * n + i) * n
      return tag('li', {}, ...row.flatMap(({token}, k) => [tag('span',
        {share: attention.data[from + k], title: percent(attention.data[from + k])}, token), ' ']))
    }))
  }
  text.oninput = read
  $('layer').onchange = () => look(chosen)
  for (const e of document.querySelectorAll('[data-text]'))
    e.onclick = () => { text.value = say(e.dataset.text); read() }
  text.value ||= say('text1')
  return {read, show}
}

// -- A digit
function grey(shades, side) { // a picture of shades from 0 to 255
  return new ImageData(Uint8ClampedArray.from([...shades].flatMap(v => [v, v, v, 255])), side, side)
}

function digit(settings, run) {
  const canvas = $('canvas'), pen = canvas.getContext('2d'), {size, samples} = settings
  const sheet = new OffscreenCanvas(64, 64).getContext('2d', {willReadFrequently: true})
  let strokes = [], sample = samples[0], shares, at = [.5, .5], down = false
  const read = newest(async () => {
    draw(sheet, 64, strokes.length ? filling(strokes, .12) : [], .18)
    const picture = sample ? grey(sample.pixels, size) : sheet.getImageData(0, 0, 64, 64)
    const pixels = vit_image_processor(picture, settings)
    const out = await run(pixels, [1, 3, size, size])
    $('digit').last.picture = picture
    shares = softmax([...out.scores.data])
    const seen = grey(pixels.subarray(0, size * size).map(v => 127.5 * (v + 1)), size)
    $('small').getContext('2d').putImageData(seen, 0, 0)
    show()
  })
  function show() {
    bars($('digits'), shares.map((s, i) => [String(i), sample || strokes.length ? s : 0]))
    draw(pen, canvas.width, strokes, .1)
    pen.imageSmoothingEnabled = false
    if (sample) pen.drawImage($('small'), 0, 0, canvas.width, canvas.height)
    if (!canvas.matches(':focus-visible')) return
    pen.fillStyle = down ? '#f5a623' : '#6aa5f0' // where the keyboard's pen is
    pen.fillRect(at[0] * canvas.width - 6, at[1] * canvas.height - 6, 12, 12)
  }
  function set(now, picture = null) { strokes = now; sample = picture; read() }
  function begin(point) { set([...(sample ? [] : strokes), [point]]) }
  function go_on(point) { strokes.at(-1)?.push(point); read() }
  const place = e => [e.offsetX / canvas.clientWidth, e.offsetY / canvas.clientHeight]
  const steps = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}
  canvas.onpointerdown = e => { canvas.setPointerCapture(e.pointerId); begin(place(e)) }
  canvas.onpointermove = e => { if (e.buttons) go_on(place(e)) }
  canvas.onkeydown = e => {
    const step = steps[e.key]
    if (!step && e.key !== ' ') return
    e.preventDefault()
    if (step) at = at.map((v, axis) => Math.min(Math.max(v + step[axis] * .04, .04), .96))
    else if (!e.repeat && (down = !down)) begin(at)
    if (step && down) go_on(at)
    show()
  }
  canvas.onfocus = canvas.onblur = () => { down = false; show() }
  $('clear').onclick = () => set([])
  $('samples').replaceChildren(...samples.map(s =>
    tag('button', {type: 'button', onclick: () => set([], s)}, s.label)))
  return {read, show}
}

// -- Morse code
function listen(settings, run) {
  const {rate, stride, vocab} = settings, key = $('key')
  let times = [], sound, heard, timer, player, beep
  const read = newest(async () => {
    const lengths = times.length ? tapped(times) : typed($('code').value, number('speed'))
    const made = morse(lengths, {rate, snr: number('snr')})
    const {scores} = await run(zero_mean_unit_variance(made), [1, made.length])
    $('morse').last.sound = sound = made
    heard = ctc_decode(scores.data, vocab)
    show()
  })
  function show() {
    $('heard').textContent = heard.map(h => h.char).join('').trim() || say('nothing')
    const top = sound.reduce((a, v) => Math.max(a, Math.abs(v)), 0), part = sound.length / 600
    const line = Array.from({length: 600}, (_, i) => {
      const some = sound.subarray(i * part, (i + 1) * part)
      return [Math.max(...some), Math.min(...some)].map(v => `${i},${30 - 28 * v / top}`).join('L')
    })
    $('wave').setAttribute('d', `M${line.join('L')}`)
    $('letters').replaceChildren(...heard.map(({char, frame}) =>
      tag('span', {share: frame * stride / sound.length}, char)))
    $('made').textContent = say(times.length ? 'as_tapped' : 'as_typed')
  }
  const start = source => { source.connect(player.destination); source.start(); return source }
  function play() { // at twice the rate, which every browser knows
    player ??= new AudioContext()
    const buffer = player.createBuffer(1, 2 * sound.length, 2 * rate)
    buffer.getChannelData(0).forEach((_, i, out) => {
      out[i] = (sound[i >> 1] + (sound[(i + 1) >> 1] ?? 0)) / 8
    })
    start(new AudioBufferSourceNode(player, {buffer}))
  }
  function press(e) {
    if (times.length % 2) return
    clearTimeout(timer)
    if (e.timeStamp - times.at(-1) > 4000) times = []
    times.push(e.timeStamp)
    player ??= new AudioContext()
    beep = start(new OscillatorNode(player, {frequency: 700}))
  }
  function release(e) {
    if (times.length % 2 === 0) return
    times.push(e.timeStamp)
    beep.stop()
    timer = setTimeout(read, 400)
  }
  const by_key = f => e => { if (e.key === ' ' || e.key === 'Enter') { e.preventDefault(); f(e) } }
  Object.assign(key, {onpointerdown: press, onpointerup: release, onpointerleave: release,
    onpointercancel: release, onblur: release, onkeydown: by_key(press), onkeyup: by_key(release)})
  $('code').oninput = $('speed').oninput = () => { times = []; read() }
  $('snr').oninput = read
  $('play').onclick = play
  $('codes').replaceChildren(...[...MORSE].map(([c, code]) => tag('li', {}, tag('b', {}, c), code)))
  return {read, show}
}

// -- The small language model
function write(settings, run) {
  const tokenizer = new ByteLevelTokenizer(settings), prompt = $('prompt'), {max_length} = settings
  let ids, begun, shares, writing = false
  // What could come after these tokens.
  async function read(now = ids) {
    ids = now
    const {scores} = await run(Int32Array.from(now), [1, now.length])
    if (ids !== now) return // others came meanwhile
    shares = softmax([...scores.data], Math.max(number('temperature'), .01))
    show()
  }
  function begin() {
    writing = false
    const now = tokenizer.encode(prompt.value).slice(0, max_length - 1)
    begun = now.length
    return read(now)
  }
  function show() {
    const best = shares.map((share, id) => [id, share]).sort((a, b) => b[1] - a[1]).slice(0, 6)
    bars($('next'), best.map(([id, share]) => [tag('button', {type: 'button', onclick:
      () => add(id)}, tokenizer.decode([id]) || say('end')), share]))
    const first = tokenizer.decode(ids.slice(0, begun))
    $('written').replaceChildren(first,
      tag('mark', {}, tokenizer.decode(ids).slice(first.length)))
    $('go').textContent = say(writing ? 'stop' : 'go')
  }
  const full = () => ids.length >= max_length || (ids.length > 1 && ids.at(-1) === 0)
  async function add(id) { if (!full()) await read([...ids, id]) }
  function pick() {
    let left = Math.random()
    const found = shares.findIndex(share => (left -= share) < 0)
    return number('temperature') && found >= 0 ? found : shares.indexOf(Math.max(...shares))
  }
  $('go').onclick = async () => {
    if (full()) await begin()
    for (writing = !writing; writing && !full();) {
      await add(pick())
      await new Promise(requestAnimationFrame) // so that it is seen
    }
    writing = false
    show()
  }
  prompt.oninput = $('again').onclick = begin
  $('temperature').oninput = () => read()
  return {read: begin, show}
}

// -- Panels
const panels = {sentence, digit, morse: listen, writer: write}
async function open(name) {
  const box = $(name), status = box.querySelector('[role=status]'), begun = performance.now()
  if (!box.open || box.dataset.state === 'loading' || shown[name]) return
  box.dataset.state = 'loading'
  status.textContent = say('loading')
  try {
    const {settings, run} = await load(name)
    const {read, show} = panels[name](settings, async (data, shape) => {
      const out = await run(data, shape)
      box.last = {input: data, scores: out.scores.data} // for who checks it
      return out
    })
    await read()
    shown[name] = show
    box.dataset.state = 'ready'
    box.dataset.seconds = (performance.now() - begun) / 1000
    status.textContent = ''
  } catch (error) {
    console.error(error)
    box.dataset.state = 'failed'
    status.textContent = say('failed', {error: error.message})
  }
}

translate()
document.oninput = say_values
$('lang').onclick = () => { lang = lang === 'en' ? 'ja' : 'en'; translate() }
for (const name in panels) $(name).ontoggle = () => open(name)
if (location.hash.slice(1) in panels) $(location.hash.slice(1)).open = true
