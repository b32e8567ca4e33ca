"""The command line. `python -m transformers_lite` shows the guide's steps on text, a picture and a
sound; `classify`, `classify-image` and `transcribe` take files of your own, `generate` goes on with
a text, and `inspect` says what a checkpoint is. A `pipeline` does the work. `course` writes the
chapters, `quiz` asks what they teach, and `new` writes a notebook with an architecture to make your
own.

A command is a function under `@command(...)`: its arguments stand in the decorator, its help is its
docstring. torch is imported inside the commands that need it, so that `--help` answers at once.
What a reader sees goes through `_`, which says it in the reader's language."""
import argparse, json, os, re, sys
from functools import lru_cache
from itertools import chain
from pathlib import Path
from time import perf_counter

from fastcore.basics import camel2snake, chunked

from transformers_lite.editions import EDITIONS, edition, questions
from transformers_lite.languages import (SPEECH, catalogue, in_language, known_languages,
                                         plot_font, reader_language, say as _, speak)

SENTIMENT = 'transformers-lite/distilbert-sentiment'
DIGITS = 'transformers-lite/vit-digits'
MORSE = 'transformers-lite/wav2vec2-morse'
REVIEWS = 'transformers-lite/llama-reviews'
COMMANDS: dict = {} # {name: (what it does, its arguments)}
SOURCE = 'git+https://github.com/transformers-lite/transformers_lite' # it is on no registry yet

def install(
    extra, # such as 'course'; several with commas between
): # a line for the shell
    "How to install the package with an extra, from its repository."
    return f"pip install 'transformers_lite[{extra}] @ {SOURCE}'"

class UsageError(Exception):
    "What the user asked for can't be done; the message says what to do instead."

def arg(
    *names, # as of `add_argument`
    **kwargs, # as of `add_argument`
): # both, for `command`
    "One argument of a command."
    return names, kwargs

def command(
    *args, # what `arg` gave
): # a decorator
    "Make a function a command of that name."
    def deco(f):
        COMMANDS[f.__name__.replace('_', '-')] = f, args
        return f
    return deco

def paint(
    text, # what to print
    code, # ANSI colour: 1 bold, 2 faint, 31 red, 32 green
): # the text, coloured on a terminal only
    "Colour for a terminal; plain text for a file, a pipe, or whoever sets NO_COLOR."
    asks = os.environ.get
    if not sys.stdout.isatty() or asks('NO_COLOR') or asks('TERM') == 'dumb': return text
    return f'\033[{code}m{text}\033[0m'

def prints(
    text, # characters that a terminal may lack
): # True or False
    "Has the terminal these characters?"
    try: return bool(text.encode(sys.stdout.encoding or 'ascii'))
    except UnicodeEncodeError: return False

def bar(
    share, # 0 to 1
    width=20, # characters for 1
): # the bar, padded to `width`
    "A share as a bar."
    full, empty = '█░' if prints('█░') else '#.'
    return full*round(share*width) + empty*(width - round(share*width))

def shares(
    parts, # {what: how many}
): # lines
    "How many of each, and bars of what that is of the whole."
    total = sum(parts.values())
    return [f'{n:>12,}  {bar(n / total)}  {part}' for part, n in parts.items()]

def colour(label): return {'positive': 32, 'negative': 31}.get(label, 1)

def best_of(
    answers, # of a pipeline: labels with their scores, the best first
): # (label, score)
    "The best label."
    return answers[0]['label'], answers[0]['score']

def as_json(
    **row, # names and values
): # a line
    "A row of results, for a program."
    return json.dumps(row, ensure_ascii=False)

JSON_LINES = arg('--json', action='store_true', help='print one JSON object a line')

def model_arg(
    name, # the default
    kind, # what sort of checkpoint
): # as of `arg`
    "The argument that names a model."
    return arg('--model', default=name, metavar='NAME', help=f'{kind} (default: %(default)s)')

# -- demo
# sentences that the checkpoint never saw, and people's mean rating from -4 to 4
HELD_OUT = [ # of nbs/data/sentiment
    (2.882, "An intoxicating experience."),
    (-2.706, "Stale and clichéd to a fault."),
    (2.600, "i expect the g3 will please me for years to come."),
    (-1.950, "Then the stock markets plunged."),
    (1.650, "Best of all, there is no guilt."),
    (-1.800, "The Christ allegory doesn't work because there is no foundation for it"),
    (3.294, "Skip work to see it at the first opportunity.")]

STEPS = []

def step(
    title, # what happens
    code, # the line that does it
): # a decorator
    "Make a function, which yields lines to print, a step of the demo."
    def deco(f):
        STEPS.append((title, code, f))
        return f
    return deco

@lru_cache(None)
def ready(
    name, # a checkpoint that ships
): # a pipeline
    "Model and tokenizer, or whatever it needs, loaded once."
    from transformers_lite import pipeline
    return pipeline(model=name)

SHAPES = dict(vocab_size='words and pieces of words that it knows',
              dim='numbers that stand for each of them',
              n_layers='rounds of reading the sentence',
              n_heads='ways of looking at it in each round')

@step("The configuration: what shape is the model?",
      f"config = AutoConfig.from_pretrained('{SENTIMENT}')")
def shape():
    for key, meaning in SHAPES.items():
        yield f"{key:11}{getattr(ready(SENTIMENT).model.config, key):>6,}   {_(meaning)}"

@step("The model: numbers that were learned",
      f"model = AutoModelForSequenceClassification.from_pretrained('{SENTIMENT}')")
def weights():
    parts = parts_of(SENTIMENT)
    words, layers = (parts.pop(f'distilbert.{k}') for k in ('embeddings', 'transformer'))
    labels = _(' or ').join(ready(SENTIMENT).model.config.id2label.values())
    yield from shares({_('words: a vector for each piece of a word'): words,
                       _('layers: each word looks at the others'): layers,
                       _('head: from the vectors to {}').format(labels): sum(parts.values())})
    yield _("The head is what makes it a classifier: another head on the same body "
            "answers questions, or guesses hidden words.")

@step("The tokenizer: from text to numbers", f"tokenizer({HELD_OUT[0][1]!r})")
def pieces():
    from transformers_lite import show_tokens
    yield from str(show_tokens(ready(SENTIMENT).tokenizer(HELD_OUT[0][1]).encodings)).splitlines()
    yield _("[CLS] and [SEP] mark the ends. "
            "A piece that starts with ## belongs to the word before it.")

@step("The prediction: how sure is it?",
      "model(**tokenizer(texts, padding=True, return_tensors='pt')).logits.softmax(-1)")
def verdicts():
    yield _("people   model says")
    found = ready(SENTIMENT)([text for _, text in HELD_OUT], top_k=1)
    for (rating, text), answers in zip(HELD_OUT, found):
        label, p = best_of(answers)
        verdict = paint(f'{label} {p:4.0%} {bar(p, 10)}', colour(label))
        right = (rating > 0) == (label == 'positive')
        yield f"{rating:+6.1f}   {verdict}  {text}" + ('' if right else paint(_('  (wrong)'), 33))
    yield _("People gave -4 to +4. Of 2,000 such sentences it gets about 8 in 10 right. "
            "What must one know to get the wrong ones right?")

@step("A picture: patches instead of words",
      f"AutoModelForImageClassification.from_pretrained('{DIGITS}')")
def pictures():
    import numpy as np
    from PIL import Image
    from transformers_lite.files import cached_file
    files = sorted(cached_file(DIGITS, 'config.json').parent.glob('sample-*.png'))
    full = ' .:-=+*#%@' # from dark to light
    def lines(file):
        dark = np.asarray(Image.open(file).convert('L')).tolist()
        return [''.join(full[v * 9 // 255] * 2 for v in row) for row in dark]
    yield from map('   '.join, zip(*map(lines, files)))
    found = map(best_of, ready(DIGITS)([*map(str, files)]))
    yield '   '.join(f'{label} ({p:.0%})'.center(16) for label, p in found)
    yield _("Handwritten digits that it never saw. Of 360 such it gets 98 in 100 right.")

@step("A sound: frames instead of words", f"AutoModelForCTC.from_pretrained('{MORSE}')")
def sound():
    from transformers_lite import load_audio, sparkline
    from transformers_lite.files import cached_file
    file, listen = cached_file(MORSE, 'sample.flac'), ready(MORSE)
    plain = {} if prints('▁') else dict(bars=' ..::++#')
    yield sparkline(load_audio(file, listen.rate, mono=True), **plain)
    out = listen(file, return_timestamps='word')
    yield _("Morse code in noise. It hears: {}").format(paint(out['text'], 32))
    yield '   '.join(_('{} {:.1f} to {:.1f} s').format(o['text'], *o['timestamp'])
                     for o in out['chunks'])

@step("A writer: which token comes next?",
      f"pipeline('text-generation', model='{REVIEWS}')('The film')")
def sentences():
    import torch
    for seed, begin in enumerate(('The film', 'This camera', 'I')):
        torch.manual_seed(seed)
        out, = ready(REVIEWS)(begin, max_new_tokens=24)
        yield ' '.join(out['generated_text'].split())
    yield _("Made up, token by token. It has read two megabytes of reviews, news and tweets.")

NEXT = {'classify "your own words"': 'label a text, a file or standard input',
        'classify-image FILE': 'read a digit in a picture of yours',
        'transcribe FILE.wav': 'read Morse code in a sound of yours',
        'generate "The film"': 'go on with a text of yours',
        'inspect NAME_OR_FOLDER': 'what a checkpoint is',
        '--help': 'all commands',
        'course DIR': 'the course: read, run and change how all of it is built',
        'quiz': 'what the course teaches, as questions with answers and reasons',
        'new NAME DIR': 'an architecture to make your own: a notebook with tests of it'}

@command()
def demo(args):
    "Walk through the guide on real sentences, a picture and a sound: from settings to answers."
    start = perf_counter()
    print(paint(_("transformers_lite: from a configuration to a prediction"), 1))
    print(_("Three small models meet sentences, digits and a sound that are new to them, "
            "and a fourth one writes. All ship with the package."))
    for number, (title, code, lines) in enumerate(STEPS, 1):
        print(f"\n{paint(f'{number}. {_(title)}', 1)}\n   {paint('>>> ' + code, 36)}\n")
        for line in lines(): print('   ' + line)
    done = _('Done in {:.1f} s. Now you:').format(perf_counter() - start)
    print(f"\n{paint(done, 1)}")
    for rest, meaning in NEXT.items():
        print(f"   {paint(f'python -m transformers_lite {rest:26}', 36)} {_(meaning)}")

# -- course
COURSE = '*.ipynb', '*.png', 'data/**/*', 'benchmarks/*.py', 'benchmarks/*.json'

def chapters(): # (the folder that they are in, their paths in it)
    "The chapters with their data: inside the installed package, or beside it in a clone."
    here = Path(__file__).parent
    root = here/'course' if (here/'course').is_dir() else here.parent/'nbs'
    found = [p for pattern in COURSE for p in root.glob(pattern) if p.is_file()]
    return root, sorted(p.relative_to(root) for p in found if not p.name.startswith('.'))

def write_new(
    home, # a folder; it is made if it isn't there
    files, # {path in it: bytes}
):
    "Write files; UsageError if one of them is there already, or if it can't be."
    if home.exists() and not home.is_dir():
        raise UsageError(_("'{}' is a file. Name a folder.").format(home))
    if there := [str(p) for p in files if (home/p).exists()]:
        some = ', '.join(there[:3]) + (_(' and more') if len(there) > 3 else '')
        raise UsageError(_("'{}' has {} already, and what you wrote there is not touched. "
                           "Name another folder.").format(home, some))
    try:
        for p, data in files.items():
            (home/p).parent.mkdir(parents=True, exist_ok=True)
            (home/p).write_bytes(data)
    except OSError as e:
        raise UsageError(_("can't write into '{}': {}. Name a folder that you may write to, "
                           "on a disk with room.").format(home, e.strerror)) from e

def page_of(
    path, # of a chapter
): # the notebook, as JSON
    return json.loads(path.read_text(encoding='utf-8'))

def told(
    path, # of a chapter
    kind='reading', # an edition
): # a notebook, as JSON
    "A chapter, as it stands in an edition and in the reader's language."
    page, language = page_of(path), SPEECH['language']
    if language == 'en': return edition(page, kind)
    words = catalogue(language, path.stem)
    if kind == 'slides': # pictures stay as they are
        return edition(in_language(page, words, language=language), kind)
    return in_language(edition(page, kind), words, plot_font(language), language)

def written(
    path, # of a chapter, or of its data
    kind, # an edition
): # bytes
    "A file of the course, as `told` has it."
    plain = kind == 'reading' and SPEECH['language'] == 'en'
    if path.suffix != '.ipynb' or plain: return path.read_bytes()
    return (json.dumps(told(path, kind), indent=1, ensure_ascii=False) + '\n').encode()

@command(arg('dir', metavar='DIR', help='where to write them; it is made if it is not there'),
         arg('--edition', choices=EDITIONS, default=EDITIONS[0],
             help='for reading (the default), to hand in (without solutions, for nbgrader), '
                  'with all solutions open, or as slides'))
def course(args):
    "Write the chapters of the course, with their data, into a folder, and say how to open them."
    home, (root, paths) = Path(args.dir), chapters()
    write_new(home, {p: written(root/p, args.edition) for p in paths})
    n = sum(p.suffix == '.ipynb' for p in paths)
    print(_("{} chapters, with their data, are in {}. To read, run and change them:\n").format(
        n, home))
    for line, meaning in (
        (install('course'), _('JupyterLab, and what the chapters draw and compare with')),
        (f'jupyter lab {home/"index.ipynb"}', _('the first page; it has a map of the others')),
        (install('tf'), _('TensorFlow and Keras, for the chapter on them'))):
        print(f'   {paint(line, 36)}\n      {meaning}')

# -- quiz

def asked(
    chapter=None, # the beginning of a file's name, such as 02; None: all
): # {chapter: its questions}
    "The questions of the course; UsageError for a chapter that isn't there, or has none."
    root, paths = chapters()
    names = sorted(p.stem for p in paths if p.suffix == '.ipynb' and len(p.parts) == 1)
    wanted = [n for n in names if n.startswith(chapter or '')]
    found = {n: qs for n in wanted if (qs := questions(told(root/f'{n}.ipynb')))}
    if found: return found
    if not wanted:
        raise UsageError(_("there is no chapter '{}'; there are {}.").format(
            chapter, ', '.join(names)))
    raise UsageError(_("{} has no questions. Name another chapter.").format(', '.join(wanted)))

@command(arg('chapter', metavar='CHAPTER', nargs='?', help='such as 02_model, or 02; default: all'),
         arg('--json', action='store_true', help='print questions and answers as JSON instead'))
def quiz(args):
    "Ask the questions of the course, and say what is right and why. Return alone leaves one out."
    found, right, count = asked(args.chapter), 0, 0
    if args.json: return print(json.dumps(found, ensure_ascii=False, indent=1))
    for chapter, qs in found.items():
        print(paint(chapter, 1))
        for q in qs:
            print(f"\n{q['ask']}\n" + ''.join(f'   {k}. {v}\n' for k, v in q['choices'].items()))
            try: said = input('> ').strip().upper()
            except EOFError: return print('\n' + _('{} of {} right').format(right, count))
            if said:
                right, count = right + (said == q['answer']), count + 1
                print(paint(_('Right.') if said == q['answer'] else _('No.'),
                            32 if said == q['answer'] else 31), end=' ')
            print(f"{q['answer']}. {q['why']}")
        print()
    print(_('{} of {} right').format(right, count))

# -- new

def family_names(
    name, # what the user calls a family
): # (the beginning of its classes' names, its `model_type`)
    "MyReader and my_reader of either; UsageError if they can't be names, or are somebody's."
    from transformers_lite.auto import FAMILIES
    camel = ''.join(part[:1].upper() + part[1:] for part in name.split('_'))
    if not (name.isidentifier() and camel.isidentifier()):
        raise UsageError(_("'{}' can't name a class: give letters, digits and _, and a letter "
                           "first, such as MyReader or my_reader.").format(name))
    taken = sorted({*FAMILIES, 'auto', 'pretrained'})
    if camel.lower() in taken:
        raise UsageError(_("'{}' is taken, as are {}. Name it otherwise.").format(
            name, ', '.join(taken)))
    return camel, camel2snake(camel)

@command(arg('name', metavar='NAME', help='what to call it, such as MyReader'),
         arg('dir', metavar='DIR', help='where to write it; it is made if it is not there'),
         arg('--decoder', action='store_true', help='one that writes text, not one that labels it'))
def new(args):
    "Write a notebook with an architecture to make your own: settings, block, head, tests, a toy."
    camel, snake = family_names(args.name)
    kind, file = 'decoder' if args.decoder else 'encoder', f'{args.name}.ipynb'
    template = Path(__file__).with_name('templates')/f'{kind}.ipynb'
    text = re.sub('Kestrel|kestrel', lambda m: camel if m[0] == 'Kestrel' else snake,
                  template.read_text(encoding='utf-8'))
    write_new(Path(args.dir), {file: text.encode()})
    says = (_("{}, a decoder to make your own:\n") if args.decoder
            else _("{}, an encoder to make your own:\n"))
    print(says.format(camel))
    print('   ' + paint(f'jupyter lab {Path(args.dir)/file}', 36))

# -- classify

NOT_UTF8 = '{} is not UTF-8 text. Convert it first, for example with iconv.'

def lines_of(
    path, # a text file
): # its lines
    "The lines of a file; UsageError if it can't be read as text."
    try: return Path(path).read_text(encoding='utf-8-sig').splitlines()
    except UnicodeDecodeError: raise UsageError(_(NOT_UTF8).format(f"'{path}'")) from None
    except OSError as e:
        raise UsageError(_("can't read '{}': {}. Check the path.").format(
            path, e.strerror)) from None

def texts_of(
    texts, # arguments: texts, or one path of a file
    file=None, # a path, or '-' for standard input
): # an iterable of texts that aren't empty
    "What to classify: arguments, else a file, else standard input; UsageError if there is nothing."
    if texts and file: raise UsageError(_("give texts or --file, not both."))
    def is_file(text): return text == '-' or Path(text).suffix and os.path.isfile(text)
    if len(texts) == 1 and is_file(texts[0]): texts, file = [], texts[0]
    if file in (None, '-') and not texts:
        if file is None and sys.stdin.isatty():
            raise UsageError(_("nothing to classify. "
                               "Give a text in quotes, --file PATH, or pipe lines into it."))
        texts = sys.stdin
    elif file: texts = lines_of(file)
    found = (t for t in (' '.join(t.split()) for t in texts) if t)
    try: first = next(found, None)
    except UnicodeDecodeError:
        raise UsageError(_(NOT_UTF8).format(_('standard input'))) from None
    if first is None:
        raise UsageError(_("nothing to classify: the input is empty. Give at least one word."))
    return chain([first], found)

@command(arg('text', nargs='*', help='a text in quotes, or several; or the path of a text file; '
                                     'or - for standard input'),
         arg('-f', '--file', metavar='PATH', help='classify each line of this file'),
         JSON_LINES, model_arg(SENTIMENT, 'a checkpoint with a classification head'))
def classify(args):
    "Say how positive or negative a text is. Each text, or each line that is read, gives a line."
    from transformers_lite import pipeline
    texts = texts_of(args.text, args.file)
    judge = pipeline('text-classification', model=args.model)
    width, limit = max(map(len, judge.model.config.id2label.values())), judge.limit()
    for some in chunked(texts, 64):
        for text in some:
            if len(text) < limit - 1 or len(judge.tokenizer.tokenize(text)) < limit - 1: continue
            note = _("note: only the first {} tokens are read of '{}…'")
            print(note.format(limit, text[:40]), file=sys.stderr)
        found = judge(some, top_k=1, truncation=True, max_length=limit, progress=False)
        for text, answers in zip(some, found):
            label, p = best_of(answers)
            shown = f"{paint(f'{label:{width}}', colour(label))} {p:6.1%}  {text}"
            print(as_json(text=text, label=label, score=round(p, 4)) if args.json else shown)
        sys.stdout.flush()

# -- pictures and sound

PIECES = dict(chunk_length_s=70, stride_length_s=5) # a longer sound is read in pieces with margins

def timed(
    word, # what was heard
    start, end, # seconds
    pipe, # the pipeline that heard it
): # {'word', 'start_offset', 'end_offset', 'start_time', 'end_time'}
    "A word with its frames and its times."
    def frame(t): return round(t * pipe.rate / pipe.step)
    return dict(word=word, start_offset=frame(start), end_offset=frame(end),
                start_time=round(start, 6), end_time=round(end, 6))

@command(arg('file', nargs='+', help='a picture: PNG, JPEG, GIF, WebP, TIFF, ...'),
         JSON_LINES, model_arg(DIGITS, 'a checkpoint that labels pictures'))
def classify_image(args):
    "Say what is in a picture: with the packaged checkpoint, which digit. Each file gives one line."
    from transformers_lite import pipeline
    look = pipeline('image-classification', model=args.model)
    for file in args.file:
        label, p = best_of(look(file))
        shown = f'{paint(label, 1)} {p:6.1%}  {file}'
        print(as_json(file=file, label=label, score=round(p, 4)) if args.json else shown)

@command(arg('file', nargs='+', help='a sound: WAV, FLAC, OGG or MP3, at any rate, mono or stereo'),
         arg('--json', action='store_true',
             help='print one JSON object a line, with the times of words'),
         model_arg(MORSE, 'a checkpoint with a CTC head'))
def transcribe(args):
    "Write down what a sound says: with the packaged checkpoint, Morse code. A line for each file."
    from transformers_lite import pipeline
    listen = pipeline('automatic-speech-recognition', model=args.model, return_timestamps='word')
    for file in args.file:
        out = listen(file, **PIECES, progress=None if sys.stderr.isatty() else False)
        if args.json:
            words = [timed(o['text'], *o['timestamp'], listen) for o in out['chunks']]
            print(as_json(file=file, text=out['text'], words=words))
        else: print(out['text'] + ('' if len(args.file) == 1 else f'  {file}'))
        if not out['text']:
            print(_("note: nothing was heard in '{}'").format(file), file=sys.stderr)

# -- writing

@command(arg('text', nargs='?', default='', help='how it begins; without it, the model begins'),
         arg('-n', '--number', type=int, default=1, help='how many texts (default: 1)'),
         arg('--tokens', type=int, default=100, help='at most so many new ones (default: 100)'),
         arg('--temperature', type=float, default=.7,
             help='the higher, the bolder (default: 0.7)'),
         arg('--seed', type=int, help='a number: the same one gives the same text'),
         JSON_LINES, model_arg(REVIEWS, 'a checkpoint that writes'))
def generate(args):
    "Go on with a text, token by token: with the packaged checkpoint, as a reviewer might."
    import torch
    from transformers_lite import TextStreamer, pipeline
    writer = pipeline('text-generation', model=args.model)
    if args.seed is None: torch.seed()
    else: torch.manual_seed(args.seed)
    for i in range(args.number):
        show = None if args.json else TextStreamer(writer.tokenizer, skip_special_tokens=True)
        out, = writer(args.text, do_sample=True, temperature=args.temperature, streamer=show,
                      max_new_tokens=args.tokens, progress=False)
        if args.json: print(as_json(text=out['generated_text']))

# -- inspect

def parts_of(
    name, # checkpoint
): # {part: how many numbers}
    "The weights of a checkpoint by part, from the headers of its files."
    from math import prod
    from safetensors import safe_open
    from transformers_lite.checkpoint import weight_files
    parts = {}
    for file in weight_files(name, use_safetensors=True)[0]:
        with safe_open(file, 'np') as f:
            for key in f.keys():
                part = '.'.join(key.split('.')[:2 if key.count('.') > 1 else 1])
                parts[part] = parts.get(part, 0) + prod(f.get_slice(key).get_shape())
    return parts

SHAPE = ('hidden_size', 'num_hidden_layers', 'num_attention_heads', 'vocab_size', 'image_size',
         'patch_size')

@command(arg('name', help='a packaged checkpoint (transformers-lite/...), a folder, '
                          'or a hub repository'))
def inspect(args):
    "Print what a checkpoint is: architecture, parameters by part, labels, preprocessing."
    from transformers_lite import AutoConfig
    config = AutoConfig.from_pretrained(args.name)
    known = config.__dict__.keys() | config.attribute_map.keys()
    print(paint(args.name, 1))
    print(f"family        {config.model_type}")
    print('architecture  ' + ', '.join(config.architectures or ['unknown']))
    print('shape         ' + listed({k: getattr(config, k) for k in SHAPE if k in known}))
    parts = parts_of(args.name)
    print(f'parameters    {sum(parts.values()):,}')
    for line in shares(parts): print('  ' + line)
    labels = [*config.id2label.values()]
    if labels != [f'LABEL_{i}' for i in range(len(labels))]:
        more = f', and {len(labels) - 20} more' if len(labels) > 20 else ''
        print('labels        ' + ', '.join(map(str, labels[:20])) + more)
    for text in preprocessing(args.name): print('preprocessing ' + text)

def preprocessing(
    name, # checkpoint
): # lines
    "What makes the inputs of a checkpoint."
    from transformers_lite import AutoProcessor
    try: processor = AutoProcessor.from_pretrained(name)
    except OSError: return ['none in this checkpoint']
    parts = [getattr(processor, k) for k in getattr(processor, 'attributes', ())]
    return map(describe, parts or [processor])

def describe(
    part, # a tokenizer, an image processor or a feature extractor
): # a line
    "What a preprocessor is, in a line."
    name = type(part).__name__
    if hasattr(part, 'get_vocab'):
        settings = {k: v for k, v in part.special_tokens_map.items() if isinstance(v, str)}
        return f'{name}: {len(part):,} tokens, ' + listed(settings)
    settings = sorted(part.to_dict().items())
    def says(k): return not k.endswith('_type') and k != 'processor_class'
    return f'{name}: ' + listed({k: v for k, v in settings if says(k)})

def listed(
    settings, # a dict
): # text
    "Settings in a row."
    return ', '.join(f'{k} {v}' for k, v in settings.items())

# -- the program

def parser(): # an `ArgumentParser`
    "The parser with all commands."
    about = _("Models of text, pictures and sound from notebooks that you can read. "
              "Without a command: the demo.")
    p = argparse.ArgumentParser('python -m transformers_lite', description=about)
    sub = p.add_subparsers(title=_('commands'), dest='command', metavar='COMMAND')
    for name, (f, args) in COMMANDS.items():
        short = f.__doc__.split('. ')[0].rstrip('.')
        s = sub.add_parser(name, help=_(short), description=_(f.__doc__))
        for names, kwargs in args: s.add_argument(*names, **kwargs | {'help': _(kwargs['help'])})
    for x in p, *sub.choices.values(): x.add_argument('--lang', choices=['en', *known_languages()],
                                                     help=_('the language; default: yours'))
    return p

def main(
    argv=None, # arguments; default: those of the program
): # the exit code: 0, or 2 if the request can't be met
    "Run a command; mistakes are answered in a line, without a traceback."
    asked = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    asked.add_argument('--lang', choices=['en', *known_languages()])
    try: speak(asked.parse_known_args(argv)[0].lang or reader_language())
    except argparse.ArgumentError: speak(reader_language()) # the whole parser will say it
    args = parser().parse_args(argv)
    sys.stdin.reconfigure(encoding='utf-8-sig', errors='strict')
    for stream in sys.stdout, sys.stderr:
        stream.reconfigure(errors='replace') # a terminal that lacks a character shows '?'
    run, _ = COMMANDS[args.command or 'demo']
    try: run(args)
    except (UsageError, OSError, ValueError) as e:
        if isinstance(e, BrokenPipeError): # the reader of our output has had enough, as `head` does
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        print(f"transformers_lite: {e}", file=sys.stderr)
        return 2
    except KeyboardInterrupt: return 130
    return 0

if __name__ == '__main__': sys.exit(main())
