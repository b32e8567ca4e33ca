// What stands between a reader and a model, as in the course: the same names, the same numbers.

// -- Word pieces (chapters 4 and 4a)
const is_space = c => /[\t\n\r\p{Z}]/u.test(c)
const is_control = c => /[\ufffd\p{C}]/u.test(c) && !'\t\n\r'.includes(c)
const is_punctuation = c => /[!-/:-@[-`{-~\p{P}]/u.test(c)
const CHINESE = '\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2ceaf}' +
  '\uf900-\ufaff\u{2f800}-\u{2fa1f}'
const is_chinese = c => new RegExp(`[${CHINESE}]`, 'u').test(c)

// Drop control characters and turn every kind of space into ' '.
function clean(text) {
  return [...text].filter(c => !is_control(c)).map(c => is_space(c) ? ' ' : c)
}

// A character without its accents and in lower case, if so asked; may be none, or several.
function fold_char(c, lower, strip) {
  if (strip) c = c.normalize('NFD').replace(/\p{Mn}/gu, '')
  return [...c].map(x => lower ? x.toLowerCase() : x).join('')
}

// Split at spaces; punctuation marks and Chinese characters are words of their own.
function split_words(chars, chinese) {
  const words = []
  let inside = false
  for (const c of chars) {
    const alone = is_punctuation(c) || (chinese && is_chinese(c))
    if (c === ' ') inside = false
    else if (alone || !inside) { words.push([c]); inside = !alone }
    else words.at(-1).push(c)
  }
  return words
}

// Cut a word into the longest pieces, from left to right; null if that can't be done.
function cut_word(word, vocab, max_chars = 100) {
  const pieces = []
  if (word.length > max_chars) return null
  for (let start = 0, end; start < word.length; start = end) {
    let piece = null
    for (end = word.length; end > start; end--) {
      piece = (start ? '##' : '') + word.slice(start, end).join('')
      if (vocab.has(piece)) break
    }
    if (end === start) return null
    pieces.push(piece)
  }
  return pieces
}

// Parts of a text: what is between its special tokens, and these.
function segments(text, special) {
  const escaped = special.map(t => t.replace(/[[\]|]/g, '\\$&'))
  return text.split(new RegExp(`(${escaped.join('|')})`)).filter(part => part)
}

export class DistilBertTokenizer {
  constructor({vocab, do_lower_case, strip_accents, tokenize_chinese_chars, special}) {
    this.vocab = new Map(vocab.map((token, id) => [token, id]))
    this.lower = do_lower_case
    this.strip = strip_accents ?? do_lower_case
    this.chinese = tokenize_chinese_chars
    this.special = special
  }

  normalize(text) {
    const cleaned = clean(text).join('')
    const chars = [...(this.strip ? cleaned : cleaned.normalize('NFC'))]
    return chars.flatMap(c => [...fold_char(c, this.lower, this.strip)])
  }

  // Tokens, their ids, and the number of the word that each belongs to.
  encode(text, max_length = Infinity) {
    const row = []
    let number = 0
    const add = pieces => { row.push(...pieces.map(token => ({token, word: number}))); number++ }
    for (const part of segments(text, this.special)) {
      if (this.special.includes(part)) { add([part]); continue }
      const words = split_words(this.normalize(part), this.chinese)
      words.forEach(word => add(cut_word(word, this.vocab) ?? ['[UNK]']))
    }
    const [cls, sep] = ['[CLS]', '[SEP]'].map(token => ({token, word: null}))
    const tokens = [cls, ...row.slice(0, max_length - 2), sep]
    return tokens.map(t => ({...t, id: this.vocab.get(t.token)}))
  }
}

// -- Pieces of bytes (chapter 14a): a visible character stands for each byte
const visible = b => (b > 32 && b < 127) || (b > 160 && b !== 173)
const bytes = [...Array(256).keys()], hidden = bytes.filter(b => !visible(b))
const BYTES = bytes.map(b => String.fromCharCode(visible(b) ? b : 256 + hidden.indexOf(b)))
const SPACE = '\\p{White_Space}'
const SPLIT = new RegExp("'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+" +
  `| ?[^${SPACE}\\p{L}\\p{N}]+|${SPACE}+(?!${SPACE.replace('p', 'P')})|${SPACE}+`, 'gu')

export class ByteLevelTokenizer {
  constructor({vocab, merges, special}) {
    this.tokens = vocab
    this.vocab = new Map(vocab.map((token, id) => [token, id]))
    this.ranks = new Map(merges.map((pair, rank) => [pair, rank]))
    this.special = special
  }

  // Join the pair that was learned first, until none is left that was learned.
  join(pieces) {
    for (;;) {
      const ranks = pieces.slice(1).map((p, i) => this.ranks.get(`${pieces[i]} ${p}`) ?? Infinity)
      const i = ranks.indexOf(Math.min(...ranks))
      if (!(ranks[i] < Infinity)) return pieces
      pieces.splice(i, 2, pieces[i] + pieces[i + 1])
    }
  }

  encode(text) {
    const tokens = [this.special[0]]
    for (const part of segments(text, this.special)) {
      if (this.special.includes(part)) { tokens.push(part); continue }
      for (const [word] of part.matchAll(SPLIT))
        tokens.push(...this.join([...new TextEncoder().encode(word)].map(b => BYTES[b])))
    }
    return tokens.map(t => this.vocab.get(t))
  }

  decode(ids) {
    const chars = ids.map(id => this.tokens[id]).filter(t => !this.special.includes(t)).join('')
    return new TextDecoder().decode(Uint8Array.from(chars, c => BYTES.indexOf(c)))
  }
}

// -- Pictures (chapter 5)
// Of each new pixel: where it begins to look, and how much it takes of each, in whole numbers.
function bilinear(from, to) {
  const scale = from / to, support = Math.max(scale, 1)
  return Array.from({length: to}, (_, i) => {
    const centre = (i + .5) * scale, start = Math.max(0, Math.trunc(centre - support + .5))
    const end = Math.min(from, Math.trunc(centre + support + .5)), take = []
    for (let x = start; x < end; x++)
      take.push(Math.max(0, 1 - Math.abs((x - centre + .5) * (1 / support))))
    const sum = take.reduce((a, b) => a + b)
    return {start, take: take.map(t => Math.trunc(.5 + t / sum * 2 ** 22))}
  })
}

// One side of a picture after the other, in 8 bits, as Pillow does it; `at` finds a pixel.
function resize_rows(rows, to) {
  if (rows[0].length === to) return rows
  const weights = bilinear(rows[0].length, to)
  return rows.map(row => weights.map(({start, take}) =>
    Math.floor(take.reduce((sum, t, k) => sum + t * row[start + k], 2 ** 21) / 2 ** 22)))
}
const turned = rows => rows[0].map((_, i) => rows.map(row => row[i]))

// Strokes, lists of (x, y) from 0 to 1, in white on a black square of a canvas.
export function draw(pen, side, strokes, width) {
  Object.assign(pen, {fillStyle: '#000', strokeStyle: '#fff', lineWidth: width * side,
    lineCap: 'round', lineJoin: 'round'})
  pen.fillRect(0, 0, side, side)
  for (const points of strokes) {
    pen.beginPath()
    for (const [x, y] of [points[0], ...points]) pen.lineTo(x * side, y * side)
    pen.stroke()
  }
}

// Strokes moved and stretched so that they fill the square, with room for half a line around.
export function filling(strokes, room) {
  const [xs, ys] = [0, 1].map(axis => strokes.flat().map(point => point[axis]))
  const [left, right, top, bottom] = [xs, ys].flatMap(v => [Math.min(...v), Math.max(...v)])
  const factor = (1 - 2 * room) / Math.max(right - left, bottom - top, .05)
  return strokes.map(points => points.map(([x, y]) =>
    [.5 + factor * (x - (left + right) / 2), .5 + factor * (y - (top + bottom) / 2)]))
}

// From a canvas's pixels to what ViT reads: (3, size, size).
export function vit_image_processor({data, width, height}, {size, image_mean, image_std}) {
  const planes = [0, 1, 2].map(colour => {
    const rows = Array.from({length: height}, (_, y) =>
      Array.from({length: width}, (_, x) => data[4 * (y * width + x) + colour]))
    const small = turned(resize_rows(turned(resize_rows(rows, size)), size)).flat()
    return small.map(v => (v / 255 - image_mean[colour]) / image_std[colour])
  })
  return Float32Array.from(planes.flat())
}

// -- Sound (chapters 6, 6a and 14)
// A clip with mean 0 and variance 1.
export function zero_mean_unit_variance(x) {
  const mean = x.reduce((a, b) => a + b, 0) / x.length
  const variance = x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length
  return Float32Array.from(x, v => (v - mean) / Math.sqrt(variance + 1e-7))
}

// CTC: the likeliest character of each frame, repetitions joined, blanks left out; with its frame.
export function ctc_decode(scores, vocab) {
  const frames = Array.from({length: scores.length / vocab.length}, (_, i) => {
    const frame = scores.subarray(i * vocab.length, (i + 1) * vocab.length)
    return vocab[frame.indexOf(Math.max(...frame))]
  })
  return frames.flatMap((char, frame) => char === frames[frame - 1] || char === '<pad>' ? [] :
    [{char: char === '|' ? ' ' : char, frame}])
}

const CODES = `.- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..-
  ...- .-- -..- -.-- --.. ----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----. .-.-.-
  --..-- ---... ..--.. .----. -....- -..-. -.--. -.--.- .-..-. -...- .-.-. .--.-. -.-.--`
export const MORSE = new Map(CODES.split(/\s+/).map((code, i) =>
  ['ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:?\'-/()"=+@!'[i], code]))

// Lengths in dots: of a tone if positive, of silence if negative.
export function marks(text) {
  const words = text.split(/\s+/).map(word => [...word].map(c => MORSE.get(c)).join(' '))
  const lengths = {'.': [1, -1], '-': [3, -1], ' ': [-2], '/': [-6]}
  return [...words.join('/')].flatMap(mark => lengths[mark])
}

// The same in seconds, as typed: what has no code is left out.
export function typed(text, wpm) {
  const known = [...text.toUpperCase()].filter(c => MORSE.has(c) || c === ' ').join('').trim()
  return known ? marks(known).map(dots => dots * 1.2 / wpm) : []
}

// The same as tapped, from the times of presses and releases in milliseconds. Slower than 10 words
// a minute or faster than 30, which the model doesn't know, it is brought to 15.
export function tapped(times) {
  const lengths = times.slice(1).map((t, i) => (t - times[i]) / 1000 * (i % 2 ? -1 : 1))
  const sorted = lengths.map(Math.abs).sort((a, b) => a - b)
  const wpm = 1.2 / sorted[Math.floor(sorted.length / 4)]
  return wpm < 10 || wpm > 30 ? lengths.map(n => n * wpm / 15) : lengths
}

// The sound of tones and pauses, given in seconds, with half a second of silence on either side.
export function morse(lengths, {rate, pitch = 700, snr = 20}) {
  const on = [-.5, ...lengths, -.5].flatMap(n =>
    Array(Math.round(Math.abs(n) * rate)).fill(n > 0 ? 1 : -1))
  const noise = Math.sqrt(.5 / 10 ** (snr / 10)), ramp = rate / 100, random = Math.random
  let loud = 0 // goes up and down within 10 ms: no clicks
  return Float32Array.from(on, (tone, i) => {
    loud = Math.min(Math.max(loud + tone / ramp, 0), 1)
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    return loud * Math.sin(2 * Math.PI * pitch * i / rate) + noise * normal
  })
}

// -- Scores
export function softmax(scores, temperature = 1) {
  const top = Math.max(...scores), shares = scores.map(s => Math.exp((s - top) / temperature))
  const sum = shares.reduce((a, b) => a + b)
  return shares.map(s => s / sum)
}
