"""Give each chapter, under its title, the links that run it elsewhere (Colab and Binder), and what
a reader wants to know first: what comes before, what comes of it, how long it takes; at its foot,
the releases that its outputs were made with.

`make export` runs it. The first page's table is the source, and constraints.txt; the minutes are
counted."""
import json, re
from pathlib import Path

from transformers_lite.__main__ import install

ROOT = Path(__file__).resolve().parents[1]
NBS = ROOT/'nbs'
REPOSITORY = 'transformers-lite/transformers_lite'
MADE = 'run-it', 'glance', 'made' # the cells that this file writes
RELEASES = 'torch', 'transformers', 'tokenizers', 'numpy', 'pillow' # what outputs may depend on

def links(
    name, # file name of a chapter
): # text of a cell
    "Where a chapter can be run, and what Colab needs first."
    return ("**Run it** in [Colab](https://colab.research.google.com/github/"
            f"{REPOSITORY}/blob/main/nbs/{name}) or on [Binder](https://mybinder.org/v2/gh/"
            f"{REPOSITORY}/main?labpath=nbs%2F{name}). In Colab, let two lines run first: "
            f"`%{install('course')}` and `!python -m transformers_lite course .`")

def cells(name): return json.loads((NBS/name).read_text(encoding='utf-8'))['cells']
def text(cell): return ''.join(cell['source'])

def table(): # number → (title, file name, needs, goal)
    "The chapters as the first page lists them."
    page = '\n'.join(text(c) for c in cells('index.ipynb') if c['cell_type'] == 'markdown')
    rows = re.findall(r'^\| \[(\w+)\. (.+?)\]\((\w+\.ipynb)\) \| (.*?) \| (.+) \|$', page, re.M)
    return {number: row for number, *row in rows}

def minutes(
    name, # file name of a chapter
): # minutes to read it, minutes for its exercises; to the nearest five
    """Prose at 150 words a minute, code at 20 lines; a question takes one, an exercise five. Tables
    are looked up."""
    read = done = 0
    for c in [c for c in cells(name) if c['id'] not in MADE]:
        exercise = c['metadata'].get('exercise')
        if exercise == 'question': done += 5
        elif exercise or '#| hide' in text(c): pass
        elif text(c).startswith('**Q'): read += 1
        elif c['cell_type'] == 'markdown':
            read += len(re.sub(r'^\|.*', '', text(c), flags=re.M).split())/150
        else: read += sum(bool(l.strip()) for l in text(c).splitlines())/20
    return max(5, 5*round(read/5)), done

def glance(
    name, # file name of a chapter
): # text of a cell
    "What a chapter needs, what its reader can do after it, and how long it takes."
    chapters = table()
    needs, goal = next(row[2:] for row in chapters.values() if row[1] == name)
    before = [f'[{n}. {chapters[n][0]}]({chapters[n][1]})' if n in chapters else n
              for n in needs.split(', ')]
    read, exercises = minutes(name)
    return (f"*Before it:* {', '.join(before)}. *After it you can* {goal}. *Time:* {read} minutes "
            'to read' + (f', {exercises} for the exercises' if exercises else '')
            + '; it runs in about a minute, or less.')

def made():
    """With which releases the chapters were run. The names are code, so that a new release asks
    for no new translation."""
    pins = (ROOT/'constraints.txt').read_text(encoding='utf-8')
    python = re.search(r'on Python ([\d.]+)', pins)[1]
    releases = [f'Python {python}'] + [
        f"{name} {re.search(rf'^{name}==(.+)', pins, re.M)[1]}" for name in RELEASES]
    return '*This page was made with*\n\n' + ', '.join(f'`{r}`' for r in releases)

def add_cells(
    path, # a chapter
):
    "Put two cells after the title and one at the end, or bring them up to date."
    before = path.read_text(encoding='utf-8')
    nb = json.loads(before)
    kept = [c for c in nb['cells'] if c['id'] not in MADE]
    said = links(path.name), glance(path.name), made()
    *above, below = [dict(cell_type='markdown', id=key, metadata={},
                          source=text.splitlines(keepends=True)) for key, text in zip(MADE, said)]
    nb['cells'] = [kept[0], *above, *kept[1:], below]
    after = json.dumps(nb, indent=1, ensure_ascii=False, sort_keys=True) + '\n'
    if after != before: path.write_text(after, encoding='utf-8')

if __name__ == '__main__':
    for path in sorted(NBS.glob('[0-9]*.ipynb')): add_cells(path)
