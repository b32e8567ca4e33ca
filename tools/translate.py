"""Keep the catalogues of the other languages beside the notebooks.

`python tools/translate.py update [ja]` puts in what is new, marks as fuzzy what changed (with the
former English beside it), and takes out what is gone. `check [ja]` says what is missing, out of
date, or lost in a translation. A language that isn't there yet is begun by its name."""
import argparse, ast, difflib, json
from pathlib import Path

import polib
import transformers_lite.__main__ as program
from transformers_lite import exercises
from transformers_lite.languages import (FOLDER, TITLES, differs, known_languages, python, retold,
                                         words)

NBS = Path(__file__).resolve().parents[1]/'nbs'
HEAD = {'MIME-Version': '1.0', 'Content-Type': 'text/plain; charset=utf-8',
        'Content-Transfer-Encoding': '8bit'}

def page_of(chapter): return json.loads((NBS/f'{chapter}.ipynb').read_text(encoding='utf-8'))
def chapters(): return sorted(p.stem for p in NBS.glob('*.ipynb'))

def spoken_words(): # [(None, words), …]
    "What the command line and the verdicts say: `_('…')`, helps, the steps of the demo, and more."
    trees = [ast.parse(Path(m.__file__).read_text(encoding='utf-8')) for m in (program, exercises)]
    calls = [n for tree in trees for n in ast.walk(tree) if isinstance(n, ast.Call)]
    found = [n.args[0].value for n in calls if getattr(n.func, 'id', '') in ('_', 'say')
             and isinstance(n.args[0], ast.Constant)]
    found += [exercises.OPEN, *TITLES]
    found += [title for title, *_ in program.STEPS]
    found += [*program.SHAPES.values(), *program.NEXT.values(), program.NOT_UTF8]
    for f, args in program.COMMANDS.values():
        found += [f.__doc__.split('. ')[0].rstrip('.'), f.__doc__]
        found += [kwargs['help'] for _, kwargs in args]
    return [(None, text) for text in dict.fromkeys(found)]

def asked(chapter): # what a catalogue has entries for
    return spoken_words() if chapter == 'cli' else words(page_of(chapter))

def nearest(
    cell, text, # what is new
    left, # entries that the page has no more
): # one of them, or None
    "The entry that became this one: its words in another cell, or the likest of the same cell."
    for e in left:
        if e.msgid == text: return e
    def alike(e): return difflib.SequenceMatcher(None, e.msgid, text).ratio()
    best = max((e for e in left if e.msgctxt == cell), key=alike, default=None)
    return best if best and alike(best) > .5 else None

def entry(
    cell, text, # what the page says
    old, # {(cell, words): entry}
    left, # entries that the page has no more
): # an entry
    "What a catalogue has on some words."
    if e := old.get((cell, text)): return e
    e, was = polib.POEntry(msgctxt=cell, msgid=text), nearest(cell, text, left)
    if was and was.msgstr:
        e.msgstr = was.msgstr
        if was.msgid != text or was.fuzzy: # somebody must look at it
            e.flags, e.previous_msgid = ['fuzzy'], was.previous_msgid or was.msgid
    return e

def update(language):
    "Bring the catalogues of a language up to date."
    (FOLDER/language).mkdir(parents=True, exist_ok=True)
    for chapter in *chapters(), 'cli':
        path, page = FOLDER/language/f'{chapter}.po', asked(chapter)
        before = polib.pofile(str(path)) if path.exists() else []
        old = {(e.msgctxt, e.msgid): e for e in before}
        left = [e for k, e in old.items() if k not in page]
        po = polib.POFile(wrapwidth=100)
        po.metadata = {**HEAD, 'Language': language}
        po.extend(entry(cell, text, old, left) for cell, text in page)
        po.save(str(path))
    messages = FOLDER/language/'LC_MESSAGES'
    messages.mkdir(exist_ok=True)
    po.save_as_mofile(str(messages/'cli.mo')) # gettext reads it without polib
    for path in (FOLDER/language).glob('[0-9]*.po'): # a chapter that is no more
        if path.stem not in chapters(): path.unlink()

def found_in(language, chapter):
    "What is wrong with a catalogue: [(cell, words, why), …]."
    path, page = FOLDER/language/f'{chapter}.po', asked(chapter)
    entries = polib.pofile(str(path)) if path.exists() else []
    table = {(e.msgctxt, e.msgid): e for e in entries}
    for key in page:
        e = table.get(key)
        if e is None or not e.msgstr: yield *key, 'has no translation'
        elif e.fuzzy: yield *key, f'has changed; it was {e.previous_msgid!r:.60}'
        else: yield from ((*key, why) for why in differs(e.msgid, e.msgstr))
    yield from ((*key, 'is gone from the page') for key in table if key not in page)
    if chapter == 'cli': return
    told = {key: e.msgstr for key, e in table.items()}
    for cell in page_of(chapter)['cells']:
        if cell['cell_type'] != 'code': continue
        try: ast.parse(python(''.join(cell['source'])))
        except SyntaxError: continue
        try: ast.parse(python(retold(cell, told)))
        except SyntaxError as e: yield cell['id'], e.text or '', f'is no program any more: {e.msg}'

def check(language):
    "Print what is wrong; how much that is."
    n = 0
    for chapter in *chapters(), 'cli':
        for cell, text, why in found_in(language, chapter):
            n += 1
            print(f'{chapter} {cell}: {text!r:.70} {why}')
    print(f'{language}: {n} to mend')
    return n

def main():
    p = argparse.ArgumentParser(prog='python tools/translate.py', description=__doc__)
    p.add_argument('what', choices=['update', 'check'])
    p.add_argument('language', nargs='*', help='such as ja; default: all that are there')
    args = p.parse_args()
    bad = [globals()[args.what](x) for x in args.language or known_languages()]
    raise SystemExit(bool(args.what == 'check' and sum(bad)))

if __name__ == '__main__': main()
