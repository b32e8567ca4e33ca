"""The command line. `python -m transformers_lite` shows the guide's steps; `classify` labels texts of your own.

A command is a function under `@command(...)`: its arguments stand in the decorator, its help is its docstring. torch is imported
inside the commands that need it, so that `--help` answers at once."""
import argparse, json, os, sys
from itertools import chain
from pathlib import Path
from time import perf_counter
from types import SimpleNamespace

from fastcore.basics import chunked

SENTIMENT = 'transformers-lite/distilbert-sentiment'
COMMANDS = {}

class UsageError(Exception): "What the user asked for can't be done; the message says what to do instead."

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
        COMMANDS[f.__name__.replace('_', '-')] = SimpleNamespace(run=f, args=args, help=f.__doc__)
        return f
    return deco

def paint(
    text, # what to print
    code, # ANSI colour: 1 bold, 2 faint, 31 red, 32 green
): # the text, coloured on a terminal only
    "Colour for a terminal; plain text for a file, a pipe, or whoever sets NO_COLOR."
    return f'\033[{code}m{text}\033[0m' if sys.stdout.isatty() and not os.environ.get('NO_COLOR') and os.environ.get('TERM') != 'dumb' else text

def bar(
    share, # 0 to 1
    width=20, # characters for 1
): # the bar, padded to `width`
    "A share as a bar."
    try: '█░'.encode(sys.stdout.encoding or 'ascii')
    except UnicodeEncodeError: full, empty = '#.'
    else: full, empty = '█░'
    return full*round(share*width) + empty*(width - round(share*width))

def colour(label): return {'positive': 32, 'negative': 31}.get(label, 1)

class Classifier:
    "A checkpoint with its tokenizer: texts in, probabilities out."
    def __init__(self,
        name=SENTIMENT, # checkpoint: packaged, a folder, or a hub repository
    ):
        from transformers_lite import AutoModelForSequenceClassification, AutoTokenizer
        self.tokenizer = AutoTokenizer.from_pretrained(name)
        self.model = AutoModelForSequenceClassification.from_pretrained(name).eval()

    def __call__(self,
        texts, # a list of texts
    ): # for each text {label: probability}
        "Classify a batch; a text that is too long is cut, and standard error says so."
        import torch
        limit = self.model.config.max_position_embeddings
        batch = self.tokenizer(texts, padding=True, truncation=True, max_length=limit, return_tensors='pt')
        for text, n in zip(texts, batch['attention_mask'].sum(1)):
            if n == limit and len(self.tokenizer.tokenize(text)) > limit - 2: print(f"note: only the first {limit} tokens are read of '{text[:40]}…'", file=sys.stderr)
        with torch.inference_mode(): probs = self.model(**batch).logits.softmax(-1)
        return [{self.model.config.id2label[i]: p for i, p in enumerate(row)} for row in probs.tolist()]

# -- demo
HELD_OUT = [ # sentences that the checkpoint never saw, and people's mean rating from -4 to 4 (nbs/data/sentiment)
    (2.882, "An intoxicating experience."),
    (-2.706, "Stale and clichéd to a fault."),
    (2.600, "i expect the g3 will please me for years to come."),
    (-1.950, "Then the stock markets plunged."),
    (1.650, "Best of all, there is no guilt."),
    (-1.800, "The Christ allegory doesn't work because there is no foundation for it"),
    (3.294, "Skip work to see it at the first opportunity.")]

def step(
    number, # of the step
    title, # what happens
    code, # the line that does it
):
    "The heading of a step and its line of code."
    print(f"\n{paint(f'{number}. {title}', 1)}\n   {paint('>>> ' + code, 36)}\n")

@command()
def demo(args):
    "Walk through the guide on real sentences: configuration, model, head, tokens, prediction."
    start = perf_counter()
    print(paint("transformers_lite: from a configuration to a prediction", 1))
    print("A small DistilBERT that ships with the package reads sentences that it has never seen. Nothing is downloaded.")

    from transformers_lite import AutoConfig
    step(1, "The configuration: what shape is the model?", f"config = AutoConfig.from_pretrained('{SENTIMENT}')")
    config = AutoConfig.from_pretrained(SENTIMENT)
    for key, meaning in dict(vocab_size='words and pieces of words that it knows', dim='numbers that stand for each of them',
                             n_layers='rounds of reading the sentence', n_heads='ways of looking at it in each round').items():
        print(f"   {key:11}{getattr(config, key):>6,}   {meaning}")

    step(2, "The model: numbers that were learned", f"model = AutoModelForSequenceClassification.from_pretrained('{SENTIMENT}')")
    classifier = Classifier()
    model, tokenizer = classifier.model, classifier.tokenizer
    parts = dict(words=('a vector for each piece of a word', model.distilbert.embeddings),
                 layers=('each word looks at the others', model.distilbert.transformer))
    head = 'head', ('from the vectors to ' + ' or '.join(config.id2label.values()), None)
    total, seen = model.num_parameters(), 0
    for name, (meaning, part) in [*parts.items(), head]:
        n = sum(p.numel() for p in part.parameters()) if part else total - seen
        seen += n
        print(f"   {name:11}{n:>9,}   {bar(n/total)}   {meaning}")
    print("   The head is what makes it a classifier: another head on the same body answers questions, or guesses hidden words.")

    text = HELD_OUT[0][1]
    step(3, "The tokenizer: from text to numbers", f"tokenizer({text!r})")
    ids = tokenizer(text)['input_ids']
    tokens = tokenizer.convert_ids_to_tokens(ids)
    widths = [max(len(t), len(str(i))) for t, i in zip(tokens, ids)]
    for row in (tokens, ids): print('   ' + '  '.join(f'{x!s:>{w}}' for x, w in zip(row, widths)))
    print("   [CLS] and [SEP] mark the ends. A piece that starts with ## belongs to the word before it.")

    step(4, "The prediction: how sure is it?", "model(**tokenizer(texts, padding=True, return_tensors='pt')).logits.softmax(-1)")
    print("   people   model says")
    for (rating, text), probs in zip(HELD_OUT, classifier([t for _, t in HELD_OUT])):
        label = max(probs, key=probs.get)
        right = (rating > 0) == (label == 'positive')
        print(f"   {rating:+6.1f}   {paint(f'{label} {probs[label]:4.0%} {bar(probs[label], 10)}', colour(label))}  {text}" + ('' if right else paint('  (wrong)', 33)))
    print("   People gave -4 to +4. Of 2,000 such sentences it gets about 8 in 10 right. What must one know to get the wrong ones right?")

    print(f"\n{paint(f'Done in {perf_counter() - start:.1f} s. Now you:', 1)}")
    for line, meaning in {'python -m transformers_lite classify "your own words"': 'label a text, a file or standard input',
                          'python -m transformers_lite --help': 'all commands',
                          'make lab': 'read how all of it is built; start with nbs/01_configuration.ipynb',
                          'nbs/10_sentiment.ipynb': 'how this checkpoint was trained, and where it fails'}.items():
        print(f"   {paint(f'{line:54}', 36)} {meaning}")

# -- classify

def lines_of(
    path, # a text file
): # its lines
    "The lines of a file; UsageError if it can't be read as text."
    try: return Path(path).read_text(encoding='utf-8-sig').splitlines()
    except UnicodeDecodeError: raise UsageError(f"'{path}' is not UTF-8 text. Convert it first, for example with iconv.") from None
    except OSError as e: raise UsageError(f"can't read '{path}': {e.strerror}. Check the path.") from None

def texts_of(
    texts, # arguments: texts, or one path of a file
    file=None, # a path, or '-' for standard input
): # an iterable of texts that aren't empty
    "What to classify: arguments, else a file, else standard input; UsageError if there is nothing."
    if texts and file: raise UsageError("give texts or --file, not both.")
    if len(texts) == 1 and (texts[0] == '-' or Path(texts[0]).suffix and os.path.isfile(texts[0])): texts, file = [], texts[0]
    if file in (None, '-') and not texts:
        if file is None and sys.stdin.isatty(): raise UsageError("nothing to classify. Give a text in quotes, --file PATH, or pipe lines into it.")
        texts = sys.stdin
    elif file: texts = lines_of(file)
    found = (t for t in (' '.join(t.split()) for t in texts) if t)
    try: first = next(found, None)
    except UnicodeDecodeError: raise UsageError("standard input is not UTF-8 text. Convert it first, for example with iconv.") from None
    if first is None: raise UsageError("nothing to classify: the input is empty. Give at least one word.")
    return chain([first], found)

@command(arg('text', nargs='*', help='a text in quotes, or several; or the path of a text file; or - for standard input'),
         arg('-f', '--file', metavar='PATH', help='classify each line of this file'),
         arg('--json', action='store_true', help='print one JSON object a line'),
         arg('--model', default=SENTIMENT, metavar='NAME', help='a checkpoint with a classification head (default: %(default)s)'))
def classify(args):
    "Say how positive or negative a text is. Each text, or each line of a file or of standard input, gives one line."
    texts = texts_of(args.text, args.file)
    classifier = Classifier(args.model)
    width = max(map(len, classifier.model.config.id2label.values()))
    for some in chunked(texts, 64):
        for text, probs in zip(some, classifier(some)):
            label = max(probs, key=probs.get)
            if args.json: print(json.dumps(dict(text=text, label=label, score=round(probs[label], 4)), ensure_ascii=False))
            else: print(paint(f'{label:{width}}', colour(label)), f'{probs[label]:6.1%}  {text}')
        sys.stdout.flush()

# -- the program

def parser(): # an `ArgumentParser`
    "The parser with all commands."
    p = argparse.ArgumentParser('python -m transformers_lite', description="DistilBERT from notebooks that you can read. Without a command: the demo.")
    sub = p.add_subparsers(title='commands', dest='command', metavar='COMMAND')
    for name, c in COMMANDS.items():
        s = sub.add_parser(name, help=c.help.split('. ')[0].rstrip('.'), description=c.help)
        for names, kwargs in c.args: s.add_argument(*names, **kwargs)
    return p

def main(
    argv=None, # arguments; default: those of the program
): # the exit code: 0, or 2 if the request can't be met
    "Run a command; mistakes are answered in a line, without a traceback."
    args = parser().parse_args(argv)
    sys.stdin.reconfigure(encoding='utf-8-sig', errors='strict')
    for stream in sys.stdout, sys.stderr: stream.reconfigure(errors='replace') # a terminal that lacks a character shows '?'
    try: COMMANDS[args.command or 'demo'].run(args)
    except (UsageError, OSError, ValueError) as e:
        if isinstance(e, BrokenPipeError): # the reader of our output has had enough, as `head` does
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        print(f"transformers_lite: {e}", file=sys.stderr)
        return 2
    except KeyboardInterrupt: return 130
    return 0

if __name__ == '__main__': sys.exit(main())
