"The exercises of the chapters: which cells belong together, what readers typically get wrong, and how a check is tried."
import json, re
from types import SimpleNamespace

from helpers import ROOT

ROLES = 'setup', 'question', 'answer', 'check', 'ask', 'solution' # of a cell, in its metadata: see nbs/20f_exercises.ipynb
WRONG = ROOT/'tests'/'wrong_answers' # a file a chapter: `### check_name: what the verdict must say`, and the code below it

def source(cell): return ''.join(cell['source'])
def role(cell): return cell['metadata'].get('exercise')

def section(cells):
    "The cells of a page from `## Exercises` to the next heading of its kind, or the page's foot."
    cells = [c for c in cells if c.get('id') != 'made']
    heads = [i for i,c in enumerate(cells) if c['cell_type'] == 'markdown' and source(c).startswith('## ')]
    start = next((i for i in heads if source(cells[i]).startswith('## Exercises')), len(cells))
    return cells[start+1:next((i for i in heads if i > start), len(cells))]

def wrong_answers(stem):
    "(check, what its verdict must say, code) for each typical wrong answer of a chapter."
    file = WRONG/f'{stem}.md'
    parts = re.split(r'^### (\w+): (.+)\n', file.read_text(encoding='utf-8') if file.exists() else '', flags=re.M)[1:]
    return [*zip(parts[::3], parts[1::3], parts[2::3])]

def grouped(cells):
    "The cells of each exercise, by what they are."
    groups = []
    for c in section(cells):
        if role(c) == 'question': groups.append({})
        if groups and role(c): groups[-1].setdefault(role(c), []).append(c)
    return groups

def exercises(path):
    "The exercises of a chapter that have a check."
    for g in grouped(json.loads(path.read_text(encoding='utf-8'))['cells']):
        if 'check' not in g: continue
        (answer,), (ask,), solution = g['answer'], g['ask'], g['solution']
        name = source(ask).split('(')[0]
        yield SimpleNamespace(name=name, answer=source(answer), ask=source(ask), solution='\n'.join(map(source, solution)), last=solution[-1]['id'],
                              wrong=[(say, code) for check, say, code in wrong_answers(path.stem) if check == name])

def verdict(ex, code, space):
    "What the check says of an answer, in a copy of the chapter's names."
    space = dict(space)
    exec(code, space)
    return eval(ex.ask, space)

def report(ex, space):
    "What the check says of the empty answer, of the solution and of each wrong answer: (is it as it should be?, what it says)."
    for code, score in (ex.answer, 0), (ex.solution, 1):
        v = verdict(ex, code, space)
        yield v.score == score, f'{code}\n{v!r}'
    for say, code in ex.wrong:
        v = verdict(ex, code, space)
        yield v.score < 1 and say in repr(v), f'{code}\nshould say {say!r}:\n{v!r}'
