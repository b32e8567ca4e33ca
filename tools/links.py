"""Give each chapter, under its title, the links that run it elsewhere: Colab and Binder.

`make export` runs it."""
import json
from pathlib import Path

from transformers_lite.__main__ import install

REPOSITORY = 'transformers-lite/transformers_lite'

def links(
    name, # file name of a chapter
): # text of a cell
    "Where a chapter can be run, and what Colab needs first."
    return ("**Run it** in [Colab](https://colab.research.google.com/github/"
            f"{REPOSITORY}/blob/main/nbs/{name}) or on [Binder](https://mybinder.org/v2/gh/"
            f"{REPOSITORY}/main?labpath=nbs%2F{name}). In Colab, let two lines run first: "
            f"`%{install('course')}` and `!python -m transformers_lite course .`")

def add_links(
    path, # a chapter
):
    "Put the cell of links after the title, or bring it up to date."
    before = path.read_text(encoding='utf-8')
    nb = json.loads(before)
    cells = [c for c in nb['cells'] if c['id'] != 'run-it']
    cells.insert(1, dict(cell_type='markdown', id='run-it', metadata={}, source=[links(path.name)]))
    after = json.dumps(nb | dict(cells=cells), indent=1, ensure_ascii=False, sort_keys=True) + '\n'
    if after != before: path.write_text(after, encoding='utf-8')

if __name__ == '__main__':
    for path in sorted(Path('nbs').glob('[0-9]*.ipynb')): add_links(path)
